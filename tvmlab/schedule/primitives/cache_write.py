"""Cache write: a block writes a buffer of its own, which is copied to its place afterwards.

Other systems: TVM `cache_write`, Exo `stage_mem`.

Always legal. The copy can then be computed at a loop of the block with reverse_compute_at, so
that a tile of results is accumulated close by and stored once.

Before:

    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].cache_write()`:

    B_cache = allocate(float32[8])
    for i in range(8):
        with block("B", vi=i):
            B_cache[vi] = A[vi] + 1.0
    for i0 in range(8):
        with block("B_store", vi0=i0):
            B[vi0] = B_cache[vi0]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tvmlab.analysis.initialised import is_initialised
from tvmlab.analysis.places import is_padded
from tvmlab.analysis.regions import touched
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import replace_buffers
from tvmlab.schedule.copies import (
    at_root,
    beside,
    copy_nest,
    fresh_block_name,
    root_nest,
)
from tvmlab.schedule.copies_in_scopes import without_scope
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step


@dataclass(frozen=True)
class CacheWrite(Step):
    """Let the block write buffers of its own, each copied to its place by a block after it."""

    name = "cache_write"
    group = "storage"
    summary = "write a tile of its own, stored afterwards"
    example = "cache_write()"

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> CacheWrite:
        """`cache_write()`; the memory that other systems name with it is told apart."""
        args, kwargs = without_scope(cls, block, args, kwargs, f"{block}_cache")
        return super().from_call(block, *args, **kwargs)

    def require(self, program: Program) -> None:
        """No other block writes what the block writes, or reads it in the same loops."""
        site = self.site(program)
        for target in _targets(site.block):
            self.require_only_writer(program, site.block, target)
            if is_padded(program, target):
                raise self.refuse(
                    "",
                    f"{target.name} is padded, and a copy would read places that nothing writes",
                    f"cache_write before the layout of {target.name} is transformed",
                )
            others = beside(program, site.block, target)
            if others:
                raise self.refuse(
                    "",
                    f"{others[0].name} reads {target.name} inside the same loops, before a later "
                    "copy",
                    f"cache the result before {others[0].name} shares its loops",
                )
        after = self.apply(program)
        for source in set(after.buffers) - set(program.buffers):
            if not is_initialised(after, source):
                raise self.refuse(
                    "",
                    "cannot prove that it computes every element between the first and the last "
                    "that a copy takes",
                    f"cache_write before {self.block} moves to where few of its elements are read",
                )

    def apply(self, program: Program) -> Program:
        """The block's buffers exchanged, and the copies' nests after the block's."""
        block = self.site(program).block
        nest = root_nest(program, block)
        caches: dict[Buffer, Buffer] = {}
        for target in _targets(block):
            name = fresh_block_name(program, f"{target.name}_cache")
            caches[target] = own = Buffer(name, target.shape, target.dtype)
            box = touched(nest, target, {}, writes=True)
            copy = copy_nest(fresh_block_name(program, f"{target.name}_store"), own, target, box)
            program = Program(
                program.name,
                program.params,
                program.outputs,
                (*program.buffers, own),
                at_root(program, block, copy, after=True),
            )
        return exchange(program, block, replace_buffers(block, caches))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[CacheWrite]:
        """The block itself."""
        yield cls(site.block.name)


def _targets(block: Block) -> list[Buffer]:
    return list(dict.fromkeys(w.buffer for w in block.writes))
