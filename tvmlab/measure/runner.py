"""The door to whatever measures candidates: hand requests in, take outcomes out.

A runner answers every ticket exactly once and with data: neither a bad candidate nor a dead
process comes out as an exception. `tests/measure/test_conformance.py` holds all of them to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol as Interface
from typing import runtime_checkable

from tvmlab.errors import MeasureError
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.targets.cpu.threads import num_threads


@runtime_checkable
class Runner(Interface):
    """Measures requests, possibly several at once and in any order."""

    @property
    def slots(self) -> int:
        """Requests worth having in flight; more only wait inside the runner."""

    @property
    def devices(self) -> int:
        """Devices that measure at the same time, each one request."""

    @property
    def pending(self) -> int:
        """Tickets handed out and not yet answered."""

    def submit(self, request: Request) -> int:
        """Accept `request` and return its ticket; MeasureError once closed."""

    def poll(self, timeout_s: float) -> list[tuple[int, Outcome]]:
        """Tickets answered since the last call; waits up to `timeout_s` for the first."""

    def close(self) -> None:
        """Give up what is pending and free every process and file; harmless when repeated."""


def measure_all(runner: Runner, requests: Sequence[Request]) -> list[Outcome]:
    """The outcome of each request, in the order of `requests`; nothing else may be pending."""
    if runner.pending:
        raise MeasureError(
            f"the runner still has {runner.pending} requests pending; poll them first."
        )
    tickets = [runner.submit(request) for request in requests]
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(tickets):
        outcomes.update(runner.poll(1.0))
    return [outcomes[ticket] for ticket in tickets]


def on_threads(request: Request) -> Request:
    """`request` for as many threads as parallel loops run on in this process, unless it says."""
    return request if request.threads is not None else replace(request, threads=num_threads())


def refuse_closed(closed: bool) -> None:
    """Raise MeasureError if a runner is `closed`."""
    if closed:
        raise MeasureError("this runner is closed and takes no request; make a new one.")
