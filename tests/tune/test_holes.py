"""Tuning a schedule with holes, through the process."""

from __future__ import annotations

import pytest

import tvmlab as t
from tests.patience import PATIENCE_S
from tvmlab.errors import UsageError
from tvmlab.te.serial import to_json
from tvmlab.tune.setup import Setup


def test_the_holes_of_a_schedule_are_tuned_and_what_it_found_fills_them() -> None:
    workload = t.ops.matmul(16, 32, 16)
    s = t.create_schedule(workload)
    (stage,) = s.find_blocks(kind="reduce")
    y, x, k = stage.loops
    yo, yi = stage.split(y, t.hole("rows", [2, 4]))
    xo, xi = stage.split(x, t.hole("lanes", [8, 16]))
    stage.reorder(yo, xo, k, yi, xi)
    stage.vectorize(xi)
    run = t.tune(s, trials=4, explorer="random", timeout_s=60.0)
    try:
        run.wait(PATIENCE_S)
        assert run.status == "done", run
        assert run.started["knobs"] == [
            {"name": "rows", "options": 2},
            {"name": "lanes", "options": 2},
        ]
        configs = {tuple(record.config.values()) for record in run.trials}
        assert configs == {(2, 8), (2, 16), (4, 8), (4, 16)}
        first = min(run.trials, key=lambda record: record.number)
        assert first.config == {"rows": 2, "lanes": 8}, "what it holds comes first"
        best = run.best
        assert best is not None
        filled = s.fill(best.config)
        assert all(filled.check())
        assert filled.plain().trace.to_json() == t.replay(workload, best.trace).trace.to_json()
    finally:
        run.close()


def test_the_steps_are_part_of_the_setup_only_where_there_are_any() -> None:
    workload = to_json(t.ops.matmul(8, 8, 8).tensors)
    plain = Setup(workload, "generic/cpu/32x512bit")
    assert "steps" not in plain.to_json()
    assert Setup.from_json(plain.to_json()) == plain
    steps = [{"step": "parallel", "block": "C", "loop": "y"}]
    held = Setup(workload, "holes", steps=steps, features="knob")
    assert Setup.from_json(held.to_json()) == held


def test_steps_without_holes_come_out_as_one_sentence() -> None:
    s = t.create_schedule(t.ops.matmul(8, 8, 8))
    s.find_blocks()[-1].parallel(s.find_blocks()[-1].loops[0])
    steps = [step.to_json() for step in s.trace.steps]
    run = t.tune(s.outputs, trials=1, template="holes", steps=steps)
    try:
        run.wait(PATIENCE_S)
        assert run.status == "failed"
        assert "leaves nothing open to tune" in run.reason
    finally:
        run.close()


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError):
        t.tune(t.ops.matmul(8, 8, 8), holes=3)
