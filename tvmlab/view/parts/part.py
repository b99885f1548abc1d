"""What every part of a lab is: the half of a pane that knows the program and no screen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from tvmlab.view.desk import Desk

Intent = Mapping[str, Any]
Handler = Callable[[Intent], None]


class Part(ABC):
    """A part of the lab: what it shows, and the intents it carries out.

    Attributes:
        name: its key in the snapshot, which is also the stem of its pane.
        slow: intents that take as long as compilers and clocks do. They are called without the
            desk's lock, from a thread of their own, and take the lock where they touch what is
            shared; the others are quick and called with it.
        refuses_in: the pane that shows what this part refuses, where it is not its own.
    """

    name: ClassVar[str]
    slow: ClassVar[frozenset[str]] = frozenset()
    refuses_in: ClassVar[str] = ""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.parts.append(self)

    @abstractmethod
    def view(self) -> Mapping[str, Any]:
        """What there is to show now, as plain data; quick, and called with the lock."""

    @abstractmethod
    def intents(self) -> Mapping[str, Handler]:
        """The intents of this part by name. A handler raises TvmlabError for a user's mistake."""

    def forget_told(self) -> None:  # noqa: B027 - most parts tell nothing of machines
        """Let go of what was told of states on another machine; called with the lock."""

    def forget_target(self) -> None:
        """Let go of what was made or measured for another target; called with the lock."""
        self.forget_told()

    def close(self) -> None:  # noqa: B027 - most parts have nothing to end
        """End what goes on in the background."""
