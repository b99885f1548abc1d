"""Arguments of operators, checked: each mistake is answered with one sentence."""

from __future__ import annotations

from typing import Any

from tvmlab.errors import UsageError

FLOATS = ("float32", "float64")

SUMS = {"float16": "float32", "bfloat16": "float32", "int8": "int32"}
"""In what products of narrow numbers are summed up; those of others in their own dtype."""


def size(operator: str, name: str, value: object) -> int:
    """`value` as a positive integer.

    Raises:
        UsageError: it is none.
    """
    number = value.__index__() if hasattr(value, "__index__") else None
    if number is None or isinstance(value, bool) or number < 1:
        raise UsageError(f"{operator} was given {name}={value!r}; it is a whole number, 1 or more.")
    return int(number)


def sizes(operator: str, name: str, value: object, count: int = 2) -> tuple[int, ...]:
    """`value`, one number or one for each of `count` dimensions, as so many positive integers.

    Raises:
        UsageError: it is neither.
    """
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if len(given) != count:
        each = {2: "a pair (vertical, horizontal)"}.get(count, f"a tuple of {count}")
        raise UsageError(f"{operator} was given {name}={value!r}; give one number, or {each}.")
    return tuple(size(operator, name, number) for number in given)


def shape(operator: str, name: str, value: object) -> tuple[int, ...]:
    """`value`, extents or one of them, as a tuple of positive integers.

    Raises:
        UsageError: it is none.
    """
    given = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(size(operator, name, extent) for extent in given)


def widths(operator: str, name: str, value: object, count: int) -> tuple[int, ...]:
    """`value`, one number or one for each of `count` dimensions, as so many integers from 0 up.

    Raises:
        UsageError: it is neither.
    """
    given: list[Any] = list(value) if isinstance(value, (tuple, list)) else [value] * count
    if len(given) != count or not all(isinstance(n, int) and n >= 0 for n in given):
        raise UsageError(
            f"{operator} was given {name}={value!r} for {count} dimension(s); give one number, 0 "
            "or more, or one for each."
        )
    return tuple(given)


def axis(operator: str, value: object, rank: int) -> int:
    """`value` as a dimension of `rank`, counted from 0.

    Raises:
        UsageError: there is no such dimension.
    """
    if not isinstance(value, int) or not -rank <= value < rank:
        raise UsageError(
            f"{operator} was given axis={value!r} of {rank} dimension(s); it is from {-rank} to "
            f"{rank - 1}."
        )
    return value % rank


def flag(operator: str, name: str, value: object) -> None:
    """Refuse a `value` that is not True or False.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(value, bool):
        raise UsageError(f"{operator} was given {name}={value!r}; it is True or False.")


def float_dtype(operator: str, value: object) -> None:
    """Refuse a dtype that the operator is not defined for.

    Raises:
        UsageError: it is none of `FLOATS`.
    """
    if value not in FLOATS:
        raise UsageError(
            f"{operator} was given dtype={value!r}; it is defined for {' and '.join(FLOATS)}."
        )


def sum_dtype(operator: str, value: object) -> str:
    """The dtype in which products of elements of dtype `value` are summed up.

    Raises:
        UsageError: it is neither one of `FLOATS` nor of `SUMS`.
    """
    if value in FLOATS:
        return str(value)
    found = SUMS.get(str(value))
    if found is None:
        known = ", ".join((*FLOATS, *SUMS))
        raise UsageError(f"{operator} was given dtype={value!r}; it is defined for {known}.")
    return found
