"""Values named by a `Let`, and lanes of them."""

from __future__ import annotations

from tvmlab.ir.expr import Expr, Var


class Local(Var):
    """A value named by a `Let`: of any dtype and, in lowered programs, of several lanes."""

    __slots__ = ()

    def __init__(self, name: str, dtype: str, lanes: int = 1) -> None:
        super().__init__(name, dtype)
        self.lanes = lanes


class Slice(Expr):
    """`lanes` lanes of a named vector from lane `start` on (lowered programs only)."""

    __slots__ = ("value", "start")

    def __init__(self, value: Expr, start: int, lanes: int) -> None:
        self.value = value
        self.start = start
        self.dtype = value.dtype
        self.lanes = lanes

    def __repr__(self) -> str:
        return f"slice({self.value!r}, {self.start}, {self.lanes})"
