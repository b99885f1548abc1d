"""Which accesses miss in set-associative caches that drop what was used longest ago.

Whether an access misses follows from the reuse distance within its set: the accesses of all sets,
one set after another, are one sequence. Every access brings its line, loads and stores alike; a
level is asked for what the level before it lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tvmlab.analysis.reuse_distance import reuse_distances
from tvmlab.errors import UsageError


@dataclass(frozen=True)
class Cache:
    """A level of cache.

    Attributes:
        size_bytes: what it holds.
        line_bytes: what it takes in at once.
        ways: places that a line may be at.
    """

    size_bytes: int
    line_bytes: int
    ways: int

    def __post_init__(self) -> None:
        if min(self.size_bytes, self.line_bytes, self.ways) < 1:
            raise UsageError(f"a cache needs sizes of 1 or more, not {self}.")
        if self.size_bytes < self.line_bytes:
            raise UsageError(
                f"a cache of {self.size_bytes} bytes cannot hold a line of {self.line_bytes}; "
                "make it larger, or the line smaller."
            )

    @property
    def lines(self) -> int:
        """Lines that it holds."""
        return self.size_bytes // self.line_bytes

    @property
    def sets(self) -> int:
        """Groups of ways; a line belongs to one by its number."""
        return max(1, self.lines // self.ways)

    @property
    def places(self) -> int:
        """Places that a line of a set may be at: the ways, or all lines where they are fewer."""
        return min(self.ways, self.lines)


def misses(lines: np.ndarray, cache: Cache) -> np.ndarray:
    """(n,) whether each access misses in an empty cache.

    Args:
        lines: (n,) numbers of the cache lines, in the order of use.
        cache: the cache.
    """
    order = np.argsort((lines % cache.sets).astype(np.uint32), kind="stable")
    by_set = lines[order]
    # What is used again at once is there; without it the sequence is often half as long.
    changes = np.flatnonzero(np.concatenate([[True], by_set[1:] != by_set[:-1]]))
    distance = reuse_distances(by_set[changes])
    missed = np.zeros(len(lines), np.bool_)
    missed[order[changes]] = (distance < 0) | (distance >= cache.places)
    return missed


def misses_by_level(addresses: np.ndarray, caches: Sequence[Cache]) -> list[np.ndarray]:
    """For each level, nearest first, the positions of the accesses that miss in it.

    Args:
        addresses: (n,) bytes, in the order of use.
        caches: the levels, each at least as far from the processor as the one before.
    """
    found: list[np.ndarray] = []
    asked = np.arange(len(addresses))
    for cache in caches:
        missed = misses(addresses[asked] // cache.line_bytes, cache)
        asked = asked[missed]
        found.append(asked)
    return found
