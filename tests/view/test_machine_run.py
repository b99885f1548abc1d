"""How a lab is told of a tuning run's end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tvmlab.tune.setup import Setup
from tvmlab.view.machine_run import MachineRun


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
