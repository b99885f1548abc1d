"""Hints at the start of an iteration: the lines that a later one reads, as `prefetch` asks.

    for k in range(64, prefetch="A@4"):          for k in range(64):
        for x in range(8):                 ->        for x in range(4):
            C[ramp(x * 8, 8)] +=                         prefetch(A[k + 4, x * 16])
                A[k, ramp(x * 8, 8)]                 for x in range(8): ...

Each load is asked for in the loops inside over which it moves, and its lanes are one more such
loop. One that moves along memory by less than a line of the caches takes as many of its iterations
at once as share one. A row may begin inside a line, whose last elements are then in a line that
nothing asks for.
"""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.analysis.prefetching import PREFETCH, Ahead, ahead_of
from tvmlab.arith.linear import atom_expr
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX, size_bytes
from tvmlab.ir.expr import Const, Expr, Ramp, Var
from tvmlab.ir.local import Local
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import For, Prefetch, Program, Seq, Stmt
from tvmlab.ir.walk import exprs, exprs_of, rewrite, rewrite_expr, sub_stmts, substitute, variables

LINE_BYTES = 64
"""What a cache fetches at once, on x86 and on most ARM processors."""

Indices = tuple[Expr, ...]


def write_prefetches(program: Program) -> Program:
    """The program without the annotation `prefetch`."""

    def on_stmt(s: Stmt) -> Stmt | None:
        ahead = ahead_of(dict(s.annotations).get(PREFETCH)) if isinstance(s, For) else None
        if not isinstance(s, For) or ahead is None:
            return None
        hints = {_said(h): h for each in ahead for h in _hints(s, each)}
        kept = tuple(a for a in s.annotations if a[0] != PREFETCH)
        return s.replace(body=Seq([*hints.values(), s.body]) if hints else s.body, annotations=kept)

    return program.with_body(rewrite(program.body, on_stmt))


def _said(hint: Stmt) -> str:
    """What tells two hints apart: the loops and the element."""
    if isinstance(hint, For):
        return f"{hint.var.name} {hint.extent!r} {_said(hint.body)}"
    assert isinstance(hint, Prefetch)
    return f"{hint.buffer.name} {hint.indices!r}"


def _hints(loop: For, ahead: Ahead) -> Iterator[Stmt]:
    """A nest for each load of the buffer that moves with the loop whose iterations are counted."""
    for load, inside in _loads(loop.body, ahead.buffer, ()):
        indices, lanes = _spread(load.indices)
        used = {v for i in indices for v in variables(i)}
        along = loop.var
        if ahead.along:
            along = next((v for v in used if v.name == ahead.along), loop.var)
        if along not in used or any(isinstance(v, Local) for v in used):
            continue
        later = tuple([substitute(i, {along: along + ahead.distance}) for i in indices])
        yield _nest(load.buffer, later, [o for o in (*inside, *lanes) if o.var in used])


def _loads(
    stmt: Stmt, name: str, inside: tuple[For, ...]
) -> Iterator[tuple[Load, tuple[For, ...]]]:
    """The loads of the buffer from memory, each with the loops around it."""
    for expr in exprs_of(stmt):
        for e in exprs(expr):
            if isinstance(e, Load) and e.buffer.name == name and e.buffer.scope != "register":
                yield e, inside
    inner = (*inside, stmt) if isinstance(stmt, For) else inside
    for below in sub_stmts(stmt):
        yield from _loads(below, name, inner)


def _spread(indices: Indices) -> tuple[Indices, tuple[For, ...]]:
    """Vectors of indices as those of one lane, and the loop over the lanes."""
    lanes = max([i.lanes for i in indices], default=1)
    if lanes == 1:
        return indices, ()
    taken = [v.name for i in indices for v in variables(i)]
    lane = Var(fresh_names(taken, ["lane"])[0])

    def on_expr(e: Expr) -> Expr | None:
        return e.base + lane if isinstance(e, Ramp) else None

    one = tuple([rewrite_expr(i, on_expr) for i in indices])
    return one, (For(lane, lanes, Seq(()), "unrolled"),)


def _nest(buffer: Buffer, indices: Indices, loops: list[For]) -> Stmt:
    """The element in loops of its own, one iteration for each line."""
    own: list[For] = []
    for loop in loops:
        together = _together(buffer, indices, loop.var)
        extent = (loop.extent + (together - 1)) // together
        var = Var(loop.var.name)
        is_one = isinstance(extent, int) and extent == 1
        at: Expr = Const(0, INDEX) if is_one else var * together
        indices = tuple([substitute(i, {loop.var: at}) for i in indices])
        if not is_one:
            kind = "unrolled" if loop.kind == "unrolled" else "serial"
            own.append(For(var, extent, Seq(()), kind))
    nest: Stmt = Prefetch(buffer, indices)
    for loop in reversed(own):
        nest = loop.replace(body=nest)
    return nest


def _together(buffer: Buffer, indices: Indices, var: Var) -> int:
    """How many iterations over `var` read the same line: 1 where it moves another way."""
    if any(var in variables(i) for i in indices[:-1]):
        return 1
    terms = linear(indices[-1], {}).terms
    if any(var in variables(atom_expr(a)) for a in terms if a is not var):
        return 1
    step = abs(terms.get(var, 0)) * size_bytes(buffer.dtype)
    return max(LINE_BYTES // step, 1) if step else 1
