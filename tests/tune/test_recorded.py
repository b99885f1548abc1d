"""Explorers on points of hard spaces that were measured, once, on an AVX-512 machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recording import Recording
from replay import exact_median, trajectory, trials_needed
from search_table import searches

from tvmlab.errors import ScheduleError
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.explorer import Explorer
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.models import MODELS
from tvmlab.tune.space import Space

FOLDER = Path(__file__).parent / "recorded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.parquet"))
EVERY = [*NAMES, *(f"earlier/{path.stem}" for path in sorted(FOLDER.glob("earlier/*.parquet")))]
MODEL = "model: xgboost-rank"
"""What a run uses if nothing is asked for."""

SEEDS = range(10)
GOOD = 0.95
"""A candidate this close to the fastest of the space ends a search."""


@cache
def recording(name: str) -> Recording:
    return Recording.read(FOLDER / f"{name}.parquet")


@cache
def typical(name: str, search: str, most: int) -> float:
    """Trials until one of the good candidates, the median over the seeds; infinite if `most` are
    not enough."""
    make = searches(name)[search]
    return median(trials_needed(recording(name), make, s, (GOOD,), most)[GOOD] for s in SEEDS)


def test_six_hard_spaces_and_more_are_recorded_in_less_than_ten_megabytes() -> None:
    assert len(NAMES) >= 6
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.parquet")) < 10e6
    for name in NAMES:
        shares = recording(name).shares
        assert len(shares) >= 2000
        assert (shares >= GOOD).mean() < 0.01


@pytest.mark.parametrize("name", EVERY)
def test_a_recording_is_whole_and_its_schedules_are_still_understood(name: str) -> None:
    found = recording(name)
    assert found.about["name"] == name
    assert len(found.rows) == found.space.size == len(found.shares)
    assert len(set(found.space.indices(found.space.everything()))) == found.space.size
    assert all(len(row["times_ns"]) >= 2 for row in found.rows if row["status"] == "ok")
    assert found.shares.max() == 1
    assert ((found.shares > 0) == [row["status"] == "ok" for row in found.rows]).all()
    for index in np.random.default_rng(0).choice(found.space.size, 3, replace=False).tolist():
        config = found.space.config(found.space.digits_at(index))
        if found.rows[index]["status"] == "illegal":
            with pytest.raises(ScheduleError):
                found.space.program(config)
        else:
            assert found.space.program(config).outputs == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_good_was_good_twice(name: str) -> None:
    found = recording(name)
    pairs = zip(found.rows, found.shares, strict=True)
    good = [sorted(row["times_ns"]) for row, share in pairs if share >= GOOD]
    assert all(len(times) >= 6 for times in good)
    assert median(times[1] / times[0] for times in good) < 1.02


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = recording(NAMES[0])
    path = tmp_path / "again.parquet"
    found.write(path)
    again = Recording.read(path)
    assert again.about == found.about
    assert again.rows == found.rows
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ValueError, match="no recording"):
        Recording.read(path)


def test_a_sample_holds_what_is_asked_of_it_and_nothing_else() -> None:
    space = recording(NAMES[0]).space
    rng = np.random.default_rng(0)
    some = space.draw(50, rng)
    numbers = space.indices(some)
    assert [space.digits_at(n).tolist() for n in numbers] == some.tolist()
    np.testing.assert_array_equal(space.settled(some), some)
    beside = space.indices(space.neighbours(some, rng))
    assert all(one != other for one, other in zip(numbers, beside, strict=True))
    crossed = space.crossed(some, space.draw(50, rng), rng)
    np.testing.assert_array_equal(space.everything()[space.indices(crossed)], crossed)


def explorers() -> dict[str, Callable[[Space, int], Explorer]]:
    """Every explorer, and every model of the guided one, but for the one that takes minutes."""
    found: dict[str, Callable[[Space, int], Explorer]] = dict(EXPLORERS)
    for model in MODELS.keys() - {"tree-gru"}:
        found[model] = lambda space, seed, model=model: explorer_named("model", space, seed, model)
    return found


@pytest.mark.parametrize("search", sorted(explorers()))
def test_a_seed_and_recorded_outcomes_settle_the_trajectory(search: str) -> None:
    make, found = explorers()[search], recording(NAMES[0])
    first, again, other = (list(trajectory(found, make, seed, 40)) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert len(set(first)) == 40


@pytest.mark.parametrize("name", NAMES)
def test_the_model_needs_half_the_trials_of_chance_and_no_more_than_breeding(name: str) -> None:
    half = exact_median(recording(name), GOOD) // 2
    model = typical(name, MODEL, half)
    assert model <= half
    # A median of an even number of seeds lies between two of them, so the later one must be seen.
    assert model <= typical(name, "genetic", 2 * int(model) + 1)


def test_what_was_measured_at_other_sizes_shortens_most_searches() -> None:
    shorter = []
    for name in NAMES:
        model = typical(name, MODEL, exact_median(recording(name), GOOD) // 2)
        shorter.append(typical(name, "model: transfer", int(model)) < model)
    assert sum(shorter) >= len(NAMES) - 1
