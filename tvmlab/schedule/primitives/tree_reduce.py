"""Tree reduce: the contributions of a reduction loop are folded by a balanced tree over lanes.

Other systems: Halide `atomic` with `vectorize`, LLVM `vector.reduce`, CUDA's warp reduction.

Legal on the innermost serial loop, of at most `MAX_LANES` iterations, that a block folds over. The
iterations become the lanes of a vector, whose halves are combined until one value is left, which is
folded into the element. Floats are added in another order, which only this step and rfactor may
do; of a reducer of the user's own it takes the user's word that it is commutative and associative.

A tree costs more than one fold: keep a vector of partial results through the other reduction loops
with rfactor, and fold that by a tree once.

Before:

    for i in range(8):
        for k in range(16):
            with block("B", vi=i, vk=reduce(k)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + A[vi, vk]

After `s["B"].tree_reduce("k")`:

    for i in range(8):
        for k in tree(16):
            with block("B", vi=i, vk=reduce(k)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + A[vi, vk]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.ir.fold import fold_of
from tvmlab.ir.program import LANES, For, Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument

MAX_LANES = 128
"""As many as vectorize takes: eight 512-bit registers of float32."""


@dataclass(frozen=True)
class TreeReduce(Step):
    """Fold the iterations of `loop` as the lanes of a vector, half by half."""

    name = "tree_reduce"
    group = "reduction"
    summary = "fold a loop's iterations as a tree of lanes"
    example = 'tree_reduce("ki")'
    loop: str = argument("loop", "the innermost reduction loop, whose iterations become lanes")

    def require(self, program: Program) -> None:
        """A short serial loop directly around a block that folds over it, and no lanes yet."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        block = site.block
        bound = list(zip(block.iters, block.bindings, strict=True))
        if not any(it.is_reduce and loop.var in variables(b) for it, b in bound):
            raise self.refuse(
                self.loop, f"{self.block} does not fold over {self.loop}", "vectorize the loop"
            )
        if loop.body is not block:
            raise self.refuse(
                self.loop,
                f"{self.loop} is not directly around {self.block}",
                f"reorder {self.loop} to the innermost place",
            )
        if fold_of(block.body) is None or any(
            not it.is_reduce and loop.var in variables(b) for it, b in bound
        ):
            raise self.refuse(
                self.loop,
                f"cannot prove that {self.block} folds each iteration into one element",
                "keep the loop serial",
            )
        if not isinstance(loop.extent, int):
            raise self.refuse(
                self.loop,
                f"its extent {loop.extent!r} is known only at a call, and lanes are counted before",
                f'split it first, e.g. .split("{self.loop}", 16), and rfactor the inner loop',
            )
        if loop.extent > MAX_LANES:
            raise self.refuse(
                self.loop,
                f"{loop.extent} lanes are more than the {MAX_LANES} that registers hold",
                f'split it first, e.g. .split("{self.loop}", 16), and rfactor the inner loop',
            )
        if loop.var in variables(block.where):
            raise self.refuse(
                self.loop,
                f"the predicate depends on {self.loop}, and a tree has all its lanes",
                f"split {self.loop} by a factor that divides it",
            )
        around = next((o.var.name for o in site.loops if o.kind in LANES), None)
        if around is not None:
            raise self.refuse(
                self.loop,
                f"the loop {around} around it is made of lanes already, and lanes cannot nest",
                f"keep {around} alone, or tree_reduce before it",
            )

    def apply(self, program: Program) -> Program:
        """The loop marked."""
        loop = self.find_loop(self.site(program), self.loop)
        return exchange(program, loop, loop.replace(kind="tree"))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[TreeReduce]:
        """The innermost loop."""
        if loop.body is site.block:
            yield cls(site.block.name, loop.var.name)
