"""Plain data from a file, checked: each function gives the value or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any

from tvmlab.errors import TraceError


def short(value: object) -> str:
    """A value for a message, cut to a readable length."""
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def fields(
    value: object, required: tuple[str, ...], optional: tuple[str, ...], where: str
) -> Mapping[str, Any]:
    """`value` as an object with exactly the known keys."""
    if not isinstance(value, Mapping):
        raise TraceError(f"{where} is {short(value)}, not an object with {', '.join(required)}.")
    known = (*required, *optional)
    wrong = [f"lacks {k!r}" for k in required if k not in value]
    wrong += [f"has the unknown field {short(k)}" for k in value if k not in known]
    if wrong:
        raise TraceError(f"{where} {wrong[0]}; its fields are {', '.join(known)}.")
    return value


def row(value: object, kinds: Sequence[Any], where: str) -> Sequence[Any]:
    """`value` as a list with one item of each kind."""
    if not isinstance(value, (list, tuple)) or len(value) != len(kinds):
        raise TraceError(f"{where} has {short(value)}, where a list of {len(kinds)} is due.")
    for item, kind in zip(value, kinds, strict=True):
        if not isinstance(item, kind) or (isinstance(item, bool) and kind is not object):
            raise TraceError(f"{where} has {short(item)} of the wrong type in {short(value)}.")
    return value


def as_list(value: object, where: str) -> Sequence[Any]:
    """`value` as a list."""
    if not isinstance(value, (list, tuple)):
        raise TraceError(f"{where} has {short(value)} where a list is due.")
    return value


def as_integer(value: object, where: str) -> int:
    """`value` as an integer, which a bool is not."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TraceError(f"{where} has {short(value)} where an integer is due.")
    return value


def as_string(value: object, where: str) -> str:
    """`value` as text."""
    if not isinstance(value, str):
        raise TraceError(f"{where} has {short(value)} where a string is due.")
    return value


def as_identifier(name: str, where: str) -> str:
    """`name`, which must be a name that Python takes."""
    if not name.isidentifier() or iskeyword(name):
        raise TraceError(f"{where} names an axis {short(name)}, which is not an identifier.")
    return name
