"""Cache read: a block reads a copy of a buffer, made beforehand.

Other systems: TVM `cache_read`, Halide `in`, Exo `stage_mem`.

Always legal for a buffer the block reads. The copy can then be computed at a loop of the block,
which makes it a small tile that stays close.

Before:

    for i in range(8):
        with block("B", vi=i):
            B[vi] = A[vi] + 1.0

After `s["B"].cache_read("A")`:

    A_cache = allocate(float32[8])
    for i0 in range(8):
        with block("A_cache", vi0=i0):
            A_cache[vi0] = A[vi0]
    for i in range(8):
        with block("B", vi=i):
            B[vi] = A_cache[vi] + 1.0
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
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class CacheRead(Step):
    """Let the block read `buffer` through a copy, in a block and buffer of its own."""

    name = "cache_read"
    group = "storage"
    summary = "read through a copy"
    example = 'cache_read("A")'
    buffer: str = argument("name", "the buffer to copy")

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> CacheRead:
        """`cache_read(buffer)`; the memory that other systems name with it is told apart."""
        source = str(args[0] if args else kwargs.get("buffer", "B"))
        args, kwargs = without_scope(cls, block, args, kwargs, f"{source}_cache")
        return super().from_call(block, *args, **kwargs)

    def require(self, program: Program) -> None:
        """The block reads the buffer and does not write it."""
        site = self.site(program)
        self.require_settled(program, site.block)
        read = _read_buffers(site.block)
        if self.buffer not in read:
            raise self.refuse(
                "",
                f"{self.block} does not read a buffer {self.buffer!r}",
                f"it reads {', '.join(read) or 'nothing'}",
            )
        if read[self.buffer] in [w.buffer for w in site.block.writes]:
            raise self.refuse(
                "", f"{self.block} also writes {self.buffer}", "use cache_write for its result"
            )
        source = read[self.buffer]
        others = beside(program, site.block, source)
        writer = next((b.name for b in others if source in [w.buffer for w in b.writes]), None)
        if writer is not None:
            raise self.refuse(
                "",
                f"{writer} writes {self.buffer} inside the same loops, so no earlier copy is whole",
                f"cache {self.buffer} before {writer} moves into these loops",
            )
        if is_padded(program, read[self.buffer]):
            raise self.refuse(
                "",
                f"{self.buffer} is padded, and a copy would read places that nothing writes",
                f"cache_read before the layout of {self.buffer} is transformed",
            )
        if not is_initialised(self.apply(program), source):
            raise self.refuse(
                "",
                f"cannot prove that all of {self.buffer} between the first and the last element "
                "read is computed",
                f"cache_read before what computes {self.buffer} moves to where it is read",
            )

    def apply(self, program: Program) -> Program:
        """The copy's nest before the block's, and the block's loads exchanged."""
        block = self.site(program).block
        source = _read_buffers(block)[self.buffer]
        name = fresh_block_name(program, f"{source.name}_cache")
        copy = Buffer(name, source.shape, source.dtype)
        box = touched(root_nest(program, block), source, {}, writes=False)
        body = at_root(program, block, copy_nest(name, source, copy, box), after=False)
        widened = Program(
            program.name, program.params, program.outputs, (*program.buffers, copy), body
        )
        return exchange(widened, block, replace_buffers(block, {source: copy}))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[CacheRead]:
        """Each buffer the block reads."""
        for name in _read_buffers(site.block):
            yield cls(site.block.name, name)


def _read_buffers(block: Block) -> dict[str, Buffer]:
    return {r.buffer.name: r.buffer for r in block.reads}
