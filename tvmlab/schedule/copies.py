"""Blocks that copy one buffer to another, and a place for them at the root of a program."""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Var
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Seq, Stmt, Store
from tvmlab.ir.walk import blocks
from tvmlab.schedule.find import fresh_names, sites


def copy_nest(name: str, source: Buffer, target: Buffer) -> Stmt:
    """Loops `i0, i1, ...` around a block `name` that copies every element."""
    loops = [For(Var(f"i{n}"), e, Seq(())) for n, e in enumerate(source.extents)]
    iters = [Iter(Var("v" + loop.var.name), loop.extent) for loop in loops]
    point = tuple(it.var for it in iters)
    region = [(p, 1) for p in point]
    nest: Stmt = Block(
        name,
        iters,
        [loop.var for loop in loops],
        TRUE,
        [Region(source, region)],
        [Region(target, region)],
        None,
        Store(target, point, Load(source, point), name),
    )
    for loop in reversed(loops):
        nest = loop.replace(body=nest)
    return nest


def at_root(program: Program, block: Block, nest: Stmt, after: bool) -> Stmt:
    """The body of `program` with `nest` beside the root statement that holds `block`."""
    parts = list(program.body.stmts) if isinstance(program.body, Seq) else [program.body]
    place = next(n for n, part in enumerate(parts) if block in list(blocks(part)))
    parts.insert(place + 1 if after else place, nest)
    return Seq(parts)


def beside(program: Program, block: Block, buffer: Buffer) -> str | None:
    """The name of another block in the same root nest that touches `buffer`, if there is one."""
    parts = program.body.stmts if isinstance(program.body, Seq) else (program.body,)
    nest = next(list(blocks(part)) for part in parts if block in list(blocks(part)))
    for other in nest:
        touches = [r.buffer for r in (*other.reads, *other.writes)]
        if other is not block and buffer in touches:
            return other.name
    return None


def fresh_block_name(program: Program, wanted: str) -> str:
    """`wanted`, unlike every block and buffer of the program."""
    taken = [s.block.name for s in sites(program)]
    taken += [b.name for b in (*program.params, *program.buffers)]
    return fresh_names(taken, [wanted])[0]
