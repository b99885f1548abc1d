"""Blocks that copy one buffer to another, and a place for them at the root of a program."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

from tvmlab.analysis.regions import Box
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, binary, const, select
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import TRUE, Block, Iter, Program, Region, Seq, Stmt, Store
from tvmlab.ir.walk import blocks
from tvmlab.schedule.find import sites
from tvmlab.schedule.nest import nest_over


def copy_nest(name: str, source: Buffer, target: Buffer, box: Box | None) -> Stmt:
    """Loops `i0, i1, ...` around a block `name` that copies the elements of `box` (None: all)."""
    iters = _iters(source)
    block = _copying(name, iters, source, target, Load(source, tuple([it.var for it in iters])))
    spans = box if box is not None else tuple(None for _ in iters)
    return nest_over(block, dict(zip((it.var for it in iters), spans, strict=True)), {}, ())


def padded_nest(name: str, source: Buffer, target: Buffer, limits: Sequence[int | None]) -> Stmt:
    """Loops around a block `name` that stores every element of `target`: `source`'s, or zero.

    Args:
        name: of the block.
        source: what is copied, of as many dimensions.
        target: what is written, all of it.
        limits: for each dimension the number of elements to copy, beyond which it is zero; None
            where all of `target` has its like in `source`.
    """
    iters = _iters(target)
    point = tuple([it.var for it in iters])
    value: Expr = Load(source, point)
    conditions = [
        binary("<", v, Const(limit, INDEX))
        for v, limit in zip(point, limits, strict=True)
        if limit is not None
    ]
    if conditions:
        value = select(reduce(partial(binary, "and"), conditions), value, const(0, source.dtype))
    return nest_over(_copying(name, iters, source, target, value), {}, {}, ())


def _iters(buffer: Buffer) -> list[Iter]:
    """A variable over each dimension of `buffer`."""
    return [Iter(Var(f"vi{n}"), extent) for n, extent in enumerate(buffer.shape)]


def _copying(
    name: str, iters: Sequence[Iter], source: Buffer, target: Buffer, value: Expr
) -> Block:
    """A block that stores `value`, which is of `source`, at the same place of `target`."""
    point = tuple([it.var for it in iters])
    region = [(p, 1) for p in point]
    return Block(
        name,
        iters,
        [Const(0, INDEX) for _ in iters],
        TRUE,
        [Region(source, region)],
        [Region(target, region)],
        None,
        Store(target, point, value, name),
    )


def root_nest(program: Program, block: Block) -> Stmt:
    """The statement at the root of the program that holds `block`."""
    parts = program.body.stmts if isinstance(program.body, Seq) else (program.body,)
    return next(part for part in parts if block in list(blocks(part)))


def at_root(program: Program, block: Block, nest: Stmt, after: bool) -> Stmt:
    """The body of `program` with `nest` beside the root statement that holds `block`."""
    parts = list(program.body.stmts) if isinstance(program.body, Seq) else [program.body]
    place = next(n for n, part in enumerate(parts) if block in list(blocks(part)))
    parts.insert(place + 1 if after else place, nest)
    return Seq(parts)


def beside(program: Program, block: Block, buffer: Buffer) -> list[Block]:
    """The other blocks in the same root nest that touch `buffer`."""
    return [
        other
        for other in blocks(root_nest(program, block))
        if other is not block and buffer in [r.buffer for r in (*other.reads, *other.writes)]
    ]


def fresh_block_name(program: Program, wanted: str) -> str:
    """`wanted`, unlike every block and buffer of the program."""
    taken = [s.block.name for s in sites(program)]
    taken += [b.name for b in (*program.params, *program.buffers)]
    return fresh_names(taken, [wanted])[0]
