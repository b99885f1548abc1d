"""How many bytes each level of memory hands on.

Of the loops around an access, from the outermost inwards, the first whose single iteration fits
into a cache is the one in which that cache pays: within it every line comes once, and every
iteration of the loops around it brings all of them anew. What several statements touch within the
same loop comes once for all of them. A program that fits as a whole finds its data where the call
before left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import NamedTuple

from tvmlab.analysis.estimate.footprint import Footprints, distinct, filled
from tvmlab.analysis.estimate.machine import MachineFacts
from tvmlab.analysis.estimate.nest import Leaf, Nest, Touch
from tvmlab.ir.buffer import Buffer

SCATTERED = 2.0
"""How much longer a line takes that no prefetching sees coming, from a cache outside."""

FAR = 6.0
"""The same where each line is on a page of its own, which prefetching units do not cross."""

PAGE_BYTES = 4096

SHORT_RUN = 4
"""Lines side by side from which on a prefetching unit follows."""

WRITTEN = 2.0
"""A line that is written is read first, and written back."""


@dataclass(frozen=True)
class Traffic:
    """Bytes that come from a level of memory and no nearer one, and their seconds.

    Attributes:
        name: of the level.
        size_bytes: in all.
        time_s: how long they take to come, on all cores that take part.
    """

    name: str
    size_bytes: float
    time_s: float


def traffic(root: Nest, machine: MachineFacts) -> list[Traffic]:
    """What each level but the first hands on, the nearest first."""
    footprints = Footprints(machine.line_bytes)
    levels = machine.memories
    found = []
    asked = _missed(root, levels[0].size_bytes, footprints, machine)
    for level in levels[1:]:
        own = _missed(root, level.size_bytes, footprints, machine)
        size = time_s = 0.0
        handed_on: _Missed = {}
        for buffer, wanted in asked.items():
            # What a nearer cache has is not asked for, however small this one is.
            there = own.get(buffer, NOTHING)
            left = _Asked(
                min(wanted.size_bytes, there.size_bytes),
                min(wanted.weighed, there.weighed),
                wanted.is_parallel,
            )
            size += wanted.size_bytes - left.size_bytes
            rate = level.all_bytes_per_s if wanted.is_parallel else level.bytes_per_s
            time_s += (wanted.weighed - left.weighed) / rate
            handed_on[buffer] = left
        found.append(Traffic(level.name, size, time_s))
        asked = handed_on
    return found


class _Asked(NamedTuple):
    """Bytes, bytes weighed by how long they take, and whether several cores ask for them."""

    size_bytes: float
    weighed: float
    is_parallel: bool


NOTHING = _Asked(0.0, 0.0, False)
_Missed = dict[Buffer, _Asked]


def _missed(
    root: Nest, cache_bytes: float, footprints: Footprints, machine: MachineFacts
) -> _Missed:
    """What does not come from a cache of this size, by buffer."""
    if cache_bytes == inf or footprints.of_body(root, cache_bytes) <= cache_bytes:
        return {}
    by_loop: dict[tuple[Buffer, Nest], _Asked] = {}
    for leaf, loops in _paths(root):
        depth = next(
            (n for n, o in enumerate(loops) if footprints.of_body(o, cache_bytes) <= cache_bytes),
            len(loops),
        )
        times = prod([o.extent for o in loops[:depth]])
        is_parallel = any(o.kind == "parallel" for o in loops)
        pays = loops[depth] if depth < len(loops) else root
        written = {t.buffer for t in leaf.touches if t.is_write}
        for touch in distinct(leaf.touches):
            bytes_, run = filled(touch, loops[depth:], machine.line_bytes)
            bytes_ *= times * (WRITTEN if touch.buffer in written else 1.0)
            slow = _slowness(touch, loops[depth:], run, machine.line_bytes)
            key = (touch.buffer, pays)
            known = by_loop.get(key, NOTHING)
            by_loop[key] = _Asked(
                max(known.size_bytes, bytes_),
                max(known.weighed, bytes_ * slow),
                known.is_parallel or is_parallel,
            )
    found: _Missed = {}
    for (buffer, _), more in by_loop.items():
        before = found.get(buffer, NOTHING)
        found[buffer] = _Asked(
            before.size_bytes + more.size_bytes,
            before.weighed + more.weighed,
            before.is_parallel or more.is_parallel,
        )
    return found


def _slowness(touch: Touch, loops: Sequence[Nest], run: float, line_bytes: int) -> float:
    """How much longer its lines take than those of a stream."""
    if run >= SHORT_RUN * line_bytes:
        return 1.0
    moved = [abs(touch.steps[o.depth]) for o in loops if touch.is_moved_by(o.depth)]
    return FAR if moved and min(moved) >= PAGE_BYTES else SCATTERED


def _paths(root: Nest) -> Iterator[tuple[Leaf, tuple[Nest, ...]]]:
    for leaf, loops in root.leaves():
        if any(not touch.is_register for touch in leaf.touches):
            yield leaf, loops
