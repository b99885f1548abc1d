"""How the iterations of a parallel loop are handed to threads: an annotation of the loop."""

from __future__ import annotations

from tvmlab.ir.program import For

KEY = "chunks"
DYNAMIC, STATIC, TURNING = "dynamic", "static", "turning"
CHUNKS = (DYNAMIC, STATIC, TURNING)
"""Pieces that shrink and may change hands, as goes without saying; even shares in one go; or these,
walked back in every second iteration of the loop around."""


def with_chunks(loop: For, chunks: str) -> For:
    """The parallel loop with its iterations handed out as `chunks`, one of `CHUNKS`."""
    others = tuple(a for a in loop.annotations if a[0] != KEY)
    return loop.replace(annotations=others if chunks == DYNAMIC else (*others, (KEY, chunks)))


def is_static(loop: For) -> bool:
    """Whether each thread runs one even share of the loop."""
    return dict(loop.annotations).get(KEY) in (STATIC, TURNING)


def is_turning(loop: For) -> bool:
    """Whether a share is walked back in every second iteration of the loop around."""
    return dict(loop.annotations).get(KEY) == TURNING
