"""What can be done at the selected loop."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.program import LoopRef
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


class MovesView(TypedDict):
    """What can be done at the selection."""

    target: LoopRef | None
    target_facts: str
    steps: list[StepView]
    preview: PreviewView | None
    refusal: RefusalView | None
