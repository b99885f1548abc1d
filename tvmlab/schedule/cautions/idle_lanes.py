"""Vector lanes that have nothing to do, as after a split that does not divide."""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.ir import dtypes
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Const
from tvmlab.ir.program import Block, Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import sites

REGISTER_BYTES = 64
"""Of AVX-512; where registers are shorter, fewer lanes are idle than is said here."""

MOST_IDLE = 0.15
"""A last vector that is not full is no loss in a long row; from here on it is one."""


def idle_lanes(program: Program) -> Iterator[Caution]:
    """Vectorized loops of whose lanes a predicate keeps a good share idle."""
    for site in sites(program):
        loop = site.loops[-1] if site.loops else None
        if loop is None or loop.kind != "vectorized" or not isinstance(loop.extent, int):
            continue
        for bound in conjuncts(site.block.where):
            if not (isinstance(bound, Binary) and bound.op == "<" and isinstance(bound.b, Const)):
                continue
            if loop.var not in variables(bound.a):
                continue
            needed = int(bound.b.value)
            idle = 1 - needed / _executed(needed, loop.extent, _size_bytes(site.block))
            if idle > MOST_IDLE:
                yield Caution(
                    "idle_lanes",
                    site.block.name,
                    loop.var.name,
                    f"vectors of {loop.extent} lanes over {needed} elements leave "
                    f"{100 * idle:.0f} % of the lanes idle",
                    "split by a factor that divides the extent, or a smaller one",
                    idle,
                )


def _executed(needed: int, lanes: int, element_bytes: int) -> int:
    """Lanes that run: all of every whole vector, and of the last one those of the registers that it
    takes, for lowering gives a tail the lanes that are left of it."""
    register = min(lanes, max(1, REGISTER_BYTES // element_bytes))
    whole, tail = divmod(needed, lanes)
    return whole * lanes + -(-tail // register) * register


def _size_bytes(block: Block) -> int:
    """Bytes of an element of what a block writes."""
    return dtypes.size_bytes(block.writes[0].buffer.dtype)
