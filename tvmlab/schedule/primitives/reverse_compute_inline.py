"""Reverse compute inline: a computation moves into the one whose result it reads.

Other systems: TVM `reverse_compute_inline`.

Legal where the block reads every element of one intermediate at most once, so that the index map
can be turned round (a permutation, a shift, a reshape), and what computes that intermediate does
not fold. The intermediate is stored no more; what it was computed by stores the block's results.

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

After `s["C"].reverse_compute_inline("B")`:

    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                C[vi, vj] = A[vi, vj] + 1.0 + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.regions import iteration_ranges
from tvmlab.arith import simplify, simplify_stmt
from tvmlab.arith.index_map import NotOneToOne
from tvmlab.arith.simplify import interval
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr, Var, binary
from tvmlab.ir.program import Block, For, Program, Region, Store
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import exprs, rewrite_expr, substitute
from tvmlab.schedule.definition import definition, require_intermediate
from tvmlab.schedule.find import Site, exchange, find_site, ranges_of, remove, sites
from tvmlab.schedule.independence import require_still_independent
from tvmlab.schedule.inverse import Inverse, inverse
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class ReverseComputeInline(Step):
    """Put the block's expression where block `producer` stores what it reads."""

    name = "reverse_compute_inline"
    group = "placement"
    summary = "compute where its operand is computed, which is stored no more"
    example = 'reverse_compute_inline("B")'
    producer: str = argument("name", "the block whose result is read")

    def require(self, program: Program) -> None:
        """Two blocks without folds, and an intermediate that only they touch, one to one."""
        site = self.site(program)
        producer = self._producer(program)
        for block in (site.block, producer.block):
            self.require_settled(program, block)
        written = {w.buffer for w in producer.block.writes}
        if written.isdisjoint(r.buffer for r in site.block.reads):
            raise self.refuse(
                "",
                f"{self.block} reads nothing that {self.producer} writes",
                "name the block whose result it reads",
            )
        definition(self, site.block, f'inline "{self.producer}" into it with compute_inline')
        place = f'.reverse_compute_at("{self.producer}", ...), outside the loops that fold'
        store, _ = definition(self, producer.block, place)
        require_intermediate(self, program, store.buffer, "inline where an intermediate is read")
        for block in (site.block, producer.block):
            self.require_only_writer(program, block, block.writes[0].buffer)
        for other in sites(program):
            reads = store.buffer in [r.buffer for r in other.block.reads]
            if reads and other.block is not site.block:
                raise self.refuse(
                    "",
                    f"block {other.block.name} reads {store.buffer.name} as well",
                    f'inline "{self.producer}" into its readers with compute_inline',
                )
        self._inverse(site.block, producer.block)
        self._require_ready(program, site.block, producer.block)
        require_still_independent(self, self.apply(program), self.producer)

    def _producer(self, program: Program) -> Site:
        producer = find_site(program, self.producer)
        if producer is None or producer.block.name == self.block:
            known = ", ".join(s.block.name for s in sites(program) if s.block.name != self.block)
            raise self.refuse(
                "", f"there is no other block {self.producer!r}", f"there are {known}"
            )
        return producer

    def _inverse(self, block: Block, producer: Block) -> Inverse:
        """From an element that the producer writes to the instance of the block that reads it."""
        read = producer.writes[0].buffer
        assert isinstance(block.body, Store)
        assert isinstance(producer.body, Store)
        every = (e for e in exprs(block.body.value) if isinstance(e, Load) and e.buffer is read)
        points = {repr(load): load.indices for load in every}
        if len(points) != 1:
            raise self.refuse(
                "",
                f"{self.block} reads {read.name} at {len(points)} places, and must at one",
                f'inline "{self.producer}" into it with compute_inline',
            )
        (point,) = points.values()
        ranges = iteration_ranges(block.iters)
        extents = {it.var: it.extent for it in producer.iters}
        for index, of in zip(point, producer.body.indices, strict=True):
            assert isinstance(of, Var)
            if interval(index, ranges)[0] < 0 or interval(index - extents[of], ranges)[1] >= 0:
                raise self.refuse(
                    "",
                    f"some elements that {self.block} stores come from none of {read.name}: its "
                    f"index {index!r} goes outside",
                    f'inline "{self.producer}" into it with compute_inline',
                )
        try:
            return inverse(point, block.iters, read)
        except NotOneToOne as reason:
            raise self.refuse(
                "",
                f"{self.block} does not read each element of {read.name} once: {reason}",
                f'inline "{self.producer}" into it with compute_inline',
            ) from None

    def _require_ready(self, program: Program, block: Block, producer: Block) -> None:
        """Whatever else the block reads is written before the producer runs."""
        order = [s.block for s in sites(program)]
        read = {r.buffer for r in block.reads} - {producer.writes[0].buffer}
        for later in order[order.index(producer) :]:
            for region in later.writes:
                if region.buffer in read:
                    raise self.refuse(
                        "",
                        f"{self.block} reads {region.buffer.name}, which {later.name} writes later",
                        f'inline it into "{later.name}" instead',
                    )

    def apply(self, program: Program) -> Program:
        """The producer's store exchanged, the block's nest and the intermediate removed."""
        block = self.site(program).block
        producer = self._producer(program)
        store, own = definition(self, producer.block, "")
        found = self._inverse(block, producer.block)
        merged = _merged(block, producer, store, own, found)
        body = exchange(program.with_body(remove(program, block)), producer.block, merged).body
        kept = [b for b in program.buffers if b is not store.buffer]
        return Program(program.name, program.params, program.outputs, kept, body)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[ReverseComputeInline]:
        """The writers of what the block reads."""
        read = [r.buffer for r in site.block.reads]
        for other in sites(program):
            written = [w.buffer for w in other.block.writes]
            if other.block is not site.block and any(w in read for w in written):
                yield cls(site.block.name, other.block.name)


def _merged(block: Block, producer: Site, store: Store, own: list[Var], found: Inverse) -> Block:
    """The producer's block, storing what `block` makes of its value."""
    assert isinstance(block.body, Store)
    iters = [it.var for it in block.iters]
    instance: dict[Var, Expr] = dict(zip(iters, found.instance(own), strict=True))

    def renewed(e: Expr) -> Expr:
        def on_expr(x: Expr) -> Expr | None:
            return store.value if isinstance(x, Load) and x.buffer is store.buffer else None

        return substitute(rewrite_expr(e, on_expr), instance)

    target = block.body.buffer
    ranges = iteration_ranges(producer.block.iters)
    stored = Store(
        target,
        tuple([renewed(i) for i in block.body.indices]),
        renewed(block.body.value),
        producer.block.name,
    )
    body = simplify_stmt(stored, ranges)
    assert isinstance(body, Store)
    bound: dict[Var, Expr] = {
        it.var: b for it, b in zip(producer.block.iters, producer.block.bindings, strict=True)
    }
    read_by_some = substitute(simplify(found.condition(own), ranges), bound)
    where = binary("and", producer.block.where, read_by_some)
    return producer.block.replace(
        where=simplify(where, ranges_of(producer.loops)),
        reads=tuple(regions(body)[0]),
        writes=(Region(target, [(i, 1) for i in body.indices]),),
        body=body,
    )
