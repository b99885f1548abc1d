"""Reading the arguments of an intent, which come from outside and may be anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.view.schema import LoopRef

MOST_TRIALS = 100_000


def as_text(intent: Mapping[str, Any], key: str) -> str:
    """The text `key`."""
    value = intent.get(key)
    if not isinstance(value, str):
        raise UsageError(f"{_name(intent)} needs the text {key!r}, not {value!r}.")
    return value


def as_position(intent: Mapping[str, Any], key: str) -> int:
    """The whole number `key`, at least 0."""
    value = intent.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(
            f"{_name(intent)} needs a whole number {key!r} of 0 or more, not {value!r}."
        )
    return value


def as_count(intent: Mapping[str, Any], key: str) -> int:
    """The whole number `key` of 1 to `MOST_TRIALS`, also as text."""
    value = intent.get(key)
    try:
        count = int(str(value).strip())
    except ValueError:
        count = 0
    if not 1 <= count <= MOST_TRIALS:
        raise UsageError(
            f"the number of {key} is {str(value)!r}; give a whole number of 1 to {MOST_TRIALS:,}."
        )
    return count


def as_ref(intent: Mapping[str, Any]) -> LoopRef:
    """The loop that `block` and `loop` name."""
    return {"block": as_text(intent, "block"), "loop": as_text(intent, "loop")}


def as_values(intent: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a form's fields, in `values`."""
    values = intent.get("values", {})
    if not isinstance(values, Mapping):
        raise UsageError(f"{_name(intent)} needs 'values' by field name, not {values!r}.")
    return {str(name): str(value) for name, value in values.items()}


def _name(intent: Mapping[str, Any]) -> str:
    return f"the intent {str(intent.get('intent', ''))!r}"
