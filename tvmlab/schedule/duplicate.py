"""A second instance of a nest: the same statements with names and private buffers of their own."""

from __future__ import annotations

from collections.abc import Iterable

from tvmlab.analysis.parallelism import is_private
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.local import Local
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Block, For, Iter, Let, Program, Stmt
from tvmlab.ir.walk import blocks, replace_buffers, rewrite, stmts, substitute_stmt
from tvmlab.schedule.find import sites


def names_taken(program: Program) -> set[str]:
    """The names of every block and buffer of the program."""
    taken = {site.block.name for site in sites(program)}
    return taken | {b.name for b in (*program.params, *program.buffers)}


def private_buffers(program: Program, loop: For) -> list[Buffer]:
    """The intermediates of which each iteration of `loop` could have one of its own."""
    written = dict.fromkeys(w.buffer for b in blocks(loop.body) for w in b.writes)
    return [b for b in written if b in program.buffers and is_private(program, loop, b)]


def duplicate(stmt: Stmt, own: Iterable[Buffer], taken: set[str]) -> tuple[Stmt, list[Buffer]]:
    """`stmt` once more, as it could stand beside itself.

    Args:
        stmt: the statement.
        own: buffers that the second instance gets anew.
        taken: names of blocks and buffers; those of the second instance are added.

    Returns:
        the second instance, and its buffers in the order of `own`.
    """
    inside = list(stmts(stmt))
    bound: dict[Var, Expr] = {s.var: Var(s.var.name) for s in inside if isinstance(s, For)}
    for s in inside:
        if isinstance(s, Let):
            bound[s.var] = Local(s.var.name, s.var.dtype, s.var.lanes)

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, For):
            var = bound[s.var]
            assert isinstance(var, Var)
            return s.replace(var=var)
        if isinstance(s, Let):
            named = bound[s.var]
            assert isinstance(named, Local)
            return Let(named, s.value, s.body)
        if isinstance(s, Block):
            (name,) = fresh_names(taken, [s.name])
            taken.add(name)
            return _renamed(s, name)
        return None

    renamed = rewrite(substitute_stmt(stmt, bound), on_stmt)
    new: dict[Buffer, Buffer] = {}
    for buffer in own:
        (name,) = fresh_names(taken, [buffer.name])
        taken.add(name)
        new[buffer] = buffer.replace(name=name)
    return replace_buffers(renamed, new), list(new.values())


def _renamed(block: Block, name: str) -> Block:
    """The block as `name`, over iteration variables of its own."""
    fresh: dict[Var, Expr] = {it.var: Var(it.var.name) for it in block.iters}
    new = substitute_stmt(block, fresh)
    assert isinstance(new, Block)
    iters = []
    for it in block.iters:
        var = fresh[it.var]
        assert isinstance(var, Var)
        iters.append(Iter(var, it.extent, it.kind))
    return new.replace(name=name, iters=tuple(iters))
