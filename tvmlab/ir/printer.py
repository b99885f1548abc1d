"""Programs as text: stable, Python-like, one line a statement, every token linked to its node.

    def C(A: float32[4, 4], B: float32[4, 4], C: float32[4, 4]):
        for y in range(4):
            for x in range(4):
                for k in range(4):
                    with block("C", vy=y, vx=x, vk=reduce(k)):
                        with init():
                            C[vy, vx] = 0.0
                        C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]

Sizes that only a call tells stand before the buffers: `def C(n: size, A: float32[n], ...)`, or
`n: size(2, 64)` where n is at least 2 and at most 64. A block's iteration variable whose extent
does not follow from the rest of the text says it: `vy=spatial(y, 8)`.

The text parses as Python, which is what gives it its precedences.
"""

from __future__ import annotations

from json import dumps
from math import inf, isinf, isnan
from typing import Any

from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Ramp, Select, Var
from tvmlab.ir.local import Slice
from tvmlab.ir.printed import Line, Printed
from tvmlab.ir.program import (
    Allocate,
    Barrier,
    Block,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Program,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.shapes import bounds_text, sizes_of
from tvmlab.ir.unsaid import iteration_extents

LOOP_WORDS = {
    "serial": "range",
    "parallel": "parallel",
    "vectorized": "vectorized",
    "unrolled": "unrolled",
    "bound": "bound",
    "tree": "tree",
}
PRECEDENCE = {
    "or": 1, "and": 2,
    "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "|": 5, "^": 6, "&": 7, "<<": 8, ">>": 8,
    "+": 10, "-": 10, "*": 11, "/": 11, "//": 11, "%": 11,
}  # fmt: skip


class _Writer:
    """Builds the lines of a program; what is put into the line being written is in `_pieces`."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.loops: dict[Var, Extent] = {}
        self._pieces: list[Any] = []

    def put(self, text: str, kind: str = "", node: Expr | Stmt | Buffer | None = None) -> None:
        self._pieces += (text, kind, node)

    def end(
        self, node: Stmt | None, block: str | None, loop: tuple[str, str] | None = None
    ) -> None:
        text = "".join(self._pieces[::3])
        self.lines.append(Line(text, tuple(self._pieces), node, loop, block))
        self._pieces = []

    # Expressions

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

    # Statements

    def stmt(self, s: Stmt, indent: int, block: str | None) -> None:
        if isinstance(s, Seq):
            for part in s.stmts:
                self.stmt(part, indent, block)
            return
        self.put("    " * indent)
        if isinstance(s, For):
            self.loop(s, indent, block)
        elif isinstance(s, Block):
            self.block(s, indent)
        elif isinstance(s, Store):
            self.access(s.buffer, s.indices, s)
            self.put(" = ")
            self.expr(s.value)
            self.end(s, block or s.source)
        elif isinstance(s, If):
            self.branch(s, indent, block)
        elif isinstance(s, Invoke):
            self.invoke(s, block)
        elif isinstance(s, Prefetch):
            self.put("prefetch", "function", s)
            self.put("(")
            self.access(s.buffer, s.indices, s)
            self.put(")")
            self.end(s, block)
        elif isinstance(s, Barrier):
            self.put("barrier", "function", s)
            self.put("(")
            for n, buffer in enumerate(s.buffers):
                self.put(", " if n else "")
                self.put(buffer.name, "buffer", buffer)
            self.put(")")
            self.end(s, block)
        elif isinstance(s, Let):
            self.put(s.var.name, "variable", s.var)
            self.put(" = ")
            self.expr(s.value)
            self.end(s, block or first_block(s))
            self.stmt(s.body, indent, block)
        else:
            assert isinstance(s, Allocate)
            self.put(s.buffer.name, "buffer", s)
            self.put(" = ")
            self.put("allocate", "function", s)
            self.put("(")
            self.stored(s.buffer)
            self.end(s, block)
            self.stmt(s.body, indent, block)

    def loop(self, s: For, indent: int, block: str | None) -> None:
        self.put("for", "keyword")
        self.put(" ")
        self.put(s.var.name, "loop", s)
        self.put(" ")
        self.put("in", "keyword")
        self.put(" ")
        self.put(LOOP_WORDS[s.kind], "function", s)
        self.put("(")
        self.extent(s.extent)
        for name, value in s.annotations:
            self.put(f", {name}={dumps(value, ensure_ascii=False)}")
        self.put("):")
        self.loops[s.var] = s.extent
        first = block or first_block(s)
        self.end(s, first, (first, s.var.name) if first else None)
        self.stmt(s.body, indent + 1, block)

    def block(self, s: Block, indent: int) -> None:
        self.put("with", "keyword")
        self.put(" ")
        self.put("block", "function", s)
        self.put("(")
        self.put(f'"{s.name}"', "block", s)
        bound = [(it.var, it.kind, b) for it, b in zip(s.iters, s.bindings, strict=False)]
        usual = iteration_extents(bound, s.where, self.loops, s.body)
        for it, binding, unsaid in zip(s.iters, s.bindings, usual, strict=True):
            self.put(", ")
            self.put(it.var.name, "variable", it.var)
            self.put("=")
            if isinstance(it.extent, int) and it.extent != unsaid:
                self.call(it.kind, (binding, Const(it.extent, INDEX)), binding)
            elif it.is_reduce:
                self.call("reduce", (binding,), binding)
            else:
                self.expr(binding)
        if not (isinstance(s.where, Const) and s.where.value):
            self.put(", ")
            self.put("where", "keyword")
            self.put("=")
            self.expr(s.where)
        self.put("):")
        self.end(s, s.name)
        if s.init is not None:
            self.put("    " * (indent + 1))
            self.put("with", "keyword")
            self.put(" ")
            self.put("init", "function", s)
            self.put("():")
            self.end(s, s.name)
            self.stmt(s.init, indent + 2, s.name)
        self.stmt(s.body, indent + 1, s.name)

    def invoke(self, s: Invoke, block: str | None) -> None:
        self.put(s.name, "function", s)
        self.put("(")
        for n, operand in enumerate(s.operands):
            self.put(", " if n else "")
            self.access(operand.buffer, tuple(start for start, _ in operand.bounds), s)
        self.put(")")
        self.end(s, block)

    def branch(self, s: If, indent: int, block: str | None) -> None:
        self.put("if", "keyword")
        self.put(" ")
        self.expr(s.condition)
        self.put(":")
        self.end(s, block)
        self.stmt(s.then, indent + 1, block)
        if s.otherwise is not None:
            self.put("    " * indent)
            self.put("else", "keyword")
            self.put(":")
            self.end(s, block)
            self.stmt(s.otherwise, indent + 1, block)

    def stored(self, buffer: Buffer) -> None:
        """What an allocation says of a buffer: its type, and how it is stored."""
        self.type_of(buffer)
        if buffer.scope != "global":
            self.put(f', scope="{buffer.scope}"')
        if buffer.alignments:
            self.put(f", align={[list(a) for a in buffer.alignments]}")
        self.put(")")

    def type_of(self, buffer: Buffer) -> None:
        self.put(buffer.dtype, "dtype", buffer)
        self.put("[")
        for n, extent in enumerate(buffer.shape):
            if n:
                self.put(", ")
            self.extent(extent)
        self.put("]" if buffer.shape else "()]")

    def program(self, p: Program) -> None:
        self.put("def", "keyword")
        self.put(" ")
        self.put(p.name, "function")
        self.put("(")
        for size in sizes_of(p):
            self.put(size.name, "variable", size)
            self.put(f": {bounds_text(size)}, ")
        for n, buffer in enumerate(p.params):
            if n:
                self.put(", ")
            self.put(buffer.name, "buffer", buffer)
            self.put(": ")
            self.put("finite(" if buffer.finite else "")
            self.type_of(buffer)
            self.put(")" if buffer.finite else "")
        self.put("):")
        self.end(None, None)
        for buffer in p.buffers:
            self.put("    ")
            self.put(buffer.name, "buffer", buffer)
            self.put(" = ")
            self.put("allocate", "function")
            self.put("(")
            self.stored(buffer)
            self.end(None, None)
        self.stmt(p.body, 1, None)


def first_block(stmt: Stmt) -> str | None:
    """The name of the first block or block-born store below `stmt`."""
    if isinstance(stmt, Block):
        return stmt.name
    if isinstance(stmt, Store):
        return stmt.source
    below: tuple[Stmt | None, ...] = ()
    if isinstance(stmt, (For, Allocate, Invoke, Let)):
        below = (stmt.body,)
    elif isinstance(stmt, Seq):
        below = stmt.stmts
    elif isinstance(stmt, If):
        below = (stmt.then, stmt.otherwise)
    return next((b for s in below if s is not None and (b := first_block(s))), None)


def number_text(value: int | float) -> str:
    """A literal as text that reads back to the same number."""
    if isinstance(value, int):
        return str(value)
    if isnan(value):
        return "nan"
    if isinf(value):
        return "inf" if value == inf else "-inf"
    return repr(value)


def print_program(program: Program) -> Printed:
    """`program` as lines of tokens."""
    writer = _Writer()
    writer.program(program)
    return Printed(tuple(writer.lines))


def text(program: Program) -> str:
    """`program` as text."""
    return str(print_program(program))


def expr_text(expr: Expr) -> str:
    """`expr` as text."""
    writer = _Writer()
    writer.expr(expr)
    writer.end(None, None)
    return writer.lines[0].text


Program.show = staticmethod(text)
