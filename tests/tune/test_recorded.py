"""Explorers on spaces that were measured whole, once, on an AVX-512 machine at work."""

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

from tvmlab.errors import ScheduleError
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.explorer import Explorer
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.models import MODELS
from tvmlab.tune.space import Space

PATHS = sorted((Path(__file__).parent / "recorded").glob("*.parquet"))
NAMES = [path.stem for path in PATHS]
SEEDS = range(10)
BEST = 0.99
"""A candidate this close to the fastest of the space ends a search."""

MOST = 200

TELLING = ("conv2d_tiles", "depthwise", "matmul_packed", "matmul_tiles", "softmax")
"""Five of the eight, chosen after the figures were known, so that a step back is noticed; they
prove no goal. Left out: batch_matmul, in which breeding is there sooner, and blur and
conv2d_panels, in which most searches are not there within `MOST` trials. docs/search.md has all
eight."""


@cache
def recording(name: str) -> Recording:
    return Recording.read(next(path for path in PATHS if path.stem == name))


@cache
def typical(name: str, explorer: str) -> float:
    """Trials until one of the best candidates, the median over the seeds."""
    make = EXPLORERS[explorer]
    return median(trials_needed(recording(name), make, s, (BEST,), MOST)[BEST] for s in SEEDS)


def test_six_spaces_and_more_are_recorded_in_less_than_ten_megabytes() -> None:
    assert len(PATHS) >= 6
    assert sum(path.stat().st_size for path in PATHS) < 10e6


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_whole_and_its_schedules_are_still_understood(name: str) -> None:
    found = recording(name)
    assert found.about["name"] == name
    assert len(found.rows) == found.space.size == len(found.shares)
    assert all(len(row["times_ns"]) >= 3 for row in found.rows if row["status"] == "ok")
    assert found.shares.max() == 1
    assert ((found.shares > 0) == [row["status"] == "ok" for row in found.rows]).all()
    for index in np.random.default_rng(0).choice(found.space.size, 3, replace=False).tolist():
        config = found.space.config(found.space.digits_at(index))
        if found.rows[index]["status"] == "illegal":
            with pytest.raises(ScheduleError):
                found.space.program(config)
        else:
            assert found.space.program(config).outputs == 1


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = recording("matmul_tiles")
    path = tmp_path / "again.parquet"
    found.write(path)
    again = Recording.read(path)
    assert again.about == found.about
    assert again.rows == found.rows
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ValueError, match="no recording"):
        Recording.read(path)


def searches() -> dict[str, Callable[[Space, int], Explorer]]:
    """Every explorer, and every model of the guided one, but for the one that takes minutes."""
    found: dict[str, Callable[[Space, int], Explorer]] = dict(EXPLORERS)
    for model in MODELS.keys() - {"tree-gru"}:
        found[model] = lambda space, seed, model=model: explorer_named("model", space, seed, model)
    return found


@pytest.mark.parametrize("search", sorted(searches()))
def test_a_seed_and_recorded_outcomes_settle_the_trajectory(search: str) -> None:
    make, found = searches()[search], recording("depthwise")
    first, again, other = (list(trajectory(found, make, seed, 40)) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert len(set(first)) == 40


@pytest.mark.parametrize("name", TELLING)
def test_the_model_finds_the_best_before_chance_and_breeding(name: str) -> None:
    assert typical(name, "model") <= 0.75 * exact_median(recording(name), BEST)
    assert typical(name, "model") <= typical(name, "genetic")
