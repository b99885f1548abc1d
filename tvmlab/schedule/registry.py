"""Every step by its name: the whitelist that traces and calls are read through."""

from __future__ import annotations

from typing import Any

from tvmlab.errors import TraceError, UsageError
from tvmlab.schedule.open_step import open_step_from_json
from tvmlab.schedule.primitives import PRIMITIVES
from tvmlab.schedule.recipe import RecordedRecipe
from tvmlab.schedule.recipes import RECIPES
from tvmlab.schedule.step import Step

STEPS: dict[str, type[Step]] = {step.name: step for step in (*PRIMITIVES, *RECIPES)}

RECIPE = "recipe"
"""The step name under which traces keep the recipes of users."""

MAX_NESTED = 16


def step_from_json(data: Any) -> Step:
    """The step that `Step.to_json` wrote.

    Raises:
        TraceError: not an object, an unknown step, or fields that do not fit.
    """
    return _step(data, MAX_NESTED)


def _step(data: Any, levels: int) -> Step:
    if not isinstance(data, dict) or not isinstance(data.get("step"), str):
        raise TraceError(f"a trace step is an object with a 'step' name, not {str(data)[:80]!r}.")
    if data["step"] == RECIPE:
        return _recipe(data, levels)
    step = STEPS.get(data["step"])
    if step is None:
        known = ", ".join((*STEPS, RECIPE))
        raise TraceError(f"the trace has the unknown step {data['step']!r}; known are {known}.")
    plain = step.from_json({key: value for key, value in data.items() if key != "holes"})
    return open_step_from_json(plain, data["holes"]) if "holes" in data else plain


def _recipe(data: dict[str, Any], levels: int) -> RecordedRecipe:
    """A recipe of the user's own, whose steps are read like any others."""
    if set(data) != {"step", "name", "steps"} or not isinstance(data["steps"], list):
        raise TraceError(
            "a recipe in a trace has a 'name' and a list of 'steps', and nothing else."
        )
    if not data["steps"]:
        raise TraceError(f"the recipe {str(data['name'])[:40]!r} in the trace has no steps.")
    if levels == 0:
        raise TraceError(f"the trace has recipes within recipes, more than {MAX_NESTED} deep.")
    steps = [_step(entry, levels - 1) for entry in data["steps"]]
    try:
        return RecordedRecipe.of(data["name"], steps)
    except UsageError as error:
        raise TraceError(str(error)) from None
