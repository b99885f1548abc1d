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
