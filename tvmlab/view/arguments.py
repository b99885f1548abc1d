"""Reading the arguments of an intent, which come from outside and may be anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.view.schema import LoopRef

MOST_TRIALS = 100_000
MOST_BYTES = 1 << 34
UNITS = "BKM"
"""Initials of units of size, each 1024 of the one before."""


def as_text(intent: Mapping[str, Any], key: str) -> str:
    """The text `key`."""
    value = intent.get(key)
    if not isinstance(value, str):
        raise UsageError(f"{_name(intent)} needs the text {key!r}, not {value!r}.")
    return value


def as_lines(intent: Mapping[str, Any], key: str) -> list[str]:
    """The texts in the list `key`."""
    value = intent.get(key)
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise UsageError(f"{_name(intent)} needs a list of texts {key!r}, not {value!r}.")
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


def as_bytes(intent: Mapping[str, Any], key: str) -> int:
    """The size that the text `key` gives: a number of bytes, or of KB or MB of 1024 each."""
    text = str(intent.get(key, "")).strip()
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(B|KB?|MB?)?", text, re.IGNORECASE)
    scale = 1 << UNITS.index((found[2] or "B")[0].upper()) * 10 if found else 0
    size = int(float(found[1]) * scale) if found else 0
    if not 1 <= size <= MOST_BYTES:
        raise UsageError(f"the size {key} is {text!r}; give bytes or kilobytes, such as 48 KB.")
    return size


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
