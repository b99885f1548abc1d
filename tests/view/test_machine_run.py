"""How a lab is told of a tuning run's end, and of its best trial."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tvmlab.analysis.work import Work
from tvmlab.measure.outcome import Outcome
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.ui.dock import run_words
from tvmlab.view.machine_run import MachineRun
from tvmlab.view.tuning import Tuning


@pytest.mark.parametrize(("status", "shown"), [("running", "stopping"), ("done", "done")])
def test_a_stopped_run_is_done_when_it_says_so(status: str, shown: str) -> None:
    """Its word is the last that a listener hears; its process may take longer to end, and nobody is
    told of that."""
    run: Any = SimpleNamespace(
        status=status, is_over=False, reason="", progress={}, setup=Setup({}, "matmul/cpu"),
        database=None, trials=[], listen=lambda listener: None, stop=lambda: None,
    )  # fmt: skip
    machine = MachineRun(run, lambda: None)
    machine.stop()
    assert machine.state().status == shown


def test_pane_and_status_bar_name_one_trial_and_one_time() -> None:
    """The best is the run's, told at its first pace, and its time is the one that was measured: the
    second trial was slower on the clock, when the machine ran at half its pace."""
    records = [
        Record(
            n,
            n,
            {},
            [],
            None,
            Outcome("ok", "run", times_s=(at_first,), verified=True, slowdown=pace),
        )
        for n, (at_first, pace) in enumerate([(0.003, 1.0), (0.002, 2.0)])
    ]
    run: Any = SimpleNamespace(
        status="running", reason="", progress={}, setup=Setup({}, "matmul/cpu"), started={},
        database=None, trials=records, moments=[0.0, 1.0], best=records[1], explained={},
        listen=lambda listener: None,
    )  # fmt: skip
    tuning = Tuning(Work(2e9, 12e6), "")
    tuning.begin(MachineRun(run, lambda: None))
    view = tuning.view(None)
    assert view["best_number"] == run.best.number
    assert view["best"] == "500 GFLOP/s (4 ms at 50 % of the first pace)"
    assert run_words(run)["best"] in view["best"]
