"""Compute inline: a computation moves into every expression that reads it.

Other systems: TVM `compute_inline`, Halide's default, Exo `inline`.

Legal for a block that writes each element of an intermediate once, from one expression. Nothing
is stored any more; what was read in several places is computed in each.

Before:

    B = allocate(float32[8])
    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
    for i in range(8):
        with block("C", vi=i):
            C[vi] = B[vi] + 1.0

After `s["B"].compute_inline()`:

    for i in range(8):
        with block("C", vi=i):
            C[vi] = A[vi] + 1.0 + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.regions import iteration_ranges
from tvmlab.arith import simplify_stmt
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Program, Stmt, Store
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import map_children, rewrite, substitute
from tvmlab.schedule.definition import definition, require_intermediate
from tvmlab.schedule.find import Site, remove
from tvmlab.schedule.relocate import operand_of
from tvmlab.schedule.step import Step


@dataclass(frozen=True)
class ComputeInline(Step):
    """Put the block's expression wherever its result is read, and drop the block."""

    name = "compute_inline"
    group = "placement"
    summary = "compute where it is read, storing nothing"
    example = "compute_inline()"

    def require(self, program: Program) -> None:
        """An intermediate, written once for each element by one store."""
        site = self.site(program)
        self.require_settled(program, site.block)
        store, _ = self._definition(site.block)
        require_intermediate(self, program, store.buffer, "inline an intermediate")
        self.require_only_writer(program, site.block, store.buffer)
        instruction = operand_of(program, store.buffer)
        if instruction is not None:
            raise self.refuse(
                "",
                f"the instruction {instruction} reads {store.buffer.name} from memory",
                "inline before tensorize, or compute it at a loop of the reader",
            )

    def _definition(self, block: Block) -> tuple[Store, list[Var]]:
        return definition(self, block, "inline a block without reduction")

    def apply(self, program: Program) -> Program:
        """Loads exchanged for the value, the nest removed, the buffer no longer allocated."""
        block = self.site(program).block
        store, order = self._definition(block)

        def inlined(e: Expr) -> Expr | None:
            if isinstance(e, Load) and e.buffer is store.buffer:
                return substitute(store.value, dict(zip(order, e.indices, strict=True)))
            return None

        def visit(s: Stmt) -> Stmt:
            if not isinstance(s, Block):
                return map_children(s, visit, lambda e: None)
            if store.buffer not in [r.buffer for r in s.reads]:
                return s
            return _renewed(s, rewrite(s.body, on_expr=inlined))

        kept = [b for b in program.buffers if b is not store.buffer]
        body = visit(remove(program, block))
        return Program(program.name, program.params, program.outputs, kept, body)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[ComputeInline]:
        """The block itself."""
        yield cls(site.block.name)


def _renewed(block: Block, body: Stmt) -> Block:
    """`block` with another body, its read regions computed again."""
    body = simplify_stmt(body, iteration_ranges(block.iters))
    return block.replace(reads=tuple(regions(body)[0]), body=body)
