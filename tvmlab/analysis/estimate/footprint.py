"""How many bytes of a cache the loops of a nest fill, one access at a time and together."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from tvmlab.analysis.estimate.nest import Nest, Touch
from tvmlab.ir.buffer import Buffer

WAYS = 8
"""Lines that a cache can hold of those a power of two apart, at level 1 of most processors."""


def filled(touch: Touch, loops: Sequence[Nest], line_bytes: int) -> tuple[float, float]:
    """Bytes of cache lines that `touch` meets in one run of `loops`, and the length of a run of
    bytes side by side.

    Distances are added from the least to the greatest: one that is no more than what lies side by
    side makes it longer, any other repeats it.
    """
    size = touch.element_bytes
    whole = float(touch.buffer.size_bytes)
    if touch.is_data:
        return max(whole, line_bytes), size
    moves = [(abs(touch.steps[o.depth]), o.extent) for o in loops if o.depth < len(touch.steps)]
    if touch.lanes > 1:
        moves.append((abs(touch.lane_step), touch.lanes))
    run, pieces = float(size), 1.0
    for step, count in sorted(moves):
        if step == 0 or count <= 1:
            continue
        if step <= max(run, line_bytes - 1) and pieces == 1:
            run += step * (count - 1)
        elif step < line_bytes:
            run = max(run, min(step * (count - 1) + run, line_bytes))
        else:
            pieces *= count
    lines = pieces * max(line_bytes, run)
    return min(lines, max(whole, line_bytes)), run


def crowded(touch: Touch, loops: Sequence[Nest], cache_bytes: float, line_bytes: int) -> float:
    """Bytes as `filled` counts, or more where the pieces crowd into few places of a cache.

    Lines a multiple of a power of two apart share a set: they take what a set's share of the cache
    holds, however short they are. As long as they find room there, they take none from others.
    """
    bytes_, run = filled(touch, loops, line_bytes)
    if touch.is_data or bytes_ <= run:
        return bytes_
    way = max(line_bytes, int(cache_bytes) // WAYS)
    worst = max(line_bytes, run)
    apart = [
        int(abs(touch.steps[o.depth]))
        for o in loops
        if o.depth < len(touch.steps) and o.extent > 1 and abs(touch.steps[o.depth]) > worst
    ]
    if not apart:
        return bytes_
    taken = bytes_ * max(1.0, gcd(way, *apart) / worst)
    return taken if taken > cache_bytes else bytes_


class Footprints:
    """What the body of each loop fills, kept, since every level of every nest asks for it."""

    def __init__(self, line_bytes: int) -> None:
        self._line_bytes = line_bytes
        self._known: dict[tuple[Nest, float], float] = {}

    def of_body(self, nest: Nest, cache_bytes: float) -> float:
        """Bytes that one iteration of `nest` fills of a cache of this size."""
        key = (nest, cache_bytes)
        if key not in self._known:
            by_buffer: dict[Buffer, float] = {}
            for leaf, loops in nest.leaves():
                for touch in distinct(leaf.touches):
                    size = crowded(touch, loops, cache_bytes, self._line_bytes)
                    by_buffer[touch.buffer] = max(by_buffer.get(touch.buffer, 0.0), size)
            self._known[key] = sum(by_buffer.values())
        return self._known[key]


def distinct(touches: Sequence[Touch]) -> list[Touch]:
    """The accesses of memory, those alike in all but their beginning once."""
    found: dict[object, Touch] = {}
    for touch in touches:
        if not touch.is_register:
            found.setdefault((touch.buffer, touch.steps, touch.lane_step), touch)
    return list(found.values())
