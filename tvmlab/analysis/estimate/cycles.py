"""How many cycles a core takes with all data at hand: what must be issued, and what must wait.

Each innermost loop takes as long as the busiest of its units: arithmetic, loads, stores, the front
that hands instructions out, or the chain of additions to one element. What no iteration changes is
taken to be loaded before the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil, prod

from tvmlab.analysis.estimate.machine import MachineFacts
from tvmlab.analysis.estimate.nest import BRANCH, Leaf, Nest, Touch
from tvmlab.ir.buffer import Buffer

ISSUED = 5.0
"""Instructions a cycle, at most."""

NARROW = 2.0
"""Instructions a cycle of each kind that do not fill a whole register."""

ADD_LATENCY = 4.0
"""Cycles until a sum can be added to."""

MEMORY_LATENCY = 6.0
"""Cycles until what was stored can be loaded."""

STORE_BITS = 256
"""Stored in a cycle, whatever the width of registers."""

WINDOW = 256
"""Instructions that are under way at once."""

ENTRY = 4.0
"""Cycles to enter a loop and to leave it."""

LAUNCH_S = 3e-6
"""To begin and end a parallel loop, where there is more than one core."""

APART = 1.5
"""Instructions for each lane that has a place of its own."""


@dataclass(frozen=True)
class Cycles:
    """Cycles by what asks for them; `busy` is what the busiest takes together, one after the other.

    `parallel` is the part of `busy` inside parallel loops, were one core to do it all.
    """

    arithmetic: float = 0.0
    loads: float = 0.0
    stores: float = 0.0
    issue: float = 0.0
    chain: float = 0.0
    overhead: float = 0.0
    busy: float = 0.0
    parallel: float = 0.0

    def plus(self, other: Cycles) -> Cycles:
        """Both, one after the other."""
        return Cycles(*(a + b for a, b in zip(_parts(self), _parts(other), strict=True)))

    def times(self, count: float) -> Cycles:
        """This, `count` times."""
        return Cycles(*(part * count for part in _parts(self)))

    def together(self) -> Cycles:
        """With `busy` as the units work side by side."""
        units = (self.arithmetic, self.loads, self.stores, self.issue, self.chain)
        return replace(self, busy=max(units) + self.overhead)


def _parts(c: Cycles) -> tuple[float, ...]:
    return (c.arithmetic, c.loads, c.stores, c.issue, c.chain, c.overhead, c.busy, c.parallel)


class Counting:
    """Counts the cycles of nests on a machine.

    Args:
        held: registers that each buffer of registers fills.
    """

    def __init__(self, machine: MachineFacts, held: Mapping[Buffer, float]) -> None:
        self._machine = machine
        self._spilt = self._share_spilt(held)

    def _share_spilt(self, held: Mapping[Buffer, float]) -> float:
        """The share of the elements in registers for which there is none."""
        wanted = max([0.0, *held.values()]) + 2
        over = 1 - self._machine.vector_registers / wanted
        return min(1.0, SPILT_AT_ONCE + 2 * over) if over > 0 else 0.0

    def of(self, nest: Nest) -> Cycles:
        """The cycles of all iterations of `nest`."""
        straight = list(_straight(nest, ()))
        inner = list(_loops(nest, 1))
        one = Cycles()
        for leaf, unrolled in straight:
            one = one.plus(self._of_leaf(leaf, nest, unrolled, is_innermost=not inner))
        instructions = max(one.issue * ISSUED, 1.0)
        if not inner:
            under_way = max(1.0, WINDOW / (instructions * nest.extent))
            own = self._own_chain(straight, nest) / max(1.0, WINDOW / instructions)
            one = replace(one, chain=max(own, one.chain / under_way))
        is_loop = nest.depth >= 0 and nest.kind != BRANCH
        if is_loop:
            one = one.plus(Cycles(issue=2 / ISSUED))
        one = one.together()
        for times, loop in inner:
            one = one.plus(self.of(loop).times(times))
        whole = one.times(nest.extent)
        if nest.kind == "parallel":
            return self._in_parallel(nest, whole)
        return whole.plus(Cycles(overhead=ENTRY, busy=ENTRY)) if is_loop else whole

    def _in_parallel(self, nest: Nest, whole: Cycles) -> Cycles:
        if whole.parallel:
            return whole
        threads = min(self._machine.cores, nest.extent)
        launch = LAUNCH_S * self._machine.clock_hz if self._machine.cores > 1 else 0.0
        share = ceil(nest.extent / threads) / nest.extent
        busy = whole.busy * share
        return replace(
            whole, busy=busy + launch, overhead=whole.overhead + launch, parallel=whole.busy
        )

    def _of_leaf(
        self, leaf: Leaf, nest: Nest, unrolled: tuple[Nest, ...], is_innermost: bool
    ) -> Cycles:
        """One iteration of `nest`, with the loops written out in it."""
        times = prod([loop.extent for loop in unrolled])
        wide = sum(self._registers(bits) * count for bits, count in leaf.operations.vectors)
        units = sum(self._units(bits) * count for bits, count in leaf.operations.vectors)
        loads = stores = instructions = 0.0
        for touch in leaf.touches:
            often = self._often(touch, leaf, nest, unrolled, is_innermost)
            often *= self._spilt if touch.is_register else 1.0
            is_woven = any(touch.is_moved_by(o.depth) for o in unrolled)
            spent, issued = self._of_touch(touch, is_woven)
            instructions += often * issued
            if touch.is_write:
                stores += often * spent
            else:
                loads += often * spent
        issued = wide * times + instructions + leaf.operations.indices * times
        return Cycles(
            arithmetic=units * times,
            loads=loads,
            stores=stores,
            issue=issued / ISSUED,
            chain=self._chain(leaf, nest, unrolled),
        )

    def _chain(self, leaf: Leaf, nest: Nest, unrolled: tuple[Nest, ...]) -> float:
        """Cycles that one iteration waits for its own sums, one after the other."""
        if leaf.update is None or leaf.update.is_moved_by(nest.depth):
            return 0.0
        if leaf.begins >= nest.depth:
            return 0.0
        return self._in_a_row(leaf, unrolled)

    def _own_chain(self, straight: list[tuple[Leaf, tuple[Nest, ...]]], nest: Nest) -> float:
        """Cycles from the first to the last of the sums that live in an iteration alone."""
        own = [self._in_a_row(*each) for each in straight if each[0].begins >= nest.depth]
        return max(own, default=0.0)

    def _in_a_row(self, leaf: Leaf, unrolled: tuple[Nest, ...]) -> float:
        """Cycles of the sums of one execution that wait for each other."""
        if leaf.update is None:
            return 0.0
        in_a_row = prod([o.extent for o in unrolled if not leaf.update.is_moved_by(o.depth)])
        is_kept = leaf.update.is_register or leaf.is_found
        return in_a_row * (ADD_LATENCY + (0.0 if is_kept else MEMORY_LATENCY))

    def _often(
        self, touch: Touch, leaf: Leaf, nest: Nest, unrolled: tuple[Nest, ...], is_innermost: bool
    ) -> float:
        """How often an access is made in an iteration of `nest`, on the average: what is met again
        is in a register, and what the loop does not move was loaded before it."""
        moved = [o.extent for o in unrolled if touch.is_moved_by(o.depth)]
        is_still = is_innermost and nest.depth >= 0 and not touch.is_moved_by(nest.depth)
        is_read_only = touch.buffer is not leaf.touches[0].buffer
        stays = is_read_only or leaf.is_found
        return prod(moved) / (nest.extent if is_still and stays else 1)

    def _of_touch(self, touch: Touch, is_woven: bool) -> tuple[float, float]:
        """Cycles of the units that load or store, and instructions; `is_woven` where places far
        apart are met in turns."""
        bits = 8 * touch.element_bytes * touch.lanes
        width = STORE_BITS if touch.is_write else self._machine.vector_bits
        if touch.lanes > 1 and touch.lane_step == 0:
            return 1 / NARROW, 1.0
        if touch.lanes > 1 and (touch.is_data or touch.lane_step != touch.element_bytes):
            apart = touch.lanes * APART
            return apart / (1.0 if touch.is_write else NARROW), 2 * apart
        is_whole = bits >= self._machine.vector_bits
        if touch.is_streamed and is_woven and is_whole and self._is_held(touch):
            return STREAMED, 1.0
        least = 1.0 if touch.is_write else 1 / NARROW
        ragged = RAGGED if touch.is_write and touch.lanes & (touch.lanes - 1) else 1.0
        return max(least, bits / width) * ragged, self._registers(bits) * ragged

    def _is_held(self, touch: Touch) -> bool:
        """Whether the outermost cache has room for the whole buffer."""
        return touch.buffer.size_bytes < self._machine.memories[-2].size_bytes

    def _registers(self, bits: int) -> float:
        return ceil(bits / self._machine.vector_bits)

    def _units(self, bits: int) -> float:
        """Cycles of arithmetic on so many bits."""
        ragged = RAGGED if bits & (bits - 1) and bits <= NARROWEST_BITS else 1.0
        return max(1 / NARROW, bits / self._machine.vector_bits) * ragged


SPILT_AT_ONCE = 0.3
"""The share of accumulators that live in memory once there is a register too few."""

RAGGED = 2.0
"""How much longer lanes take whose number is no power of two: stores of them are cut, and so is
arithmetic on less than the narrowest register."""

NARROWEST_BITS = 128

STREAMED = 70.0
"""Cycles to write a line past the caches that a cache has to give up first."""


def _straight(nest: Nest, unrolled: tuple[Nest, ...]) -> Iterator[tuple[Leaf, tuple[Nest, ...]]]:
    """The statements of an iteration that no loop repeats, with the loops written out."""
    for part in nest.body:
        if isinstance(part, Leaf):
            yield part, unrolled
        elif part.kind == "unrolled":
            yield from _straight(part, (*unrolled, part))


def _loops(nest: Nest, times: float) -> Iterator[tuple[float, Nest]]:
    """The loops of an iteration, and how often each is written out."""
    for part in nest.body:
        if isinstance(part, Nest) and part.kind == "unrolled":
            yield from _loops(part, times * part.extent)
        elif isinstance(part, Nest):
            yield times, part
