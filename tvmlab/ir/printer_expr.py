"""Expressions as text, in as few parentheses as their meaning allows."""

from __future__ import annotations

from math import inf, isinf, isnan
from typing import Any

from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Ramp, Select, Var
from tvmlab.ir.local import Slice
from tvmlab.ir.printed import Line
from tvmlab.ir.program import Stmt

PRECEDENCE = {
    "or": 1, "and": 2,
    "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "|": 5, "^": 6, "&": 7, "<<": 8, ">>": 8,
    "+": 10, "-": 10, "*": 11, "/": 11, "//": 11, "%": 11,
}  # fmt: skip


class ExprWriter:
    """Builds lines; what is put into the line being written is in `_pieces`."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._pieces: list[Any] = []

    def put(self, text: str, kind: str = "", node: Expr | Stmt | Buffer | None = None) -> None:
        """Write `text`, a token of `kind` (empty: none) that was printed from `node`."""
        self._pieces += (text, kind, node)

    def end(
        self, node: Stmt | None, block: str | None, loop: tuple[str, str] | None = None
    ) -> None:
        """End the line."""
        text = "".join(self._pieces[::3])
        self.lines.append(Line(text, tuple(self._pieces), node, loop, block))
        self._pieces = []

    def expr(self, e: Expr, outer: int = 0) -> None:
        """Write `e`, in parentheses if it binds less tightly than `outer`."""
        if isinstance(e, Var):
            self.put(e.name, "variable", e)
        elif isinstance(e, Const):
            self.const(e, outer)
        elif isinstance(e, Binary):
            self.binary(e, outer)
        elif isinstance(e, Load):
            self.access(e.buffer, e.indices, e)
        elif isinstance(e, Call):
            self.call(e.function, e.args, e)
        elif isinstance(e, Cast):
            self.put(e.dtype, "dtype", e)
            self.arguments((e.value,))
        elif isinstance(e, Select):
            self.call("select", (e.condition, e.a, e.b), e)
        elif isinstance(e, Slice):
            lanes = (e.value, Const(e.start, INDEX), Const(e.lanes, INDEX))
            self.call("slice", lanes, e)
        else:
            assert isinstance(e, Ramp)
            self.call("ramp", (e.base, Const(e.lanes, INDEX)), e)

    def const(self, e: Const, outer: int) -> None:
        if e.dtype == "bool":
            self.put(str(bool(e.value)), "number", e)
        elif e.dtype not in (INDEX, "float32"):
            self.put(e.dtype, "dtype", e)
            self.put("(")
            self.put(number_text(e.value), "number", e)
            self.put(")")
        else:
            parenthesised = e.value < 0 and outer > PRECEDENCE["+"]
            text = number_text(e.value)
            self.put(f"({text})" if parenthesised else text, "number", e)

    def binary(self, e: Binary, outer: int) -> None:
        if e.op in ("min", "max"):
            self.call(e.op, (e.a, e.b), e)
            return
        level = PRECEDENCE[e.op]
        if level < outer:
            self.put("(")
        self.expr(e.a, level if level != 4 else level + 1)
        self.put(" ")
        self.put(e.op, "operator", e)
        self.put(" ")
        # The right side of - / // % (and of * after //) must be parenthesised at equal level;
        # float sums and products keep their grouping because rounding depends on it.
        self.expr(e.b, level + 1)
        if level < outer:
            self.put(")")

    def call(self, name: str, args: tuple[Expr, ...], node: Expr) -> None:
        self.put(name, "function", node)
        self.arguments(args)

    def arguments(self, args: tuple[Expr, ...]) -> None:
        self.put("(")
        self.comma_separated(args)
        self.put(")")

    def comma_separated(self, args: tuple[Expr, ...]) -> None:
        for n, arg in enumerate(args):
            if n:
                self.put(", ")
            self.expr(arg)

    def access(self, buffer: Buffer, indices: tuple[Expr, ...], node: Expr | Stmt) -> None:
        self.put(buffer.name, "buffer", node)
        self.put("[")
        self.comma_separated(indices)
        self.put("]" if indices else "()]")

    def extent(self, extent: Extent) -> None:
        if isinstance(extent, int):
            self.put(str(extent), "number")
        else:
            self.expr(extent)


def number_text(value: int | float) -> str:
    """A literal as text that reads back to the same number, as formatters of Python leave it."""
    if isinstance(value, int):
        return str(value)
    if isnan(value):
        return "nan"
    if isinf(value):
        return "inf" if value == inf else "-inf"
    return repr(value).replace("e+", "e")
