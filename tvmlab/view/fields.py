"""The arguments of a step as input fields: texts made from values, and values read from texts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from tvmlab.errors import Refusal, ScheduleError
from tvmlab.schedule import Step
from tvmlab.view.schema import FieldView

LOOP = "loop"
"""The kind of fields that name a loop; the selection answers the first of a step."""

INFERRED = "auto"
"""How a factor that is to be inferred is written in a field."""

EXAMPLES = {"factors": f"whole numbers, such as {INFERRED}, 32", "loops": "loops, such as y, x"}


def step_fields(step: type[Step], suggested: Step) -> list[FieldView]:
    """The fields a form for `step` needs; the loop itself is the selection, hence no field."""
    views: list[FieldView] = []
    for field in _asked(step):
        kind = field.metadata["kind"]
        views.append(
            {
                "name": field.name,
                "label": field.name,
                "kind": "name" if kind == LOOP else kind,
                "default": _field_text(suggested, field),
                "hint": field.metadata.get("doc", ""),
            }
        )
    return views


def step_values(step: Step) -> dict[str, str]:
    """The arguments of `step` as texts of its fields."""
    return {f.name: _field_text(step, f) for f in _asked(type(step))}


def step_of(step: type[Step], block: str, loop: str, values: Mapping[str, str]) -> Step:
    """The step that the fields' texts describe.

    Raises:
        ScheduleError: a text cannot be read as its field's kind.
    """
    arguments: dict[str, Any] = {}
    asked = _asked(step)
    for field in _arguments(step):
        is_asked, given = field in asked, str(values.get(field.name, ""))
        is_left_out = field.name not in values or (field.metadata["kind"] == LOOP and not given)
        if is_asked and is_left_out and field.name in step.defaults():
            continue
        arguments[field.name] = _read(step, block, field, given) if is_asked else loop
    return step.checked(block, arguments)


def value_text(value: Any) -> str:
    """A value as the text of a field."""
    if value is None:
        return INFERRED
    if isinstance(value, (tuple, list)):
        return ", ".join(value_text(part) for part in value)
    return str(value)


def _field_text(step: Step, field: dataclasses.Field[Any]) -> str:
    """An argument as the text of its field; a loop that is not named is no text."""
    value = getattr(step, field.name)
    return "" if value is None and field.metadata["kind"] == LOOP else value_text(value)


def _arguments(step: type[Step]) -> list[dataclasses.Field[Any]]:
    return [f for f in dataclasses.fields(step) if f.name != "block"]


def _asked(step: type[Step]) -> list[dataclasses.Field[Any]]:
    """The arguments that a form asks for: all but the first loop, which is the selection."""
    every = _arguments(step)
    selection = next((f for f in every if f.metadata["kind"] == LOOP), None)
    return [f for f in every if f is not selection]


def _read(step: type[Step], block: str, field: dataclasses.Field[Any], text: str) -> Any:
    kind = field.metadata["kind"]
    parts = [part.strip().strip("\"'") for part in text.strip("[]() ").split(",")]
    if kind == "loops":
        return tuple(part for part in parts if part)
    if kind == "factors":
        return tuple(_factor(step, block, field.name, part) for part in parts)
    if kind == "value":
        return _value(text, parts)
    return text.strip().strip("\"'")


def _value(text: str, parts: list[str]) -> int | str | tuple[int, ...]:
    """An integer, a list of integers where there are several, or the text itself."""
    if not all(re.fullmatch(r"-?[0-9]+", part) for part in parts):
        return text.strip().strip("\"'")
    numbers = tuple(map(int, parts))
    is_list = len(numbers) > 1 or text.strip().startswith("[")
    return numbers if is_list else numbers[0]


def _factor(step: type[Step], block: str, name: str, text: str) -> int | None:
    if text.lower() in (INFERRED, "none", "_", "?"):
        return None
    try:
        return int(text)
    except ValueError:
        what = repr(text) if text else "nothing"
        raise ScheduleError(
            Refusal(
                f's["{block}"].{step.name}(…)',
                f"the field {name}",
                f"{name} has {what} where a whole number is due",
                f"give {EXAMPLES['factors']}",
            )
        ) from None
