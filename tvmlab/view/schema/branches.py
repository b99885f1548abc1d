"""The schedules of a lab side by side."""

from __future__ import annotations

from typing import TypedDict

from tvmlab.view.schema.refusal import RefusalView


class BranchLine(TypedDict):
    """A step of a branch: `position` counts the steps in force after it.

    `time` is what the state after it was measured at, empty where it was not; `share` is the least
    time of the lab over this one.
    """

    position: int
    text: str
    time: str
    share: float
    is_current: bool
    is_pinned: bool


class BranchView(TypedDict):
    """A branch: where it left another one, and the steps from there on."""

    number: int
    name: str
    steps: int
    origin: str
    time: str
    share: float
    is_current: bool
    lines: list[BranchLine]


class BranchesView(TypedDict):
    """All branches; `pinned` names the state that others are compared with, empty for none."""

    branches: list[BranchView]
    pinned: str
    pinned_is_shown: bool
    refusal: RefusalView | None
