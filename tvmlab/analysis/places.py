"""How many elements an intermediate has places for: all, more in a padded layout, or a window."""

from __future__ import annotations

from math import prod

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Program
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
    for block in blocks(program.body):
        for region in block.writes:
            if region.buffer is buffer:
                extents = [it.extent for it in block.iters if not it.is_reduce]
                sizes = [*extents, *(extent for _, extent in region.bounds)]
                known = [size for size in sizes if isinstance(size, int)]
                if len(known) < len(sizes):
                    return []
                counts.append(prod(known))
    return counts
