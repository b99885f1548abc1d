"""Sizes: extents that are known only when a program is called, from the shapes of its arrays."""

from __future__ import annotations

from tvmlab.ir.expr import Var


class Size(Var):
    """A size of at least `low` and, where `high` is given, at most `high`.

    It is an int64 variable that keeps its value throughout a call. It may stand in extents, alone
    or in expressions such as `n + 2` and `n // 2`, and in every expression of a program. Each size
    of a program is, by itself, an extent of a parameter, so that the arrays tell its value.
    """

    __slots__ = ("high", "low")

    def __init__(self, name: str, low: int = 1, high: int | None = None) -> None:
        super().__init__(name)
        self.low = low
        self.high = high
