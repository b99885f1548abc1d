"""What a part of a lab was asked last: a later question wins over those being answered."""

from __future__ import annotations


class Latest:
    """Questions by number; all of it is called with the desk's lock.

    Attributes:
        is_working: whether the latest question waits for its answer.
    """

    def __init__(self) -> None:
        self._asked = 0
        self.is_working = False

    def ask(self) -> int:
        """A question; the ticket that its answer comes with."""
        self._asked += 1
        self.is_working = True
        return self._asked

    def is_it(self, ticket: int) -> bool:
        """Whether nothing was asked since."""
        return ticket == self._asked

    def settle(self, ticket: int) -> bool:
        """Whether an answer counts; nothing is waited for then."""
        if self.is_it(ticket):
            self.is_working = False
        return self.is_it(ticket)

    def forget(self) -> None:
        """No answer to what was asked so far counts."""
        self.settle(self.ask())

    def status(self, reason: str, is_found: bool) -> str:
        """In a pane's word: working, failed where there is a reason, ready, or idle."""
        if self.is_working:
            return "working"
        return "failed" if reason else "ready" if is_found else "idle"
