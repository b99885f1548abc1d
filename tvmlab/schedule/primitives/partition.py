"""Partition: one loop becomes several in a row, each over a part of its iterations.

Other systems: TensorIR `loop_partition`, Exo `cut_loop`; TVM and Halide partition loops on their
own; peeling is a partition at the first or the last iteration.

Legal on a serial loop, cut between its iterations. Nothing changes places; each further part
counts from 0 and its blocks have names of their own, and predicates that always hold in a part
vanish from it. Without `at` the loop is cut where a predicate first fails: a whole part and a tail.

Before:

    for i in range(10):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].split("i", 4); s["B"].partition("io")`:

    for io in range(2):
        for ii in range(4):
            with block("B", vi=io * 4 + ii):
                B[vi] = A[vi] + 1.0
    for io in range(1):
        for ii in range(4):
            with block("B_1", vi=ii + 8, where=ii + 8 < 10):
                B[vi] = A[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tvmlab.arith import Interval
from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear, loop_range, simplify
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.walk import blocks_with_loops, rewrite, variables
from tvmlab.schedule.duplicate import duplicate, names_taken, private_buffers
from tvmlab.schedule.find import Site, exchange, ranges_of, rebind
from tvmlab.schedule.step import Step, argument

MOST_PARTS = 16


@dataclass(frozen=True)
class Partition(Step):
    """Cut `loop` before each iteration of `at`; None is where a predicate first fails."""

    name = "partition"
    summary = "cut a loop into loops that follow each other"
    example = 'partition("x", 8)'
    loop: str = argument("loop", "the loop to cut")
    at: tuple[int | None, ...] = argument(
        "factors", "iterations before which to cut, -1 the last; None: where a predicate fails"
    )

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> Partition:
        """`partition(loop)`, `partition(loop, 8)` or `partition(loop, [1, -1])`."""
        values = {**dict(zip(("loop", "at"), args, strict=False)), **kwargs}
        if len(args) > 2 or set(values) - {"loop", "at"} or "loop" not in values:
            raise cls.misuse(block, args, kwargs, "partition takes a loop and where to cut it")
        at = values.setdefault("at", None)
        values["at"] = at if isinstance(at, (list, tuple)) else (at,)
        return cls.checked(block, values)

    def call_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """The shortest of the three forms."""
        if self.at == (None,):
            return [self.loop], {}
        return [self.loop, self.at[0] if len(self.at) == 1 else self.at], {}

    def require(self, program: Program) -> None:
        """A serial loop, cuts between its iterations, and folds that began before each cut."""
        site = self.site(program)
        loop = self.find_serial_loop(site, self.loop)
        self.refuse_lanes(site, loop, inside=False)
        if not isinstance(loop.extent, int):
            raise self.refuse(
                self.loop, "its extent is not known", "partition a loop of known extent"
            )
        cuts = self._cuts(site, loop)
        if not 0 < len(cuts) < MOST_PARTS:
            raise self.refuse(
                self.loop,
                f"that makes {len(cuts) + 1} parts, each with a body of its own",
                f"name 1 to {MOST_PARTS - 1} iterations to cut before",
            )
        whole = [0, *cuts, loop.extent]
        if any(a >= b for a, b in pairwise(whole)):
            raise self.refuse(
                self.loop,
                f"the cuts {cuts} do not follow each other inside 0..{loop.extent}",
                f"name iterations from 1 to {loop.extent - 1}, in order",
            )
        for block, inner in blocks_with_loops(loop.body):
            for cut in cuts:
                if _begins_again(block, site, loop, cut, inner) is None:
                    raise self.refuse(
                        self.loop,
                        f"cannot prove whether {block.name} begins its fold after {loop.var.name}="
                        f"{cut} anew",
                        "decompose_reduction first",
                    )

    def _cuts(self, site: Site, loop: For) -> list[int]:
        """The first iteration of each part but the first."""
        assert isinstance(loop.extent, int)
        cuts: list[int] = []
        for cut in self.at:
            if cut is None:
                cuts.append(self._tail(site, loop))
            else:
                cuts.append(cut + loop.extent if cut < 0 else cut)
        return cuts

    def _tail(self, site: Site, loop: For) -> int:
        """The first iteration in which a predicate may fail, found by halving."""
        assert isinstance(loop.extent, int)
        around = ranges_of(site.loops[: site.loops.index(loop)])
        if _holds(loop, (0, loop.extent - 1), around):
            raise self.refuse(
                self.loop, "no predicate inside fails, so there is no tail", "name a cut"
            )
        holds, fails = 0, loop.extent
        while fails - holds > 1:
            middle = (holds + fails) // 2
            if _holds(loop, (0, middle - 1), around):
                holds = middle
            else:
                fails = middle
        if holds == 0:
            raise self.refuse(
                self.loop,
                "a predicate may fail in its first iteration already",
                "cut a loop further out, or name a cut",
            )
        return holds

    def apply(self, program: Program) -> Program:
        """The parts in a row; the first keeps the names."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        assert isinstance(loop.extent, int)
        around = ranges_of(site.loops[: site.loops.index(loop)])
        own = private_buffers(program, loop)
        taken = names_taken(program)
        parts: list[Stmt] = []
        made: list[Buffer] = []
        cuts = self._cuts(site, loop)
        for first, end in pairwise([0, *cuts, loop.extent]):
            part: Stmt = loop
            if first:
                part, new = duplicate(_continued(site, loop, first), own, taken)
                made += new
            assert isinstance(part, For)
            part = part.replace(extent=end - first)
            known = {**around, part.var: loop_range(part, around)}
            value: dict[Var, Expr] = {part.var: part.var + first} if first else {}
            parts.append(part.replace(body=rebind(part.body, value, None, known)))
        widened = Program(
            program.name, program.params, program.outputs, (*program.buffers, *made), program.body
        )
        return exchange(widened, loop, Seq(parts))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Partition]:
        """The tail, the first and the last iteration, and the middle."""
        yield cls(site.block.name, loop.var.name, (None,))
        yield cls(site.block.name, loop.var.name, (1,))
        yield cls(site.block.name, loop.var.name, (-1,))
        if isinstance(loop.extent, int) and loop.extent > 3:
            yield cls(site.block.name, loop.var.name, (loop.extent // 2,))


def _holds(loop: For, interval: Interval, around: dict[Var, Interval]) -> bool:
    """Whether every predicate inside holds while the loop's variable is in the interval."""
    for block, inner in blocks_with_loops(loop.body):
        known = {**around, loop.var: interval}
        for o in inner:
            known[o.var] = loop_range(o, known)
        where = simplify(block.where, known)
        if not (isinstance(where, Const) and where.value):
            return False
    return True


def _begins_again(
    block: Block, site: Site, loop: For, first: int, inner: tuple[For, ...]
) -> bool | None:
    """Whether the block's fold may begin in iterations from `first` on; None if unknown.

    It does not where the place of a contribution among all is never 0 from there on.
    """
    folded = [(it, b) for it, b in zip(block.iters, block.bindings, strict=True) if it.is_reduce]
    if block.init is None or not any(loop.var in variables(b) for _, b in folded):
        return True
    assert isinstance(loop.extent, int)
    known = ranges_of((*site.loops[: site.loops.index(loop)], loop, *inner))
    known[loop.var] = (first, loop.extent - 1)
    place, stride = Linear({}, 0), 1
    for it, binding in reversed(folded):
        place = place.plus(linear(binding, known), stride)
        stride *= it.extent if isinstance(it.extent, int) else 1
    return False if place.interval(known)[0] > 0 else None


def _continued(site: Site, loop: For, first: int) -> For:
    """The loop with inits only where a fold may begin from iteration `first` on."""
    inner = {block.name: loops for block, loops in blocks_with_loops(loop.body)}

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Block) and not _begins_again(s, site, loop, first, inner[s.name]):
            return s.replace(init=None)
        return None

    new = rewrite(loop, on_stmt)
    assert isinstance(new, For)
    return new
