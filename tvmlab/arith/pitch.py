"""The distance of neighbours along a dimension, made what is asked by larger extents."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tvmlab.ir.buffer import Alignment, Buffer


def aligned_shape(shape: Sequence[int], alignment: Alignment) -> tuple[int, ...] | None:
    """The least shape around `shape` with the alignment; None if no larger extent gives it.

    Neighbours along dimension `axis` are as far apart as the product of the extents below it, of
    which the first grows.
    """
    axis, factor, offset = alignment
    below = prod(shape[axis + 2 :])
    for extent in range(shape[axis + 1], shape[axis + 1] + factor):
        if extent * below % factor == offset:
            return (*shape[: axis + 1], extent, *shape[axis + 2 :])
    return None


def as_stored(buffer: Buffer) -> Buffer:
    """The buffer without alignments, in a shape that has them; itself if it has none."""
    if not buffer.alignments:
        return buffer
    # Innermost dimensions first: those around them are measured in what they have become.
    shape = buffer.extents
    for alignment in sorted(buffer.alignments, reverse=True):
        shape = aligned_shape(shape, alignment) or shape
    return buffer.replace(shape=shape, alignments=())
