"""What the features of a program add to what a cost model thinks of it."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.loop import LoopRef


class ContributionView(TypedDict):
    """A feature: its column, in words, its value in `unit`, what it adds (None where no model was
    asked), the loops it speaks of, and the steps, from 1, that decide it."""

    name: str
    words: str
    value: str
    unit: str
    weight: float | None
    loops: list[LoopRef]
    steps: list[int]


class ContributionsView(TypedDict):
    """What a model thinks of a program, feature by feature, those that add most first.

    `model` says which it is and what it learnt from, or why there is none; `total` what its
    prediction is made of.
    """

    status: Literal["idle", "working", "ready", "failed"]
    reason: str
    is_stale: bool
    model: str
    total: str
    parts: list[ContributionView]
