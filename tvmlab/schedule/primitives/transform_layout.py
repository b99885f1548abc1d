"""Transform layout: an intermediate's elements are stored in another order.

Other systems: TVM `transform_layout`, Halide `reorder_storage` and `fold` of dimensions.

The new order is an index map: `i, j -> j // 16, i, j % 16` packs a matrix into panels of 16
columns. A Python function, `lambda i, j: (j // 16, i, j % 16)`, is written down as such a text.
Legal for an intermediate where the map is proved to keep all elements apart; every block that
touches the buffer then uses the new indices. Where an extent does not divide, the buffer gets
larger, and the padding is neither written nor read. What a caller hands in or gets back keeps its
layout: copy it with cache_read or cache_write first, and transform the copy.

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

After `s["B"].transform_layout("B", "i, j -> j // 4, i, j % 4")`:

    B = allocate(float32[2, 8, 4])
    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vj // 4, vi, vj % 4] = A[vi, vj] + 1.0
    for i in range(8):
        for j in range(8):
            with block("C", vi=i, vj=j):
                C[vi, vj] = B[vj // 4, vi, vj % 4] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tvmlab.analysis.places import is_reused
from tvmlab.arith.index_map import Relayout
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import Site
from tvmlab.schedule.layout_map import index_map_of, layout_over, texts
from tvmlab.schedule.relocate import relocated, require_free
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class TransformLayout(Step):
    """Store `buffer`, which the block reads or writes, in the order that `index_map` says."""

    name = "transform_layout"
    summary = "store an intermediate in another order"
    example = 'transform_layout("B", "i, j -> j // 16, i, j % 16")'
    group = "storage"
    buffer: str = argument("name", "the intermediate to store anew")
    index_map: str = argument("name", "where each element goes, as in i, j -> j // 16, i, j % 16")

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> TransformLayout:
        """The step of a call, in which the map may be a Python function."""
        positional, named = texts(cls, block, args, kwargs)
        return super().from_call(block, *positional, **named)

    def require(self, program: Program) -> None:
        """An intermediate of known extents, no instruction's operand, and a map one to one."""
        buffer = self.intermediate(program, self.buffer)
        require_free(self, program, buffer)
        if buffer.alignments:
            raise self.refuse(
                "",
                f"{buffer.name} has aligned rows, and would have other rows",
                "transform_layout before storage_align",
            )
        if buffer.swizzle:
            raise self.refuse(
                "",
                f"{buffer.name} has swizzled rows, and would have other rows",
                "transform_layout before swizzle",
            )
        layout = self._layout(buffer)
        if layout.is_padded and is_reused(program, buffer):
            raise self.refuse(
                "",
                f"{buffer.name} is a rolling buffer, and {list(layout.shape)} would pad it",
                "choose factors that divide its extents",
            )

    def _layout(self, buffer: Buffer) -> Relayout:
        return layout_over(self, self.index_map, buffer.extents, buffer.name)

    def apply(self, program: Program) -> Program:
        """The buffer in its new shape, and every access of it at the new place."""
        buffer = self.intermediate(program, self.buffer)
        shape = self._layout(buffer).shape
        new = buffer.replace(shape=shape)
        return relocated(program, buffer, new, index_map_of(self, self.index_map).place)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[TransformLayout]:
        """The dimensions reversed, and panels of the last and of the first dimension."""
        touched = (r.buffer for r in (*site.block.writes, *site.block.reads))
        for buffer in dict.fromkeys(b for b in touched if b in program.buffers and b.shape):
            names = [f"i{n}" for n in range(len(buffer.shape))]
            before, after, last = ", ".join(names), ", ".join(names[1:]), names[-1]
            if len(names) > 1:
                yield cls(site.block.name, buffer.name, f"{before} -> {', '.join(names[::-1])}")
            for factor in (4, 16):
                kept = ", ".join([f"{last} // {factor}", *names[:-1], f"{last} % {factor}"])
                yield cls(site.block.name, buffer.name, f"{before} -> {kept}")
            if after:
                halves = f"{names[0]} // 2, {after}, {names[0]} % 2"
                yield cls(site.block.name, buffer.name, f"{before} -> {halves}")
