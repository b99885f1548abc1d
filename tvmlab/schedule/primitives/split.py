"""Split: one loop becomes a nest of loops.

Other systems: TVM `split`, Halide `split`, Exo `divide_loop`.

Legal on any serial loop. Where the factors do not divide the extent, the blocks below get a
predicate that skips what lies beyond it; so too where the extent is over sizes, unless the factors
divide it for all of their values.

Before:

    for i in range(10):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].split("i", 4)`:

    for io in range(3):
        for ii in range(4):
            with block("B", vi=io * 4 + ii, where=io * 4 + ii < 10):
                B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import mul
from typing import Any

from tvmlab.analysis.regions import excess, simplified
from tvmlab.ir.buffer import Extent
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, binary, fold
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.ir.shapes import as_index
from tvmlab.schedule.find import Site, exchange, names_on_paths, ranges_of, rebind
from tvmlab.schedule.step import Step, argument

LARGEST_OVER_SIZES = 1 << 20
"""The largest tile of a loop whose extent only a call tells: a mistyped factor is larger."""

FACTORS_OFFERED = (2, 4, 6, 8, 16, 32, 64)


@dataclass(frozen=True)
class Split(Step):
    """Cut `loop` into a nest whose extents are `factors`, outermost first; None is inferred."""

    name = "split"
    summary = "cut a loop into an outer and an inner loop"
    example = 'split("y", 32)'
    loop: str = argument("loop", "the loop to cut")
    factors: tuple[int | None, ...] = argument(
        "factors", "extents of the new loops, outermost first; None for the one to infer"
    )

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> Split:
        """`split(loop, factor)`, `split(loop, nparts=n)` or `split(loop, factors=[...])`."""
        values = dict(kwargs)
        for key, value in zip(("loop", "factor"), args, strict=False):
            if key in values:
                raise cls.misuse(block, args, kwargs, f"{key} is given twice")
            values[key] = value
        loop = values.pop("loop", None)
        ways = [k for k in ("factor", "nparts", "factors") if k in values]
        if loop is None or len(args) > 2 or len(ways) != 1 or set(values) - set(ways):
            raise cls.misuse(
                block, args, kwargs, "split takes a loop and one of factor, nparts or factors"
            )
        (way,) = ways
        given = values[way]
        if way == "factors" or isinstance(given, (list, tuple)):
            factors = given
        else:
            factors = (None, given) if way == "factor" else (given, None)
        return cls.checked(block, {"loop": loop, "factors": factors})

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The shortest of the three forms."""
        if len(self.factors) == 2 and self.factors[0] is None:
            return [self.loop, self.factors[1]], {}
        if len(self.factors) == 2 and self.factors[1] is None:
            return [self.loop], {"nparts": self.factors[0]}
        return [self.loop], {"factors": self.factors}

    def require(self, program: Program) -> None:
        """Positive factors, at most one to infer, covering the extent; a serial loop."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        known = [f for f in self.factors if f is not None]
        if len(self.factors) < 2:
            raise self.refuse(
                self.loop, "a split makes at least two loops", "give two factors, or [None, f]"
            )
        if len(self.factors) - len(known) > 1:
            raise self.refuse(
                self.loop, "only one factor can be inferred", "leave one None and set the rest"
            )
        if any(f < 1 for f in known):
            bad = next(f for f in known if f < 1)
            raise self.refuse(
                self.loop, f"a factor is at least 1, not {bad}", "use a positive factor"
            )
        extent = loop.extent
        if len(known) == len(self.factors) and excess(extent, prod(known))[1] > 0:
            covered = f"the factors cover {prod(known)} of {extent} iterations"
            raise self.refuse(
                self.loop,
                covered if isinstance(extent, int) else f"cannot prove that {covered}",
                "leave the outermost factor None to have it inferred",
            )
        if not isinstance(extent, int):
            if prod(known) > LARGEST_OVER_SIZES:
                raise self.refuse(
                    self.loop,
                    f"{prod(known)} is more than any loop over {extent} needs",
                    f"use factors whose product is at most {LARGEST_OVER_SIZES}",
                )
            return
        if prod(known) > 2 * extent and len(known) < len(self.factors):
            raise self.refuse(
                self.loop,
                f"{prod(known)} is more than twice the extent {extent}: "
                "most iterations would be skipped",
                f"use factors whose product is at most {extent}",
            )

    def extents(self, loop: For) -> list[Extent]:
        """The extents of the new loops; the one to infer is the extent over the others, rounded up.

        Where the extent is over sizes, so is that one.
        """
        known = prod(f for f in self.factors if f is not None)
        inferred = simplified((loop.extent + (known - 1)) // known)
        return [inferred if f is None else f for f in self.factors]

    def results(self, program: Program) -> list[str]:
        """`xo, xi` for two loops, `x0, x1, ...` for more."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        count = len(self.factors)
        suffixes = ("o", "i") if count == 2 else [str(n) for n in range(count)]
        taken = names_on_paths(program, loop)
        return fresh_names(taken, [self.loop + s for s in suffixes])

    def apply(self, program: Program) -> Program:
        """The loop exchanged for the nest; blocks below see the old variable's value."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        extents = self.extents(loop)
        loops = [
            For(Var(n), e, loop.body) for n, e in zip(self.results(program), extents, strict=True)
        ]
        value: Expr = Const(0, INDEX)
        for new in loops:
            value = fold("*", value, as_index(new.extent)) + new.var
        where = None
        if excess(reduce(mul, extents), loop.extent) != (0, 0):
            where = binary("<", value, as_index(loop.extent))
        outer = site.loops[: site.loops.index(loop)]
        body: Stmt = rebind(loop.body, {loop.var: value}, where, ranges_of((*outer, *loops)))
        for new in reversed(loops):
            body = new.replace(body=body)
        return exchange(program, loop, body)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Split]:
        """Inner factors that suit vectors, registers and caches."""
        for factor in FACTORS_OFFERED:
            if not isinstance(loop.extent, int) or factor < loop.extent:
                yield cls(site.block.name, loop.var.name, (None, factor))
