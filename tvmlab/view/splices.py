"""What makes one row of things of another, where most of them stay: told by identity."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import is_
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Splice(NamedTuple):
    """At position `at` of the old row `removed` things go, and `added` of the new row from `start`
    on stand in their place."""

    at: int
    removed: int
    start: int
    added: int


def splices(before: Sequence[T], after: Sequence[T]) -> list[Splice]:
    """The places where `after` differs from `before`, in order; equal rows differ nowhere.

    What is the same object stays, as many of them as stand in one order in both.
    """
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    ends = len(before) - tail, len(after) - tail
    places = {id(thing): place for place, thing in enumerate(before[head : ends[0]], head)}
    common = [
        (places[id(thing)], place)
        for place, thing in enumerate(after[head : ends[1]], head)
        if id(thing) in places
    ]
    found: list[Splice] = []
    at = start = head
    for old, new in (*_in_order(common), ends):
        if old > at or new > start:
            found.append(Splice(at, old - at, start, new - start))
        at, start = old + 1, new + 1
    return found


def _shared(a: Sequence[T], b: Sequence[T]) -> int:
    """The number of things that are the same at the beginning."""
    least = min(len(a), len(b))
    return next((n for n, same in enumerate(map(is_, a, b)) if not same), least)


def _in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of `pairs`, whose second parts increase, in which the first parts do so too."""
    ends: list[int] = []
    best: list[int] = []
    before: list[int] = []
    for n, (old, _) in enumerate(pairs):
        length = bisect_left(ends, old)
        before.append(best[length - 1] if length else -1)
        ends[length : length + 1] = [old]
        best[length : length + 1] = [n]
    chosen = [best[-1]] if best else []
    while chosen and before[chosen[-1]] >= 0:
        chosen.append(before[chosen[-1]])
    return [pairs[n] for n in reversed(chosen)]
