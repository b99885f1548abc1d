"""What a loop brings into the caches ahead of its use: the annotation, and when it can be kept.

    for k in range(64, prefetch="A@4, B@1"):

While iteration k runs, what k + 4 reads of A is fetched, and what k + 1 reads of B.

    for y in range(64):
        for k in range(64, prefetch="A@y+1"):

While iteration k of row y runs, what the same iteration of the next row reads is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tvmlab.arith import simplify
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.program import For
from tvmlab.ir.walk import blocks, exprs, loads, substitute, variables

PREFETCH = "prefetch"
"""The annotation: buffers with distances in iterations."""


class Ahead(NamedTuple):
    """That a buffer is fetched ahead.

    Attributes:
        buffer: its name.
        distance: by how many iterations.
        along: the name of the loop whose iterations these are; the annotated loop if empty.
    """

    buffer: str
    distance: int
    along: str = ""

    def __str__(self) -> str:
        return f"{self.buffer}@{self.along and f'{self.along}+'}{self.distance}"


_ENTRY = re.compile(r"(\w+)@(?:([^\W\d]\w*)\+)?([1-9]\d{0,8})")


def ahead_of(value: object) -> tuple[Ahead, ...] | None:
    """What an annotation's value says of each buffer; None where it says nothing."""
    entries = [_ENTRY.fullmatch(e) for e in value.split(", ")] if isinstance(value, str) else []
    found = tuple(Ahead(m[1], int(m[3]), m[2] or "") for m in entries if m is not None)
    is_whole = 0 < len(found) == len(entries) == len({a.buffer for a in found})
    return found if is_whole else None


def ahead_text(ahead: Iterable[Ahead]) -> str:
    """The annotation's value that says `ahead`."""
    return ", ".join(map(str, ahead))


def prefetch_problem(
    loop: For, name: str, distance: int, within: For | None = None
) -> tuple[str, str] | None:
    """Why nothing comes of fetching `name` ahead in `loop`, and what would; None where it does.

    Args:
        loop: the loop whose later iteration is meant.
        name: the buffer.
        distance: in iterations.
        within: the loop inside it whose iterations fetch what they themselves will read then.
    """
    for each in (loop, within or loop):
        if each.kind != "serial":
            return (
                f"the loop is {each.kind}: what it runs next is not known",
                "choose a serial loop",
            )
    if isinstance(loop.extent, int) and not 1 <= distance < loop.extent:
        return (
            f"of {loop.extent} iterations none is followed by one {distance} later",
            f"give a distance from 1 to {loop.extent - 1}"
            if loop.extent > 1
            else "choose a longer loop",
        )
    writer = next(
        (b.name for b in blocks(loop.body) if name in [w.buffer.name for w in b.writes]), None
    )
    if writer is not None:
        return (
            f"{writer} writes {name} in that loop, so that it is in the caches already",
            "choose a buffer that the loop only reads",
        )
    read = _reads(within or loop, name)
    if not read:
        return f"nothing in the loop reads {name}", "choose a buffer that the loop reads"
    if any(isinstance(e, Load) for indices in read for i in indices for e in exprs(i)):
        return (
            f"where it reads {name} depends on data that are not loaded that early",
            "choose a buffer whose indices are computed from loops alone",
        )
    if not any(loop.var in variables(i) for indices in read for i in indices):
        return (
            f"an iteration of {loop.var.name} reads the same of {name} as the next",
            f"choose a loop along which the read of {name} moves",
        )
    return None


def _reads(loop: For, name: str) -> list[tuple[Expr, ...]]:
    """The indices at which the blocks in the loop read the buffer, over the loops around them."""
    found = []
    for block in blocks(loop.body):
        values = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
        for load in loads(block):
            if load.buffer.name == name:
                found.append(tuple([simplify(substitute(i, values)) for i in load.indices]))
    return found
