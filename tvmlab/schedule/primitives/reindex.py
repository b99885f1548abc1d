"""Reindex: a block reads or writes a buffer through one that is indexed by its own variables.

Other systems: TVM (TensorIR) `reindex`.

What a block finds at `A[vi + vj]` stands in the new buffer at `[vi, vj]`: the windows of a
convolution laid out one beside the other (im2col), an operand transposed to the order of the loops,
a packed layout undone. Then the block has the form that an instruction asks for. Legal where the
block reads the buffer at one place, inside it for all values of its variables; and for what it
writes, where no other block writes it.

Before:

    B = allocate(float32[8])
    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0
    for i in range(8):
        with block("C", vi=i):
            C[vi] = B[vi] + 1.0

After `s["B"].transform_layout("B", "i -> i // 4, i % 4"); s["C"].reindex("B")`:

    B = allocate(float32[2, 4])
    B_reindex = allocate(float32[8])
    for i in range(8):
        with block("B", vi=i):
            B[vi // 4, vi % 4] = A[vi] + 1.0
    for i in range(8):
        with block("B_reindex", vi=i):
            B_reindex[vi] = B[vi // 4, vi % 4]
    for i in range(8):
        with block("C", vi=i):
            C[vi] = B_reindex[vi] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from tvmlab.analysis.regions import iteration_ranges
from tvmlab.arith import bounds
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Stmt, Store
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import exprs, loads, rewrite, substitute, variables
from tvmlab.schedule.copies import at_root, beside, fresh_block_name
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.step import Step, argument
from tvmlab.schedule.whole import require_whole

MOST_ELEMENTS = 2**28
"""Elements of the new buffer: a gigabyte of float32."""


@dataclass(frozen=True)
class Reindex(Step):
    """Let the block read or write `buffer` through one indexed by the block's variables."""

    name = "reindex"
    summary = "index a buffer by the block's own variables"
    example = 'reindex("A")'
    group = "storage"
    buffer: str = argument("name", "the buffer to read or write in another order")

    def require(self, program: Program) -> None:
        """One place of access, inside the buffer, and a copy that is whole when it is read."""
        site = self.site(program)
        block = site.block
        self.require_settled(program, block)
        require_whole(self, site)
        buffer = self._buffer(block)
        indices = self._indices(block, buffer)
        ranges = iteration_ranges(block.iters)
        for index, extent in zip(indices, buffer.shape, strict=True):
            low, high = bounds(index, ranges)
            is_data = any(isinstance(e, Load) for e in exprs(index))
            if is_data or low < 0 or not isinstance(extent, int) or high >= extent:
                raise self.refuse(
                    "",
                    f"cannot prove that {self.block} finds {index!r} inside {buffer.name} for all "
                    "values of its variables",
                    f"choose a buffer that is not guarded, or compute a padded {buffer.name} first",
                )
        extents = [it.extent for it in _used(block, indices)]
        known = [e for e in extents if isinstance(e, int)]
        if not extents or len(known) < len(extents) or prod(known) > MOST_ELEMENTS:
            raise self.refuse(
                "",
                f"the new buffer would have the shape {extents}",
                f"reindex what has at least one and at most {MOST_ELEMENTS} elements",
            )
        others = [b for b in beside(program, block, buffer) if not self._is_harmless(b, block)]
        if others:
            raise self.refuse(
                "",
                f"{others[0].name} uses {buffer.name} in the same loops, where no copy is whole",
                f"reindex before {others[0].name} and {self.block} share their loops",
            )
        if _is_written(block, buffer):
            self.require_only_writer(program, block, buffer)

    def _is_harmless(self, other: Block, block: Block) -> bool:
        """Whether a block in the same loops only reads what the block only reads."""
        written = [w.buffer.name for w in (*other.writes, *block.writes)]
        return self.buffer not in written

    def _buffer(self, block: Block) -> Buffer:
        touched = {r.buffer.name: r.buffer for r in (*block.reads, *block.writes)}
        if self.buffer not in touched:
            raise self.refuse(
                "",
                f"{self.block} does not touch a buffer {self.buffer!r}",
                f"it touches {', '.join(touched)}",
            )
        return touched[self.buffer]

    def _indices(self, block: Block, buffer: Buffer) -> tuple[Expr, ...]:
        """The one place at which the block's store reads or writes the buffer."""
        if not isinstance(block.body, Store):
            raise self.refuse(
                "", f"{self.block} is no single store", "reindex before blockize or tensorize"
            )
        found = [e.indices for e in loads(block.body) if e.buffer is buffer]
        if block.body.buffer is buffer:
            found.append(block.body.indices)
        if not found:
            raise self.refuse(
                "",
                f"{self.block} makes no access of {buffer.name} any more: it was simplified away",
                "choose a buffer that it uses",
            )
        for other in found[1:]:
            if not all(map(same, found[0], other)):
                raise self.refuse(
                    "",
                    f"{self.block} touches {buffer.name} at several places: "
                    f"{Load(buffer, found[0])!r} and {Load(buffer, other)!r}",
                    f"use cache_read or cache_write for a copy of all of {buffer.name}",
                )
        return found[0]

    def apply(self, program: Program) -> Program:
        """The block's accesses exchanged, and a copy's nest before or after that of the block."""
        block = self.site(program).block
        buffer = self._buffer(block)
        indices = self._indices(block, buffer)
        used = _used(block, indices)
        name = fresh_block_name(program, f"{buffer.name}_reindex")
        own = Buffer(name, [it.extent for it in used], buffer.dtype)
        is_written = _is_written(block, buffer)
        copy = _copy(name, buffer, own, used, indices, is_written)
        body = at_root(program, block, nest_over(copy, {}, {}, ()), after=is_written)
        buffers = (*program.buffers, own)
        wider = Program(program.name, program.params, program.outputs, buffers, body)
        return exchange(wider, block, _through(block, buffer, own, [it.var for it in used]))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Reindex]:
        """Each buffer the block touches."""
        touched = (r.buffer.name for r in (*site.block.reads, *site.block.writes))
        for name in dict.fromkeys(touched):
            yield cls(site.block.name, name)


