"""Compute root: a block that was moved into another's loops gets a nest of its own again.

Other systems: Halide `compute_root`; in TVM's `te` what is not attached.

It takes back compute_at and reverse_compute_at, with new loops over all that the block computes.
Legal where the block hands its results to the nest it stands in, or takes them from it, but not
both: then it can stand before that nest, or after it.

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

After `s["B"].compute_at("C", "j"); s["B"].compute_root()`:

    B = allocate(float32[8, 8])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vi, vj] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.regions import Box, Span, covers, touched
from tvmlab.arith.linear import Linear
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import blocks
from tvmlab.schedule.copies import at_root, root_nest
from tvmlab.schedule.find import Site, remove
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.step import Step


@dataclass(frozen=True)
class ComputeRoot(Step):
    """Compute the block in a nest of its own, before its readers or after its writers."""

    name = "compute_root"
    group = "placement"
    summary = "compute in a nest of its own"
    example = "compute_root()"

    def require(self, program: Program) -> None:
        """A block beside others in its nest, all of whose exchange with them goes one way."""
        block = self.site(program).block
        self.require_settled(program, block)
        self.require_domain(block)
        beside = [b for b in blocks(root_nest(program, block)) if b is not block]
        if not beside:
            raise self.refuse(
                "",
                f"{self.block} has a nest of its own already",
                "take back a compute_at or reverse_compute_at",
            )
        if block.init is None and any(it.is_reduce for it in block.iters):
            raise self.refuse(
                "",
                f"the initialisation of {self.block} stands apart, and would not move with it",
                "compute_root before decompose_reduction",
            )
        for region in block.writes:
            self.require_only_writer(program, block, region.buffer)
            if region.buffer in _read(block):
                raise self.refuse(
                    "",
                    f"{self.block} goes on from elements of {region.buffer.name} that it wrote",
                    "keep it in the loops that order it",
                )
        reader = next((b for b in beside if _written(block) & _read(b)), None)
        writer = next((b for b in beside if _written(b) & _read(block)), None)
        if reader is not None and writer is not None:
            raise self.refuse(
                "",
                f"{self.block} reads what {writer.name} writes, and {reader.name} reads what "
                f"{self.block} writes, in the same nest",
                f'.compute_root() of "{writer.name}" or of "{reader.name}" first',
            )
        self._require_operands(program, block)

    def _require_operands(self, program: Program, block: Block) -> None:
        """Everything that the whole domain reads is written somewhere."""
        nest = nest_over(block, {}, {}, ())
        for region in block.reads:
            written = touched(program.body, region.buffer, {}, writes=True)
            read = touched(nest, region.buffer, {}, writes=False)
            assert read is not None
            is_input = region.buffer in program.params[: -program.outputs]
            if not is_input and not (written and covers(written, _clipped(read, region.buffer))):
                raise self.refuse(
                    "",
                    f"{self.block} would read all of {region.buffer.name} at the root, of which "
                    "only a part is surely written",
                    "keep the block beside what writes its operand",
                )

    def apply(self, program: Program) -> Program:
        """The block removed from its nest, and a new one put before or after that."""
        block = self.site(program).block
        beside = [b for b in blocks(root_nest(program, block)) if b is not block]
        is_read_there = any(_written(block) & _read(b) for b in beside)
        nest = nest_over(block, {}, {}, ())
        added = program.with_body(at_root(program, block, nest, after=not is_read_there))
        return added.with_body(remove(added, block))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[ComputeRoot]:
        """The block itself."""
        yield cls(site.block.name)


def _clipped(box: Box, buffer: Buffer) -> Box:
    """What of a box is inside the buffer: a guarded load may name elements outside."""
    spans: list[Span | None] = []
    for span, size in zip(box, buffer.shape, strict=True):
        first = span.start.constant if span is not None and not span.start.terms else 0
        if span is None or span.start.terms:
            spans.append(Span(Linear({}, 0), size))
        elif isinstance(span.extent, int) and isinstance(size, int):
            last = min(first + span.extent, size)
            spans.append(Span(Linear({}, max(first, 0)), last - max(first, 0)))
        else:
            spans.append(span)
    return tuple(spans)


def _read(block: Block) -> set[Buffer]:
    return {r.buffer for r in block.reads}


def _written(block: Block) -> set[Buffer]:
    return {w.buffer for w in block.writes}
