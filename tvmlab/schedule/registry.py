"""Every step by its name: the whitelist that traces and calls are read through."""

from __future__ import annotations

from typing import Any

from tvmlab.errors import TraceError
from tvmlab.schedule.open_step import open_step_from_json
from tvmlab.schedule.primitives import PRIMITIVES
from tvmlab.schedule.recipes import RECIPES
from tvmlab.schedule.step import Step

STEPS: dict[str, type[Step]] = {step.name: step for step in (*PRIMITIVES, *RECIPES)}


def step_from_json(data: Any) -> Step:
    """The step that `Step.to_json` wrote.

    Raises:
        TraceError: not an object, an unknown step, or fields that do not fit.
    """
    if not isinstance(data, dict) or not isinstance(data.get("step"), str):
        raise TraceError(f"a trace step is an object with a 'step' name, not {str(data)[:80]!r}.")
    step = STEPS.get(data["step"])
    if step is None:
        known = ", ".join(STEPS)
        raise TraceError(f"the trace has the unknown step {data['step']!r}; known are {known}.")
    plain = step.from_json({key: value for key, value in data.items() if key != "holes"})
    return open_step_from_json(plain, data["holes"]) if "holes" in data else plain
