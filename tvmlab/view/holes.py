"""The decisions that a schedule leaves open, as a lab shows them and is asked to change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.schedule import State, Step
from tvmlab.schedule.hole import Hole, literal
from tvmlab.schedule.open_step import holes_of
from tvmlab.view.arguments import as_text
from tvmlab.view.schema import HoleView
from tvmlab.view.timeline import Timeline

LISTED = 200
"""A hole of more options than a list shows is changed by editing its line."""


def hole_views(before: State | None, step: Step) -> list[HoleView]:
    """The holes that `step` is the first to have."""
    known = holes_of(before.steps) if before is not None else {}
    return [_view(hole) for name, hole in holes_of([step]).items() if name not in known]


def decided(timeline: Timeline, intent: Mapping[str, Any]) -> State:
    """The schedule, what was undone included, after a hole was given another `option` (as its text)
    or was `frozen` (true) or opened (false).

    Raises:
        UsageError: there is no such hole, or it has no such option.
        LaterStepRefused: a step is illegal with this option.
    """
    name = as_text(intent, "name")
    known = holes_of(timeline.tip.steps)
    if name not in known:
        raise UsageError(f"the schedule has no hole {name!r}; choose one that it shows.")
    hole = known[name]
    is_frozen = bool(intent.get("frozen", hole.is_frozen))
    value = _option(hole, as_text(intent, "option")) if "option" in intent else hole.value
    return timeline.with_hole(name, value, is_frozen)


def _option(hole: Hole, text: str) -> object:
    for option in hole.options:
        if literal(option) == text:
            return option
    raise UsageError(
        f"the hole {hole.name!r} has no option {text}; choose one of its {len(hole.options)}."
    )


def _view(hole: Hole) -> HoleView:
    options = [literal(option) for option in hole.options[:LISTED]]
    value = literal(hole.value)
    if value not in options:
        options.insert(0, value)
    return {
        "name": hole.name,
        "value": value,
        "options": options,
        "unlisted": len(hole.options) - len(options),
        "is_frozen": hole.is_frozen,
    }
