"""Reverse compute at: a consumer moves into a loop of its producer and uses up each iteration.

Other systems: TVM `reverse_compute_at`, Exo `fuse`.

Legal where the consumer reads the producer's result element for element, shifted or not, and each
iteration of the loop finishes the elements it writes: no reduction of the producer runs at or
outside it. A consumer that folds moves where an iteration writes all that it folds over.

Before:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0

After `s["C"].reverse_compute_at("B", "i")`:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import NamedTuple

from tvmlab.analysis.dependence import continued
from tvmlab.analysis.regions import Span, covers, excess, iteration_ranges, simplified, touched
from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import interval, linear
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.equality import expr_key
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Block, For, Program, Region, Seq, Stmt
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import blocks, variables
from tvmlab.schedule.find import Site, exchange, find_site, ranges_of, remove, sites
from tvmlab.schedule.independence import require_still_independent
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class ReverseComputeAt(Step):
    """Compute the block inside `loop` of block `producer`, just after its elements are written."""

    name = "reverse_compute_at"
    group = "placement"
    summary = "compute inside a loop of the writer"
    example = 'reverse_compute_at("C", "xo")'
    producer: str = argument("name", "the block whose result is read")
    loop: str = argument("name", "the loop of that block to compute in")

    def require(self, program: Program) -> None:
        """A block that reads one producer point for point, finished by the loop."""
        site = self.site(program)
        self.require_settled(program, site.block)
        self.require_domain(site.block)
        for region in site.block.writes:
            self.require_only_writer(program, site.block, region.buffer)
        producer = self._producer(program)
        loop = self.find_loop(producer, self.loop)
        if loop in site.loops:
            raise self.refuse(
                self.loop, f"{self.block} is inside {self.loop} already", "choose another loop"
            )
        self.refuse_lanes(producer, loop)
        if site.block.init is None and any(it.is_reduce for it in site.block.iters):
            raise self.refuse(
                "",
                f"the initialisation of {self.block} stands apart, and would not move with it",
                "reverse_compute_at before decompose_reduction",
            )
        region = self._region(site.block, producer.block)
        self._require_points(site.block, region)
        if (own := continued(site.block)) is not None:
            raise self.refuse(
                "",
                f"{self.block} reads elements of {own.name} that it wrote in earlier iterations",
                f"use {self.producer}'s compute_at into {self.block} instead",
            )
        self._require_whole(program, producer, region.buffer)
        self._require_finished(producer, loop)
        self._require_box(producer, loop, region.buffer)
        self._require_folded(site.block, producer, loop, region)
        self._require_ready(program, site.block, producer, loop)
        require_still_independent(self, self.apply(program), self.block)

    def _producer(self, program: Program) -> Site:
        producer = find_site(program, self.producer)
        if producer is None:
            known = ", ".join(s.block.name for s in sites(program))
            raise self.refuse("", f"there is no block {self.producer!r}", f"there are {known}")
        return producer

    def _region(self, block: Block, producer: Block) -> Region:
        """The only element that the block reads of what the producer writes, or of each result."""
        written = [w.buffer for w in producer.writes]
        found = [r for r in block.reads if r.buffer in written]
        points = {tuple(expr_key(start) for start, _ in r.bounds) for r in found}
        if len(points) != 1:
            raise self.refuse(
                "",
                f"{self.block} reads {written[0].name} at {len(points)} places, and must at one",
                "move a block that reads each element once",
            )
        return found[0]

    def _require_whole(self, program: Program, producer: Site, buffer: Buffer) -> None:
        """No other block writes elements that the producer does not."""
        nest: Stmt = producer.block
        for around in reversed(producer.loops):
            nest = around.replace(body=nest)
        own = touched(nest, buffer, {}, writes=True)
        every = touched(program.body, buffer, {}, writes=True)
        assert own is not None
        assert every is not None
        if own != every and (None in own or not covers(own, every)):
            others = [
                s.block.name
                for s in sites(program)
                if s.block is not producer.block and buffer in [w.buffer for w in s.block.writes]
            ]
            if others:
                raise self.refuse(
                    self.loop,
                    f"block {others[0]} writes elements of {buffer.name} that {self.producer} "
                    "does not",
                    f"move {self.block} before the writing is divided between blocks",
                )

    def _require_points(self, block: Block, region: Region) -> None:
        """Each instance reads one element, at variables of its own and fixed distances from them,
        and none reads outside."""
        points = _points(block, region)
        found = [p.var for p in points if p is not None]
        loose = any(
            point is None and not same_extent(extent, 1)
            for point, extent in zip(points, region.buffer.shape, strict=True)
        )
        if loose or len(set(found)) < len(found):
            raise self.refuse(
                "",
                f"{self.block} does not read {region.buffer.name} element for element",
                f"use {self.producer}'s compute_at into {self.block} instead",
            )
        ranges = iteration_ranges(block.iters)
        for (start, _), extent in zip(region.bounds, region.buffer.shape, strict=True):
            if interval(start, ranges)[0] < 0 or interval(start - extent, ranges)[1] >= 0:
                raise self.refuse(
                    "",
                    f"some instances of {self.block} read no element of {region.buffer.name}: "
                    f"the index {start!r} goes outside",
                    f"use {self.producer}'s compute_at into {self.block} instead",
                )

    def _require_folded(self, block: Block, producer: Site, loop: For, region: Region) -> None:
        """One iteration writes all that an instance folds over."""
        around = producer.loops[: producer.loops.index(loop) + 1]
        box = touched(loop.body, region.buffer, ranges_of(around), writes=True)
        assert box is not None, "the producer writes the buffer"
        folded = {it.var for it in block.iters if it.is_reduce}
        points = _points(block, region)
        for point, span, size in zip(points, box, region.buffer.shape, strict=True):
            is_whole = span is None or (not span.start.terms and same_extent(span.extent, size))
            if point is not None and point.var in folded and not is_whole:
                raise self.refuse(
                    self.loop,
                    f"{self.block} folds over {point.var.name}, and one iteration of {self.loop} "
                    "writes only a part of what it needs",
                    "choose a loop outside those that write the rest",
                )

    def _require_finished(self, producer: Site, loop: For) -> None:
        """No loop at or outside `loop` carries the producer's reduction."""
        outer = producer.loops[: producer.loops.index(loop) + 1]
        for it, binding in zip(producer.block.iters, producer.block.bindings, strict=True):
            carried = [o.var.name for o in outer if o.var in variables(binding)]
            if it.is_reduce and carried:
                raise self.refuse(
                    self.loop,
                    f"{self.producer} still adds to its result in loop {carried[0]}",
                    f"choose a loop outside {carried[0]}",
                )

    def _require_box(self, producer: Site, loop: For, buffer: Buffer) -> None:
        """What one iteration writes is a whole box: as many elements as the box has."""
        around = producer.loops.index(loop) + 1
        spatial = [
            b
            for it, b in zip(producer.block.iters, producer.block.bindings, strict=True)
            if not it.is_reduce
        ]
        used = set().union(*(variables(b) for b in spatial))
        one: Extent = 1
        count = reduce(mul, [o.extent for o in producer.loops[around:] if o.var in used], one)
        box = touched(loop.body, buffer, ranges_of(producer.loops[:around]), writes=True)
        assert box is not None, "the producer writes the buffer"
        spans = zip(box, buffer.shape, strict=True)
        volume = reduce(mul, [e if span is None else span.extent for span, e in spans], one)
        if excess(volume, count) != (0, 0):
            raise self.refuse(
                self.loop,
                f"the {simplified(count)} elements of {buffer.name} that one iteration of "
                f"{self.loop} writes are not a box",
                "choose another loop, or split the loops before they are fused",
            )

    def _require_ready(self, program: Program, block: Block, producer: Site, loop: For) -> None:
        """Whatever the block reads is written when the loop's iteration ends."""
        order = [s.block for s in sites(program)]
        first = order.index(producer.block)
        last = order.index(block)
        read = [r.buffer for r in block.reads]
        written = [w.buffer for w in block.writes]
        inside = list(blocks(loop.body))
        for between in [b for b in order[first + 1 : last] if b not in inside]:
            for w in between.writes:
                if w.buffer in read:
                    raise self.refuse(
                        self.loop,
                        f"{self.block} reads {w.buffer.name}, which {between.name} writes later",
                        f"move it into {between.name}",
                    )
            early = next((r.buffer for r in between.reads if r.buffer in written), None)
            if early is not None:
                raise self.refuse(
                    self.loop,
                    f"{between.name} reads {early.name} before {self.block} writes it",
                    "keep the block where it is",
                )

    def apply(self, program: Program) -> Program:
        """The consumer's nest removed, and a new one put at the end of the loop's body."""
        site = self.site(program)
        producer = self._producer(program)
        loop = self.find_loop(producer, self.loop)
        around = producer.loops[: producer.loops.index(loop) + 1]
        region = self._region(site.block, producer.block)
        ranges = ranges_of(around)
        box = touched(loop.body, region.buffer, ranges, writes=True)
        assert box is not None, "the producer writes the buffer"
        folded = {it.var for it in site.block.iters if it.is_reduce}
        spans = {
            point.var: span and Span(span.start.plus(Linear({}, -point.shift)), span.extent)
            for point, span in zip(_points(site.block, region), box, strict=True)
            if point is not None and point.var not in folded
        }
        nest = nest_over(site.block, spans, ranges, [o.var.name for o in around])
        body: Stmt = loop.body
        parts = [*body.stmts, nest] if isinstance(body, Seq) else [body, nest]
        moved = exchange(program, loop, loop.replace(body=Seq(parts)))
        return moved.with_body(remove(moved, site.block))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[ReverseComputeAt]:
        """The loops of the writers of what the block reads."""
        read = [r.buffer for r in site.block.reads]
        for other in sites(program):
            written = [w.buffer for w in other.block.writes]
            if other.block is not site.block and any(w in read for w in written):
                for name in other.names():
                    yield cls(site.block.name, other.block.name, name)


class _Point(NamedTuple):
    """An index that is a variable of the block and a number: `var + shift`."""

    var: Var
    shift: int


def _points(block: Block, region: Region) -> list[_Point | None]:
    """The indices of a region of one element; None where one is something else."""
    known = {it.var for it in block.iters}
    points: list[_Point | None] = []
    for start, extent in region.bounds:
        total = linear(start, {})
        var = next(iter(total.terms), None)
        is_one = extent == 1 and list(total.terms.values()) == [1]
        if is_one and isinstance(var, Var) and var in known:
            points.append(_Point(var, total.constant))
        else:
            points.append(None)
    return points
