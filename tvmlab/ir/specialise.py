"""A program for any sizes at given ones: a program whose extents are all numbers."""

from __future__ import annotations

from tvmlab.ir.buffer import Extent
from tvmlab.ir.expr import Const, Expr
from tvmlab.ir.program import Allocate, Block, For, Iter, Program, Region, Stmt
from tvmlab.ir.shapes import Values, sizes_of, value_of
from tvmlab.ir.size import Size
from tvmlab.ir.walk import replace_buffers, rewrite, stmts


def specialise(program: Program, values: Values) -> Program:
    """`program` with every size replaced by its value; itself where it has no sizes.

    What it does at these sizes is, statement by statement, what `program` does.
    """
    if not sizes_of(program):
        return program
    buffers = [*program.params, *program.buffers]
    buffers += [s.buffer for s in stmts(program.body) if isinstance(s, Allocate)]
    known = {b: b.replace(shape=[value_of(e, values) for e in b.shape]) for b in buffers}

    def extent(given: Extent) -> Extent:
        return value_of(given, values)

    def on_expr(e: Expr) -> Expr | None:
        return Const(values[e], e.dtype) if isinstance(e, Size) else None

    def region(r: Region) -> Region:
        return Region(r.buffer, [(start, extent(size)) for start, size in r.bounds])

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, For) and isinstance(s.extent, Expr):
            return s.replace(extent=_number(s.extent))
        if isinstance(s, Block):
            return s.replace(
                iters=tuple([Iter(it.var, extent(it.extent), it.kind) for it in s.iters]),
                reads=tuple([region(r) for r in s.reads]),
                writes=tuple([region(w) for w in s.writes]),
            )
        return None

    body = replace_buffers(rewrite(program.body, on_stmt, on_expr), known)
    return Program(
        program.name,
        [known[b] for b in program.params],
        program.outputs,
        [known[b] for b in program.buffers],
        body,
    )


def _number(extent: Expr) -> int:
    """A loop's extent after its sizes were replaced."""
    assert isinstance(extent, Const), f"the extent {extent!r} is over more than sizes"
    return int(extent.value)
