"""Compute at: a producer moves into a loop of its consumer and computes what one iteration needs.

Other systems: TVM and Halide `compute_at`, Exo `fuse` with `lift_alloc`.

Legal where every reader of the result is inside that loop. The producer's loops are made anew
over the part that an iteration reads; parts that several iterations read are computed again.

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

After `s["B"].compute_at("C", "i")`:

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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from tvmlab.analysis.regions import touched, union
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.walk import blocks
from tvmlab.schedule.find import Site, exchange, find_site, ranges_of, remove, sites
from tvmlab.schedule.independence import require_still_independent
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.step import Step, argument
from tvmlab.schedule.tiles import stored_tiles, tiles_over


@dataclass(frozen=True)
class ComputeAt(Step):
    """Compute the block inside `loop` of block `consumer`, just before it is read."""

    name = "compute_at"
    group = "placement"
    summary = "compute inside a loop of the reader"
    example = 'compute_at("C", "yo")'
    consumer: str = argument("name", "the block that reads the result")
    loop: str = argument("name", "the loop of that block to compute in")

    def require(self, program: Program) -> None:
        """An intermediate stored over its own variables, all of whose readers are in the loop."""
        site = self.site(program)
        self.require_settled(program, site.block)
        self.require_domain(site.block)
        targets = self._targets(site.block)
        for target in targets:
            if target in program.params:
                raise self.refuse(
                    "",
                    f"{target.name} is an output; callers need all of it after the loop",
                    "compute an intermediate there, or reverse_compute_at its consumer",
                )
        loop = self.find_loop(self._consumer(program), self.loop)
        if loop in site.loops:
            raise self.refuse(
                self.loop, f"{self.block} is inside {self.loop} already", "choose another loop"
            )
        if site.block.init is None and any(it.is_reduce for it in site.block.iters):
            raise self.refuse(
                "",
                f"the initialisation of {self.block} stands apart, and would not move with it",
                "compute_at before decompose_reduction",
            )
        for target in targets:
            self.require_only_writer(program, site.block, target)
        inside = {b.name for b in blocks(loop.body)}
        for other in sites(program):
            read = next((r.buffer for r in other.block.reads if r.buffer in targets), None)
            if read is not None and other.block.name not in inside:
                raise self.refuse(
                    self.loop,
                    f"block {other.block.name} reads {read.name} outside loop {self.loop}",
                    f"compute it at a loop around all of {_readers(program, targets)}",
                )
        if not any(_reads(b, targets) for b in blocks(loop.body)):
            raise self.refuse(
                self.loop,
                f"nothing in that loop reads {targets[0].name}",
                "choose a reader's loop",
            )
        self.refuse_lanes(self._consumer(program), loop)
        require_still_independent(self, self.apply(program), self.block)

    def _consumer(self, program: Program) -> Site:
        consumer = find_site(program, self.consumer)
        if consumer is None:
            known = ", ".join(s.block.name for s in sites(program))
            raise self.refuse(
                "", f"there is no block {self.consumer!r} to compute in", f"there are {known}"
            )
        return consumer

    def _targets(self, block: Block) -> list[Buffer]:
        """The buffers that the block stores over its own spatial variables, all alike."""
        if stored_tiles(block) is None:
            raise self.refuse(
                "",
                f"{block.name} does not write one element for each of its indices",
                "move a block that stores B[i, j, ...] over its own variables",
            )
        return [w.buffer for w in block.writes]

    def apply(self, program: Program) -> Program:
        """The producer's nest removed, and a new one put before the first reader in the loop."""
        site = self.site(program)
        consumer = self._consumer(program)
        loop = self.find_loop(consumer, self.loop)
        around = consumer.loops[: consumer.loops.index(loop) + 1]
        targets = self._targets(site.block)
        ranges = ranges_of(around)
        boxes = [touched(loop.body, t, ranges, writes=False) for t in targets]
        box = reduce(union, [b for b in boxes if b is not None])
        tiles = stored_tiles(site.block)
        assert tiles is not None, "the block stores tiles"
        needed = {
            var: tiles_over(span, size, ranges)
            for (var, size), span in zip(tiles, box, strict=True)
            if var is not None
        }
        nest = nest_over(site.block, needed, ranges, [o.var.name for o in around])
        body = _before_reader(loop.body, targets, nest)
        moved = exchange(program, loop, loop.replace(body=body))
        return moved.with_body(remove(moved, site.block))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[ComputeAt]:
        """The loops of the readers, if the block is selected; outermost first."""
        written = [w.buffer for w in site.block.writes]
        for other in sites(program):
            if any(r.buffer in written for r in other.block.reads):
                for name in other.names():
                    yield cls(site.block.name, other.block.name, name)


def _reads(block: Block, targets: Sequence[Buffer]) -> bool:
    return any(r.buffer in targets for r in block.reads)


def _readers(program: Program, targets: Sequence[Buffer]) -> str:
    return ", ".join(s.block.name for s in sites(program) if _reads(s.block, targets))


def _before_reader(body: Stmt, targets: Sequence[Buffer], nest: Stmt) -> Stmt:
    """`body` with `nest` put before the first of its statements that reads one of `targets`."""
    parts = list(body.stmts) if isinstance(body, Seq) else [body]
    for n, part in enumerate(parts):
        if any(_reads(b, targets) for b in blocks(part)):
            return Seq([*parts[:n], nest, *parts[n:]])
    raise AssertionError("a reader is in the loop")
