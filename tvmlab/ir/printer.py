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

from functools import lru_cache
from json import dumps

from tvmlab.ir.buffer import PROMISES, Buffer, Extent
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.printed import Line, Printed
from tvmlab.ir.printer_expr import ExprWriter
from tvmlab.ir.program import (
    Allocate,
    Barrier,
    Block,
    Commit,
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

Around = tuple[tuple[Var, Extent], ...]
"""The loops around a statement, outermost first."""


class _Writer(ExprWriter):
    """Builds the lines of a program, or of a statement below the loops `around`."""

    def __init__(self, around: Around = ()) -> None:
        super().__init__()
        self._around = around

    def stmt(self, s: Stmt, indent: int, block: str | None) -> None:
        if isinstance(s, Seq):
            for part in s.stmts:
                self.stmt(part, indent, block)
            return
        if isinstance(s, (For, Block)):
            self.lines += _nest(s, indent, block, self._around)
            return
        self.put("    " * indent)
        if isinstance(s, Store):
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
            self.put(f", pending={s.pending})" if s.pending else ")")
            self.end(s, block)
        elif isinstance(s, Commit):
            self.put("commit", "function", s)
            self.put("()")
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
        self.put("    " * indent)
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
        self._around = (*self._around, (s.var, s.extent))
        first = block or first_block(s)
        self.end(s, first, (first, s.var.name) if first else None)
        self.stmt(s.body, indent + 1, block)

    def block(self, s: Block, indent: int) -> None:
        self.put("    " * indent)
        self.put("with", "keyword")
        self.put(" ")
        self.put("block", "function", s)
        self.put("(")
        self.put(f'"{s.name}"', "block", s)
        bound = [(it.var, it.kind, b) for it, b in zip(s.iters, s.bindings, strict=False)]
        usual = iteration_extents(bound, s.where, dict(self._around), s.body)
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
        if buffer.swizzle:
            self.put(f", swizzle={buffer.swizzle}")
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
            promises = [p for p in PROMISES if getattr(buffer, p)]
            self.put("".join(f"{promise}(" for promise in promises))
            self.type_of(buffer)
            self.put(")" * len(promises))
        self.put("):")
        self.end(None, None)
        for buffer in p.buffers:
            self.lines.append(_declaration(buffer))
        self.stmt(p.body, 1, None)


@kept_with_statement
def _nest(s: For | Block, indent: int, block: str | None, around: Around) -> tuple[Line, ...]:
    """The lines of a loop or block below the loops `around`.

    Kept, so of the program after a step only what is new is printed.
    """
    writer = _Writer(around)
    if isinstance(s, For):
        writer.loop(s, indent, block)
    else:
        writer.block(s, indent)
    return tuple(writer.lines)


KEPT = 1 << 14
"""Buffers whose lines are kept: those of some programs of ten thousand lines."""


@lru_cache(maxsize=KEPT)
def _declaration(buffer: Buffer) -> Line:
    """The line of a buffer that is alive in the whole program."""
    writer = _Writer()
    writer.put("    ")
    writer.put(buffer.name, "buffer", buffer)
    writer.put(" = ")
    writer.put("allocate", "function")
    writer.put("(")
    writer.stored(buffer)
    writer.end(None, None)
    return writer.lines[0]


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
    writer = ExprWriter()
    writer.expr(expr)
    writer.end(None, None)
    return writer.lines[0].text


Program.show = staticmethod(text)
