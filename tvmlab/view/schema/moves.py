"""What can be done at the selected loop."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.loop import LoopRef
from tvmlab.view.schema.refusal import RefusalView


class FieldView(TypedDict):
    """An argument of a step, as an input field holding text."""

    name: str
    label: str
    kind: Literal["loops", "factors", "name", "value"]
    default: str
    hint: str


class MoveView(TypedDict):
    """A legal step: its arguments as field texts, and the line of Python it would append."""

    values: dict[str, str]
    line: str


class StepView(TypedDict):
    """One primitive or recipe at the selected loop; `refusal` where nothing is legal.

    `group` says what it is about, one of `tvmlab.schedule.step.GROUPS`.
    """

    step: str
    group: str
    summary: str
    fields: list[FieldView]
    moves: list[MoveView]
    refusal: RefusalView | None


class PreviewView(TypedDict):
    """What the values typed so far would do; `token` names the request it answers."""

    token: int
    step: str
    line: str
    effect: str
    refusal: RefusalView | None


class PredictionView(TypedDict):
    """How long the program is told to take after a move, and how many times as long as now; the
    ratio and its interval are 0 where nothing is told of the program as it is."""

    time_s: float
    ratio: float
    low: float
    high: float


class TimedView(TypedDict):
    """A measured move: its own median, and how many times as long it takes as the state shown.

    Where it failed, `reason` says why and the figures are 0; so is the ratio where the state shown
    could not be measured.
    """

    reason: str
    median_s: float
    spread: float
    ratio: float
    low: float
    high: float
    verdict: Literal["", "faster", "slower", "can't tell"]


class ColumnView(TypedDict):
    """What is told and what was measured of the moves listed, by line; null where nothing can be
    told.

    `told` says whether all of them are; `now_s` is what is told of the state shown, with its
    interval. `stage` says in words what is being measured, and is empty where nothing is.
    """

    told: Literal["none", "working", "all"]
    reason: str
    now_s: float
    now_low_s: float
    now_high_s: float
    predictions: dict[str, PredictionView | None]
    stage: str
    timed: dict[str, TimedView]


class MovesView(TypedDict):
    """What can be done at the selection."""

    target: LoopRef | None
    target_facts: str
    steps: list[StepView]
    column: ColumnView
    preview: PreviewView | None
    refusal: RefusalView | None
