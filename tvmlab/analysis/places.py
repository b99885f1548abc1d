"""How many elements an intermediate has places for: all, more in a padded layout, or a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Block, Program, Region
from tvmlab.ir.walk import blocks


def is_padded(program: Program, buffer: Buffer) -> bool:
    """Whether some places of an intermediate are surely never written, as in a padded layout."""
    written = _written(program, buffer)
    return bool(written) and sum(written) < prod(buffer.extents)


def is_reused(program: Program, buffer: Buffer) -> bool:
    """Whether an intermediate has fewer places than elements, as a rolling buffer has.

    Then what a place holds changes while the program runs: who reads it must not move.
    """
    written = _written(program, buffer)
    return bool(written) and max(written) > prod(buffer.extents)


def _written(program: Program, buffer: Buffer) -> list[int]:
    """How many elements each block computes of an intermediate; none where sizes are not known.

    Blocks that share the work, as the parts of a partition do, each know the whole domain.
    """
    if buffer not in program.buffers or not all(isinstance(e, int) for e in buffer.shape):
        return []
    counts: list[int] = []
    for block, region in _writes(program).get(buffer, ()):
        extents = [it.extent for it in block.iters if not it.is_reduce]
        sizes = [*extents, *(extent for _, extent in region.bounds)]
        known = [size for size in sizes if isinstance(size, int)]
        if len(known) < len(sizes):
            return []
        counts.append(prod(known))
    return counts


@lru_cache(maxsize=16)
def _writes(program: Program) -> Mapping[Buffer, Sequence[tuple[Block, Region]]]:
    """The regions that blocks write, by buffer: every move at a loop asks of the same program."""
    found: dict[Buffer, list[tuple[Block, Region]]] = {}
    for block in blocks(program.body):
        for region in block.writes:
            found.setdefault(region.buffer, []).append((block, region))
    return found
