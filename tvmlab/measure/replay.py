"""A runner that remembers: outcomes recorded earlier stand in for a device.

Searching a recorded space costs no time and gives the same answer on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.runner import refuse_closed


class ReplayRunner:
    """Answers each request with the outcome recorded for its `key`, in order of submission.

    A candidate without a record is answered with a launch error that says so.
    """

    slots = 64
    devices = 1

    def __init__(self, recorded: Mapping[tuple[str, str], Outcome]) -> None:
        self._recorded = recorded
        self._answered: list[tuple[int, Outcome]] = []
        self._tickets = 0
        self._closed = False

    @property
    def pending(self) -> int:
        """Tickets answered but not yet polled."""
        return len(self._answered)

    def submit(self, request: Request) -> int:
        """Look the request up and return its ticket."""
        refuse_closed(self._closed)
        ticket, self._tickets = self._tickets, self._tickets + 1
        missing = failure("launch_error", "submit", "no outcome is recorded for this candidate")
        self._answered.append((ticket, self._recorded.get(request.key, missing)))
        return ticket

    def poll(self, timeout_s: float) -> list[tuple[int, Outcome]]:
        """Everything submitted since the last call, at once."""
        answered, self._answered = self._answered, []
        return answered

    def __enter__(self) -> ReplayRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget what is pending."""
        self._answered = []
        self._closed = True