def _is_written(block: Block, buffer: Buffer) -> bool:
    return buffer in [w.buffer for w in block.writes]


def _used(block: Block, indices: Sequence[Expr]) -> list[Iter]:
    """The block's iteration variables that occur in the indices, in the block's order."""
    found = set().union(*map(variables, indices)) if indices else set()
    return [it for it in block.iters if it.var in found]


def _copy(
    name: str,
    buffer: Buffer,
    own: Buffer,
    used: Sequence[Iter],
    indices: Sequence[Expr],
    is_written: bool,
) -> Block:
    """A block that copies every element, from `buffer` to `own`, or back if that is written."""
    fresh: dict[Var, Expr] = {it.var: Var(it.var.name) for it in used}
    iters = [
        Iter(v, it.extent) for it, v in zip(used, fresh.values(), strict=True) if isinstance(v, Var)
    ]
    there = Load(buffer, tuple([substitute(i, fresh) for i in indices]))
    here = Load(own, tuple([it.var for it in iters]))
    source, target = (here, there) if is_written else (there, here)
    return Block(
        name,
        iters,
        [Const(0, INDEX) for _ in iters],
        TRUE,
        [Region(source.buffer, [(i, 1) for i in source.indices])],
        [Region(target.buffer, [(i, 1) for i in target.indices])],
        None,
        Store(target.buffer, target.indices, source, name),
    )


def _through(block: Block, old: Buffer, new: Buffer, point: Sequence[Var]) -> Block:
    """`block` with `new[point]` wherever it touches `old`."""

    def on_expr(e: Expr) -> Expr | None:
        return Load(new, tuple(point)) if isinstance(e, Load) and e.buffer is old else None

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Store) and s.buffer is old:
            return Store(new, tuple(point), s.value, s.source)
        return None

    region = Region(new, [(v, 1) for v in point])
    init = rewrite(block.init, on_stmt, on_expr) if block.init is not None else None
    body = rewrite(block.body, on_stmt, on_expr)
    writes = tuple(region if w.buffer is old else w for w in block.writes)
    return block.replace(reads=tuple(regions(body)[0]), writes=writes, init=init, body=body)
