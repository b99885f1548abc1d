"""The end of a run: its best few, compared again; and what a database holds, applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import tvmlab as t
from tests.patience import PATIENCE_S
from tests.tune.test_records import CRASH, GOOD, record
from tvmlab import ops, targets
from tvmlab.measure.outcome import Outcome, joined
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.finals import FINALISTS, finalists
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup


def timed(number: int, seconds: float, *, verified: bool = True) -> Record:
    outcome = Outcome("ok", "time", times_s=(seconds,), verified=verified)
    return replace(record(number, outcome), trace=[{"step": "split", "factor": number}])


def test_finalists_are_the_fastest_that_are_close_right_and_different() -> None:
    same = replace(timed(7, 1.01), trace=timed(1, 1.0).trace)
    run = [
        timed(0, 1.05), timed(1, 1.0), timed(2, 0.5, verified=False), timed(3, 1.3),
        record(4, CRASH), same, timed(8, 1.02),
    ]  # fmt: skip
    assert [r.number for r in finalists(run)] == [1, 8, 0]
    assert finalists([record(0, CRASH)]) == []
    assert [r.number for r in finalists([timed(0, 1.5), timed(1, 1.0)])] == [1, 0]
    assert [r.number for r in finalists([timed(1, 1.0), timed(2, 1.5)])] == [1]
    assert len(finalists(timed(n, 1.0) for n in range(9))) == FINALISTS


def test_measurements_of_one_candidate_are_joined() -> None:
    other = replace(GOOD, times_s=(8.0,), verified=False)
    both = joined([GOOD, other])
    assert both.times_s == (2.0, 1.0, 4.0, 8.0)
    assert not both.verified
    assert joined([GOOD, CRASH, GOOD]) == CRASH


def test_the_best_of_a_database_is_applied(tmp_path: Path) -> None:
    workload, path = ops.matmul(12, 8, 4), tmp_path / "run.db"
    s = t.create_schedule(workload)
    s["C"].split("y", 4)
    with Database.open(path) as database:
        setup, here = Setup(to_json(workload.tensors), "matmul/cpu"), targets.get("cpu").device()
        session = database.begin(setup, {}, here)
        steps = [step.to_json() for step in s.trace.steps]
        database.append(session, [replace(timed(0, 1.0), trace=steps), timed(1, 2.0)])
    assert t.apply_best(workload, path).trace.to_json() == s.trace.to_json()
    with pytest.raises(t.UsageError, match=r"no verified trial of matmul\(m=13.* for cpu; tune it"):
        t.apply_best(ops.matmul(13, 8, 4), path)
    with pytest.raises(t.DatabaseError, match="does not exist"):
        t.apply_best(workload, tmp_path / "nothing.db")


def test_the_best_of_another_machine_is_asked_for_by_name(tmp_path: Path) -> None:
    workload, path = ops.matmul(12, 8, 4), tmp_path / "run.db"
    with Database.open(path) as database:
        setup = Setup(to_json(workload.tensors), "matmul/cpu")
        session = database.begin(setup, {}, {"kind": "cpu", "model": "another"})
        database.append(session, [replace(timed(0, 1.0), trace=[])])
    with pytest.raises(t.UsageError, match=r"on another machine only; tune it here, or take"):
        t.apply_best(workload, path)
    assert len(t.apply_best(workload, path, anywhere=True).trace) == 0


def test_the_best_of_a_schedule_with_holes_and_of_a_recipe_is_applied(tmp_path: Path) -> None:
    workload, path = ops.matmul(16, 32, 16), tmp_path / "run.db"
    s = t.create_schedule(workload)
    with s.record("tiles"):
        yo, xo, yi, xi = s["C"].tile("y", "x", t.hole("rows", [2, 4]), t.hole("lanes", [8, 16]))
    s["C"].reorder(yo, xo, "k", yi, xi)
    s["C"].split("k", factors=t.sample_perfect_tile("k", 2))
    s["C"].vectorize(xi)
    run = t.tune(s, trials=4, explorer="random", timeout_s=60.0, db=path)
    try:
        assert run.wait(PATIENCE_S).status == "done", run
        assert run.best is not None
        applied = t.apply_best(workload, path)
        assert applied.trace.to_json() == s.fill(run.best.config).plain().trace.to_json()
        assert not applied.holes
        assert all(applied.check())
    finally:
        run.close()
