"""A runner that lets another one down on purpose: chosen submissions fail in a chosen way."""

from __future__ import annotations

from collections.abc import Callable

from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.runner import Runner

Plan = Callable[[int, Request], Outcome | None]
"""What befalls submission number n (from 0): an outcome of its own, or None to let it pass."""


class FaultyRunner:
    """Passes requests on to `inner` except those for which `plan` gives an outcome.

    Tickets are those of this runner. A planned outcome comes out at the next poll, before the
    answers of `inner`, so that outcomes also arrive out of order.
    """

    def __init__(self, inner: Runner, plan: Plan) -> None:
        self._inner = inner
        self._plan = plan
        self._planned: list[tuple[int, Outcome]] = []
        self._outer: dict[int, int] = {}
        self._tickets = 0

    @property
    def slots(self) -> int:
        """As many as the inner runner has."""
        return self._inner.slots

    @property
    def devices(self) -> int:
        """As many as the inner runner has."""
        return self._inner.devices

    @property
    def pending(self) -> int:
        """Tickets not yet answered, planned ones included."""
        return len(self._planned) + self._inner.pending

    def submit(self, request: Request) -> int:
        """Hand the request on, or keep it for its planned outcome."""
        outcome = self._plan(self._tickets, request)
        if outcome is None:
            self._outer[self._inner.submit(request)] = self._tickets
        else:
            self._planned.append((self._tickets, outcome))
        self._tickets += 1
        return self._tickets - 1

    def poll(self, timeout_s: float) -> list[tuple[int, Outcome]]:
        """Planned outcomes at once; waits for the inner runner only where there are none."""
        planned, self._planned = self._planned, []
        passed = self._inner.poll(0.0 if planned else timeout_s)
        return planned + [(self._outer.pop(ticket), outcome) for ticket, outcome in passed]

    def close(self) -> None:
        """Close the inner runner too."""
        self._planned = []
        self._inner.close()
