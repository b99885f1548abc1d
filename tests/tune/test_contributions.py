"""What features add to a model's opinion of a trial, and of other schedules of its expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tvmlab as t
from tvmlab.measure.outcome import Outcome
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.te.serial import to_json
from tvmlab.tune.contributions import MOST, Hindsight, features_of
from tvmlab.tune.explanation import Explains
from tvmlab.tune.explorer import History
from tvmlab.tune.explorers import GuidedExplorer
from tvmlab.tune.features.scale import plain
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of, template_name
from tvmlab.tune.space import Space

OUTPUTS = t.ops.matmul(32, 32, 32).tensors
SETUP = Setup(to_json(OUTPUTS), template_name(OUTPUTS, "template", "cpu", VectorUnit(16, 256)))


def trials(space: Space, count: int) -> list[Record]:
    """Legal configurations of the space; parallel ones are made out to be four times as fast."""
    found: list[Record] = []
    rng = np.random.default_rng(0)
    while len(found) < count:
        digits = space.draw(1, rng)
        config = space.config(digits[0])
        try:
            trace = space.trace(config)
        except t.ScheduleError:
            continue
        time_s = 1e-3 if any(step["step"] == "parallel" for step in trace) else 4e-3
        time_s *= 1 + len(found) / 1000
        outcome = Outcome("ok", "time", times_s=(time_s,) * 3, verified=True)
        found.append(Record(len(found), space.indices(digits)[0], config, trace, None, outcome))
    return found


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return trials(space_of(SETUP)[0], 40)


@pytest.mark.parametrize("model", ["xgboost-rank", "xgboost-regression", "ridge"])
def test_what_features_add_is_the_prediction(records: list[Record], model: str) -> None:
    setup = replace(SETUP, model=model)
    hindsight = Hindsight(setup, records, by_loops=False)
    found = hindsight.of_trial(records[0])
    assert (found.model, found.is_own, found.learnt_from) == (model, True, 40)
    assert found.prediction == pytest.approx(
        found.start + sum(found.by_loop().values()) + found.elsewhere
    )
    weights = [abs(part.weight or 0.0) for part in found.parts]
    assert weights == sorted(weights, reverse=True)
    fast, slow = (
        next(r for r in records if any(s["step"] == "parallel" for s in r.trace) is is_fast)
        for is_fast in (True, False)
    )
    assert hindsight.of_trial(fast).prediction > hindsight.of_trial(slow).prediction
    added = {
        is_fast: next(p.weight for p in hindsight.of_trial(r).parts if p.name == "parallel")
        for is_fast, r in ((True, fast), (False, slow))
    }
    assert added[True] > 0 > added[False]  # what was made to matter is found to matter


def test_what_a_model_goes_by_is_the_same_as_the_run_told(records: list[Record]) -> None:
    model, is_own, told = Hindsight(SETUP, records, by_loops=False).recalled()
    assert (model, is_own, told.learnt_from) == ("xgboost-rank", True, 40)
    fastest = min(records, key=lambda r: r.rank)
    assert told.trial == fastest.number
    assert sum(weight.weight for weight in told.importances) == pytest.approx(1, abs=0.1)
    assert "parallel" in {weight.name for weight in told.importances}  # made to matter
    space, _ = space_of(SETUP)
    explorer = GuidedExplorer(space)
    digits = space.stack([space.digits(r.config) for r in records])
    speeds = np.array([1 / r.median_s for r in records if r.median_s])
    explorer.observe(History(digits, speeds / speeds.max(), frozenset()))
    assert isinstance(explorer, Explains)
    assert explorer.explanation == told


def test_a_knob_names_the_steps_that_it_decides(records: list[Record]) -> None:
    record = next(r for r in records if any(s["step"] == "parallel" for s in r.trace))
    found = Hindsight(SETUP, records, by_loops=False).of_trial(record)
    part = next(part for part in found.parts if part.name == "parallel")
    decided = [record.trace[step]["step"] for step in part.place.steps]
    assert "parallel" in decided
    assert part.place.loops


def test_loops_of_a_schedule_that_was_never_tried_are_judged(records: list[Record]) -> None:
    program = t.create_schedule(OUTPUTS).state.program
    found = Hindsight(SETUP, records, by_loops=True).of_program(program)
    assert not found.is_own  # the run itself sees knobs
    named = {line.strip().split()[1] for line in str(program).splitlines() if "for " in line}
    assert {loop for _, loop in found.by_loop()} == named
    absent = [part.place.words for part in found.parts if not part.place.loops]
    assert all(words.startswith("no ") for words in absent)
    plain_features = features_of(program)
    assert plain_features.model == ""
    assert {part.weight for part in plain_features.parts} == {None}
    inner = [p for p in plain_features.parts if p.name == "statement 0 loop 0 length"]
    assert (inner[0].value, inner[0].unit, inner[0].place.words) == (
        pytest.approx(32), "iterations", "length",
    )  # fmt: skip
    strides = {p.place.words: p.value for p in plain_features.parts if "stride" in p.place.words}
    assert {words.split()[0] for words in strides} == set("ABC")


def test_a_run_without_a_model_that_can_say_is_judged_by_the_default(records: list[Record]) -> None:
    found = Hindsight(replace(SETUP, explorer="random"), records, by_loops=False)
    told = found.of_trial(records[1])
    assert (told.model, told.is_own) == ("xgboost-rank", False)


def test_too_little_is_not_learnt_from(records: list[Record]) -> None:
    for few in ([], records[:3], [replace(r, outcome=records[0].outcome) for r in records]):
        with pytest.raises(t.UsageError, match="too few, or too much alike"):
            Hindsight(SETUP, few, by_loops=False)


def test_of_many_trials_that_must_be_scheduled_some_are_taken() -> None:
    setup = Setup(to_json(OUTPUTS), template_name(OUTPUTS, "sketch", "cpu", VectorUnit(16, 256)))
    few = trials(space_of(setup)[0], 20)
    many = [few[n % 20] for n in range(2 * MOST + 1)]
    found = Hindsight(setup, many, by_loops=True)
    told = found.of_program(t.create_schedule(OUTPUTS).state.program)
    assert (found.trials, told.learnt_from) == (2 * MOST + 1, (2 * MOST + 1 + 2) // 3)


def test_logarithms_are_undone() -> None:
    assert plain(5.0, "log2 iterations") == (32.0, "iterations")
    assert plain(-3.0, "sign * log2(1 + |n|) elements") == (-7.0, "elements")
    assert plain(3.0, "sign * log2(1 + |value|)") == (7.0, "")
    assert plain(1.0, "0 or 1") == (1.0, "0 or 1")
