"""Fuse: adjacent loops become one.

Other systems: TVM `fuse`, Halide `fuse`, Exo `mult_loops`.

Legal on serial loops that follow each other directly in a perfect nest, all of them spatial or
all of them reductions.

Before:

    for i in range(4):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0

After `s["B"].fuse("i", "j")`:

    for ij in range(32):
        with block("B", vi=ij // 8, vj=ij % 8):
            B[vi, vj] = A[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tvmlab.analysis.regions import simplified
from tvmlab.ir.buffer import Extent
from tvmlab.ir.expr import Expr, Var, fold
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.shapes import as_index
from tvmlab.ir.walk import blocks, variables
from tvmlab.schedule.find import Site, exchange, names_on_paths, ranges_of, rebind
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Fuse(Step):
    """Make one loop of `loops`, which follow each other directly, outermost first."""

    name = "fuse"
    summary = "make one loop of adjacent loops"
    example = 'fuse("yo", "xo")'
    loops: tuple[str, ...] = argument("loops", "the loops to fuse, outermost first")

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> Fuse:
        """`fuse(outer, inner, ...)`."""
        loops = kwargs.pop("loops", args)
        if kwargs:
            raise cls.misuse(block, args, kwargs, "fuse takes loops only")
        return cls.checked(block, {"loops": loops})

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The loops, one argument each."""
        return list(self.loops), {}

    def require(self, program: Program) -> None:
        """At least two serial loops, directly nested in this order, of one kind of binding."""
        site = self.site(program)
        loops = [self.find_serial_loop(site, name) for name in self.loops]
        if len(loops) < 2:
            raise self.refuse("", "fuse needs at least two loops", "name two adjacent loops")
        for outer, inner in pairwise(loops):
            if outer.body is not inner:
                raise self.refuse(
                    inner.var.name,
                    f"{inner.var.name} is not directly inside {outer.var.name}",
                    "reorder them next to each other first; the order is "
                    + ", ".join(site.names()),
                )
        for block in blocks(loops[-1].body):
            kinds = {
                name: _kinds(block, loop) for name, loop in zip(self.loops, loops, strict=True)
            }
            if len(set().union(*kinds.values())) > 1:
                raise self.refuse(
                    ", ".join(self.loops),
                    f"in block {block.name} one loop is spatial and another a reduction",
                    "fuse loops of one kind",
                )

    def results(self, program: Program) -> list[str]:
        """The names of the loops, joined."""
        loop = self.find_loop(self.site(program), self.loops[0])
        taken = names_on_paths(program, loop) - set(self.loops)
        return fresh_names(taken, ["".join(self.loops)])

    def apply(self, program: Program) -> Program:
        """The outermost loop exchanged for one over the product of the extents."""
        site = self.site(program)
        loops = [self.find_loop(site, name) for name in self.loops]
        extent: Extent = 1
        fused = Var(self.results(program)[0])
        values: dict[Var, Expr] = {}
        for loop in reversed(loops):
            above = fold("//", fused, as_index(extent))
            is_outermost = loop is loops[0]
            values[loop.var] = above if is_outermost else above % as_index(loop.extent)
            extent = simplified(loop.extent * extent)
        new = For(fused, extent, loops[-1].body)
        outer = site.loops[: site.loops.index(loops[0])]
        body = rebind(loops[-1].body, values, None, ranges_of((*outer, new)))
        return exchange(program, loops[0], new.replace(body=body))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Fuse]:
        """The loop with the one directly inside it."""
        if isinstance(loop.body, For):
            yield cls(site.block.name, (loop.var.name, loop.body.var.name))


def _kinds(block: Block, loop: For) -> set[str]:
    """The kinds of the block's iteration variables that the loop's variable reaches."""
    return {
        it.kind
        for it, binding in zip(block.iters, block.bindings, strict=True)
        if loop.var in variables(binding)
    }
