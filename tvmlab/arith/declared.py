"""Whether a block's declared regions hold all that its inside touches: steps believe them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tvmlab.arith.bounds import Interval, bounds
from tvmlab.arith.simplify import extent_range, loop_range
from tvmlab.errors import VerifyError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.program import Block, For, Program, Region, Stmt, Store
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import blocks, exprs, exprs_of, nests, sub_stmts

Ranges = dict[Var, Interval]


class Access(NamedTuple):
    """An element that a block reads or writes, over its variables and the loops inside it."""

    buffer: Buffer
    indices: tuple[Expr, ...]
    is_write: bool


def verify_declared(program: Program) -> None:
    """Check that every access in a block provably lies in a region the block declares.

    What a block writes it may also read, without saying so: its accumulator.

    Raises:
        VerifyError: naming the block and the access that no region holds.
    """
    for nest in nests(program.body):
        _verify_nest(nest)


@kept_with_statement
def _verify_nest(nest: Stmt) -> None:
    """Check the blocks of one nest; what a step leaves as it was is known from before."""
    for block in blocks(nest):
        _verify_block(block)


@kept_with_statement
def _verify_block(block: Block) -> None:
    """Check one block; the blocks that a step leaves as they were are known from before."""
    ranges: Ranges = {it.var: extent_range(it.extent, {}) for it in block.iters}
    for access in _accesses([s for s in (block.init, block.body) if s is not None], ranges):
        regions = block.writes if access.is_write else (*block.reads, *block.writes)
        if not any(_holds(region, access, ranges) for region in regions):
            what = "written" if access.is_write else "read"
            shown = ", ".join(map(repr, access.indices))
            raise VerifyError(
                f"block {block.name}: {access.buffer.name}[{shown}] is {what}, and no region "
                "that the block declares surely holds it."
            )


def _accesses(inside: Iterable[Stmt], ranges: Ranges) -> Iterator[Access]:
    """The accesses of statements and those below them; `ranges` grows with the loops entered."""
    for s in inside:
        if isinstance(s, Block):
            continue  # it declares its own
        if isinstance(s, For):
            ranges[s.var] = loop_range(s, ranges)
        if isinstance(s, Store):
            yield Access(s.buffer, s.indices, True)
        for expr in exprs_of(s):
            for e in exprs(expr):
                if isinstance(e, Load):
                    yield Access(e.buffer, e.indices, False)
        yield from _accesses(sub_stmts(s), ranges)


def _holds(region: Region, access: Access, ranges: Ranges) -> bool:
    if region.buffer is not access.buffer:
        return False
    bounded = zip(region.bounds, access.indices, region.buffer.shape, strict=True)
    for (start, extent), index, whole in bounded:
        if same_extent(extent, whole) and isinstance(start, Const) and start.value == 0:
            continue  # all there are, wherever the index leads
        offset = index - start
        if bounds(offset, ranges)[0] < 0 or bounds(offset - extent, ranges)[1] >= 0:
            return False
    return True
