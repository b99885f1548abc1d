"""A runner that invents: times come from a function of the request, noise from a seed."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.runner import refuse_closed

Landscape = Callable[[Request], float | Outcome]
"""Seconds a call of the request's kernel takes, or how it fails."""


class SyntheticRunner:
    """Answers with the times that `landscape` gives, spread by `noise`.

    The noise of a candidate depends on `seed` and on the candidate alone, so that neither order
    nor repetition changes an answer. Each poll answers at most `slots` tickets, oldest first.
    """

    devices = 1

    def __init__(
        self, landscape: Landscape, *, noise: float = 0.0, seed: int = 0, slots: int = 2
    ) -> None:
        self.slots = slots
        self._landscape = landscape
        self._noise = noise
        self._seed = seed
        self._waiting: deque[tuple[int, Request]] = deque()
        self._tickets = 0
        self._closed = False

    @property
    def pending(self) -> int:
        """Tickets submitted but not yet polled."""
        return len(self._waiting)

    def submit(self, request: Request) -> int:
        """Queue the request and return its ticket."""
        refuse_closed(self._closed)
        ticket, self._tickets = self._tickets, self._tickets + 1
        self._waiting.append((ticket, request))
        return ticket

    def poll(self, timeout_s: float) -> list[tuple[int, Outcome]]:
        """The oldest `slots` tickets with their outcomes, at once."""
        count = min(self.slots, len(self._waiting))
        batch = [self._waiting.popleft() for _ in range(count)]
        return [(ticket, self._answer(request)) for ticket, request in batch]

    def close(self) -> None:
        """Forget what is pending."""
        self._waiting.clear()
        self._closed = True

    def _answer(self, request: Request) -> Outcome:
        answer = self._landscape(request)
        if isinstance(answer, Outcome):
            return answer
        dice = random.Random(f"{self._seed} {request.key}")
        times = tuple(answer * (1 + self._noise * dice.random()) for _ in range(3))
        return Outcome(
            "ok", "time", times_s=times, total_s=sum(times), verified=True, device_s=sum(times)
        )
