"""Vector lanes that have nothing to do, as after a split that does not divide."""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.arith.simplify import interval
from tvmlab.ir.conjuncts import conjuncts
from tvmlab.ir.expr import Binary, Const
from tvmlab.ir.program import Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.find import ranges_of, sites

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
            reach = interval(bound.a, ranges_of(site.loops))[1] + 1
            idle = 1 - bound.b.value / reach
            if idle > MOST_IDLE:
                yield Caution(
                    "idle_lanes",
                    site.block.name,
                    loop.var.name,
                    f"vectors of {loop.extent} lanes over {bound.b.value} elements leave "
                    f"{idle:.0%} of the lanes idle",
                    "split by a factor that divides the extent, or a smaller one",
                    idle,
                )
