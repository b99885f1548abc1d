"""Arguments of operators, checked: each mistake is answered with one sentence."""

from __future__ import annotations

from tvmlab.errors import UsageError

FLOATS = ("float32", "float64")


def size(operator: str, name: str, value: object) -> int:
    """`value` as a positive integer.

    Raises:
        UsageError: it is none.
    """
    number = value.__index__() if hasattr(value, "__index__") else None
    if number is None or isinstance(value, bool) or number < 1:
        raise UsageError(f"{operator} was given {name}={value!r}; it is a whole number, 1 or more.")
    return int(number)


def sizes(operator: str, name: str, value: object) -> tuple[int, int]:
    """`value`, one number or a pair (vertical, horizontal), as a pair of positive integers.

    Raises:
        UsageError: it is neither.
    """
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise UsageError(
            f"{operator} was given {name}={value!r}; give one number, or a pair (vertical, "
            "horizontal)."
        )
    return size(operator, name, pair[0]), size(operator, name, pair[1])


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
