"""How much else is touched between two uses of the same place: exact, for every access.

The distance of Mattson et al., "Evaluation techniques for storage hierarchies" (1970): a cache of
c places that drops what was used longest ago holds a place again exactly if fewer than c others
were used meanwhile.
"""

from __future__ import annotations

import numpy as np

FIRST = -1
"""The distance of a first use."""


def previous_uses(places: np.ndarray) -> np.ndarray:
    """(n,) int64: for each access the last one before it to the same place; -1 where none is.

    Args:
        places: (n,) non-negative integers.
    """
    count = len(places)
    bits = max(1, count.bit_length())
    # One sort of a single number for both keys is several times as fast as a stable sort of one.
    keys = np.sort((places.astype(np.int64) << bits) | np.arange(count, dtype=np.int64))
    order, place = keys & ((1 << bits) - 1), keys >> bits
    again = place[1:] == place[:-1]
    previous = np.full(count, FIRST, np.int64)
    previous[order[1:][again]] = order[:-1][again]
    return previous


def reuse_distances(places: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
    """(n,) int64: how many other places were used since the last use of the same; -1 at first.

    Args:
        places: (n,) non-negative integers, in the order of use.
        previous: what `previous_uses` gives for them, where it is known.
    """
    previous = previous_uses(places) if previous is None else previous
    again = np.flatnonzero(previous >= 0)
    uses = previous[again]
    # Between a use and the next, at p and i, as many places are used as there are accesses after p
    # whose own last use was up to p: those before i with a last use up to p, all p + 1 up to p
    # among them. First uses, which count as well, are those that are not used again here.
    first = again - np.arange(len(again))
    distances = np.full(len(previous), FIRST, np.int64)
    distances[again] = first + _smaller_before(uses) - (uses + 1)
    return distances


def _smaller_before(values: np.ndarray) -> np.ndarray:
    """(n,) for each of n different values, how many before it are smaller.

    A merge sort from the highest digit to the lowest: values that agree in their higher digits
    stand together, in their old order, and those with a 1 next count those with a 0 before them.
    Ranks are a permutation of 0 .. 2**k - 1, so every group is exactly as long as its digits say,
    and no group needs to be looked for.
    """
    count = len(values)
    if count < 2:
        return np.zeros(count, np.int64)
    is_value = np.zeros(int(values.max()) + 1, np.int32)
    is_value[values] = 1
    ranks = (np.cumsum(is_value, dtype=np.int32) - 1)[values]
    digits = (count - 1).bit_length()
    rank = np.arange(1 << digits, dtype=np.int32)
    rank[:count] = ranks
    seen = np.zeros(1 << digits, np.int32)
    for digit in range(digits - 1, -1, -1):
        half = 1 << digit
        is_one = (rank & half) != 0
        order = np.empty((len(rank) // (2 * half), 2, half), np.int64)
        order[:, 0] = np.flatnonzero(~is_one).reshape(-1, half)
        order[:, 1] = np.flatnonzero(is_one).reshape(-1, half)
        rank, seen = rank.take(order.reshape(-1)), seen.take(order.reshape(-1))
        starts = np.arange(len(order))[:, None] * (2 * half)
        zeros_before = order[:, 1] - starts - np.arange(half)
        seen.reshape(-1, 2, half)[:, 1] += zeros_before.astype(np.int32)
    counted: np.ndarray = seen[ranks].astype(np.int64)
    return counted
