"""Decompose reduction: the first value of a reduction is stored by a block of its own.

Other systems: TVM `decompose_reduction`, Halide's pure and update definitions.

Legal at a loop with no reduction of the block outside it. Without this step lowering does the
same at the outermost reduction loop; with it the initialisation can be scheduled on its own.

Before:

    for i in range(8):
        for k in range(8):
            with block("B", vi=i, vk=reduce(k)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + A[vi, vk]

After `s["B"].decompose_reduction("k")`:

    for i in range(8):
        with block("B_init", vi=i):
            B[vi] = 0.0
        for k in range(8):
            with block("B", vi=i, vk=reduce(k)):
                B[vi] = B[vi] + A[vi, vk]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.repetition import is_repeated
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Iter, Program, Seq, Stmt
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import substitute, substitute_stmt, variables
from tvmlab.schedule.copies import fresh_block_name
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class DecomposeReduction(Step):
    """Store the block's first value in a nest of its own just before `loop`."""

    name = "decompose_reduction"
    group = "reduction"
    summary = "initialise in a block of its own"
    example = 'decompose_reduction("k")'
    loop: str = argument("loop", "the loop before which to initialise")

    def require(self, program: Program) -> None:
        """A block with an initialisation, and no reduction outside the loop."""
        site = self.site(program)
        self.require_settled(program, site.block)
        loop = self.find_loop(site, self.loop)
        if site.block.init is None:
            raise self.refuse(
                self.loop, f"{self.block} has no initialisation", "choose a reduction block"
            )
        self.refuse_lanes(site, loop, inside=False)
        for outer in site.loops[: site.loops.index(loop)]:
            if _feeds(site.block, outer, reduce=True):
                raise self.refuse(
                    self.loop,
                    f"the loop {outer.var.name} outside it already folds values",
                    f"decompose at {outer.var.name} or outside it",
                )
        where = variables(site.block.where)
        for inner in site.loops[site.loops.index(loop) :]:
            repeats = not any(_feeds(site.block, inner, reduce=r) for r in (False, True))
            if repeats and not same_extent(inner.extent, 1):
                raise self.refuse(
                    self.loop,
                    f"each iteration of {inner.var.name} folds the same elements from the start",
                    f"decompose at a loop inside {inner.var.name}",
                )
        if is_repeated(site.block, site.loops[site.loops.index(loop) :]):
            raise self.refuse(
                self.loop,
                "the loops inside fold some elements a second time, from the start",
                "decompose at a loop further in",
            )
        for inner in site.loops[site.loops.index(loop) :]:
            if inner.var in where and _feeds(site.block, inner, reduce=True):
                raise self.refuse(
                    self.loop,
                    f"the predicate depends on the reduction loop {inner.var.name}",
                    f"split {inner.var.name} by a factor that divides it",
                )

    def apply(self, program: Program) -> Program:
        """A nest of the spatial loops inside `loop`, before it, around the initialisation."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        block = site.block
        inner = [o for o in site.loops[site.loops.index(loop) :] if _feeds(block, o, reduce=False)]
        fresh: dict[Var, Expr] = {o.var: Var(o.var.name) for o in inner}
        nest: Stmt = _initialisation(block, fresh, fresh_block_name(program, f"{block.name}_init"))
        for outer in reversed(inner):
            var = fresh[outer.var]
            assert isinstance(var, Var)
            nest = outer.replace(var=var, body=nest)
        update = block.replace(init=None)
        without = exchange(program, block, update)
        site = self.site(without)
        loop = self.find_loop(site, self.loop)
        return exchange(without, loop, Seq([nest, loop]))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[DecomposeReduction]:
        """The loop itself."""
        if site.block.init is not None:
            yield cls(site.block.name, loop.var.name)


def _feeds(block: Block, loop: For, reduce: bool) -> bool:
    """Whether the loop reaches a reduce (or a spatial) variable of the block."""
    return any(
        it.is_reduce == reduce and loop.var in variables(binding)
        for it, binding in zip(block.iters, block.bindings, strict=True)
    )


def _initialisation(block: Block, fresh: dict[Var, Expr], name: str) -> Block:
    """The block that stores the first value, over variables of its own."""
    assert block.init is not None
    spatial = [
        (it, b) for it, b in zip(block.iters, block.bindings, strict=True) if not it.is_reduce
    ]
    iters = [Iter(Var(it.var.name), it.extent) for it, _ in spatial]
    values: dict[Var, Expr] = {it.var: new.var for (it, _), new in zip(spatial, iters, strict=True)}
    writes = [
        type(w)(w.buffer, [(substitute(s, values), e) for s, e in w.bounds]) for w in block.writes
    ]
    return Block(
        name,
        iters,
        [substitute(b, fresh) for _, b in spatial],
        substitute(block.where, fresh),
        (),
        writes,
        None,
        substitute_stmt(block.init, values),
    )
