"""How the iterations of a parallel loop are handed to threads: an annotation of the loop."""

from __future__ import annotations

from tvmlab.ir.program import For

KEY = "chunks"
DYNAMIC, STATIC = "dynamic", "static"
CHUNKS = (DYNAMIC, STATIC)
"""Pieces that shrink and may change hands, as goes without saying; or even shares in one go."""


def with_chunks(loop: For, chunks: str) -> For:
    """The parallel loop with its iterations handed out as `chunks`, one of `CHUNKS`."""
    others = tuple(a for a in loop.annotations if a[0] != KEY)
    return loop.replace(annotations=others if chunks == DYNAMIC else (*others, (KEY, chunks)))


def is_static(loop: For) -> bool:
    """Whether each thread runs one even share of the loop."""
    return dict(loop.annotations).get(KEY) == STATIC
