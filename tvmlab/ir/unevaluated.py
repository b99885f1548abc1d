"""What Python does with numbers, and cannot do with an expression: refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tvmlab.errors import ExpressionError


def _instead(name: str, use: str) -> Callable[..., Any]:
    def refuse(*_: object) -> Any:
        raise ExpressionError(
            f"Python's {name} takes numbers, and a tensor expression is none while it is being "
            f"written; use {use}."
        )

    return refuse


class Unevaluated:
    """A value that is known only when the program runs."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise ExpressionError(
            "a tensor expression has no truth value while it is being written; use "
            "t.select(condition, a, b) instead of if, & and | instead of and and or, t.maximum and "
            "t.minimum instead of max and min."
        )

    if not TYPE_CHECKING:  # a type checker refuses these itself
        __float__ = _instead("float or math", "a function of tvmlab, such as t.exp")
        __int__ = _instead("int", "x.astype('int64')")
        __abs__ = _instead("abs", "t.abs(x)")
        __pow__ = __rpow__ = _instead("**", "t.power(x, y)")
        __round__ = _instead("round", "t.round(x)")
        __floor__ = _instead("math.floor", "t.floor(x)")
        __ceil__ = _instead("math.ceil", "t.ceil(x)")
        __trunc__ = _instead("math.trunc", "t.trunc(x)")
