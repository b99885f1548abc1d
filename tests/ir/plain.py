"""A program in the form that its text can tell: the parts that have two forms in one of them.

Sequences inside sequences are one, allocations and named values live to the end of their lines, a
cast of a literal that prints like a literal is one, a region names no variable that takes one value
only, those of a block with loops inside are the boxes that its text tells, and loops, allocations
and named values share no variable and no buffer.
"""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Cast, Const, Expr, Var
from tvmlab.ir.local import Local
from tvmlab.ir.program import Allocate, Block, For, Let, Program, Region, Seq, Stmt
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import map_children, replace_buffers, rewrite, substitute, substitute_stmt


def plain(program: Program) -> Program:
    """`program` with nothing left that its text could not tell."""
    return program.with_body(_apart(_sequences(rewrite(program.body, _regions, _literals))))


def _apart(s: Stmt) -> Stmt:
    if isinstance(s, For):
        var = Var(s.var.name)
        body = rewrite(s.body, lambda x: None, lambda e: var if e is s.var else None)
        s = s.replace(var=var, body=body)
    elif isinstance(s, Allocate):
        old = s.buffer
        s = replace_buffers(s, {old: Buffer(old.name, old.shape, old.dtype, old.scope)})
    elif isinstance(s, Let):
        own = Local(s.var.name, s.var.dtype, s.var.lanes)
        s = Let(own, s.value, substitute_stmt(s.body, {s.var: own}))
    return map_children(s, _apart, lambda e: None)


def _literals(e: Expr) -> Expr | None:
    if isinstance(e, Cast) and isinstance(e.value, Const) and e.dtype not in ("float32", "int64"):
        same_kind = dtypes.is_float(e.dtype) == isinstance(e.value.value, float)
        usual = e.value.dtype in ("float32", "int64")
        return Const(e.value.value, e.dtype) if same_kind and usual else None
    return None


def _regions(s: Stmt) -> Stmt | None:
    if not isinstance(s, Block):
        return None
    single = {it.var: Const(0, "int64") for it in s.iters if it.extent == 1}

    def told(region: Region) -> Region:
        return Region(region.buffer, [(substitute(a, single), n) for a, n in region.bounds])

    given = regions(s.body) if isinstance(s.body, For) else (s.reads, s.writes)
    reads, writes = ([told(r) for r in part] for part in given)
    return Block(s.name, s.iters, s.bindings, s.where, reads, writes, s.init, s.body)


def _sequences(s: Stmt) -> Stmt:
    s = map_children(s, _sequences, lambda e: None)
    if not isinstance(s, Seq):
        return s
    parts: list[Stmt] = []
    for part in s.stmts:
        parts += part.stmts if isinstance(part, Seq) else (part,)
    for n, part in enumerate(parts):
        if isinstance(part, (Allocate, Let)) and n < len(parts) - 1:
            inside = _sequences(Seq([part.body, *parts[n + 1 :]]))
            whole: Stmt = (
                Allocate(part.buffer, inside)
                if isinstance(part, Allocate)
                else (Let(part.var, part.value, inside))
            )
            return _sequences(Seq([*parts[:n], whole])) if n else whole
    return parts[0] if len(parts) == 1 else Seq(parts)
