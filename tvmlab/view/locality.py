"""The locality of a state at toy sizes, and how it compares with another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tvmlab.analysis.access_trace import AccessTrace, trace_accesses
from tvmlab.analysis.cache_simulation import Cache, misses_by_level
from tvmlab.analysis.reuse_distance import reuse_distances
from tvmlab.measure.figures import figure
from tvmlab.schedule import State
from tvmlab.te.evaluate import random_inputs
from tvmlab.view.engine import MachineCaches
from tvmlab.view.heat_maps import HeatMaps
from tvmlab.view.schema import DistanceBin, LoopValue, MissRow
from tvmlab.view.toy import Toy, stored

WAYS = 8
"""Places for a line in a set: what nearly every first and second level has."""

LEAST_LINES = 2 * WAYS
"""Lines that a scaled cache has at least: two full sets."""

LEAST_RATIO = 4
"""Times the first level that a scaled second level is at least, or it would add nothing."""

LEAST_GAIN = 1.05
"""From this ratio on numbers of misses are told apart in words."""


@dataclass(frozen=True)
class Caches:
    """Two levels with one size of line, in bytes, and in words where the sizes come from."""

    line_bytes: int
    l1_bytes: int
    l2_bytes: int
    words: str
    is_own: bool = False

    def levels(self) -> tuple[Cache, Cache]:
        """The levels, nearest first.

        Raises:
            UsageError: a level cannot hold a line.
        """
        sizes = (self.l1_bytes, self.l2_bytes)
        first, second = (Cache(size, self.line_bytes, WAYS) for size in sizes)
        return first, second


def scaled_caches(toy: Toy, whole: State, machine: MachineCaches) -> Caches:
    """The machine's caches made smaller as the toy is.

    The first level keeps its relation to a row of the data, the second to all of them, as far as
    each then still holds more than the level before it.
    """
    line = machine.line_bytes
    if not toy.axes:
        return Caches(line, machine.l1_bytes, machine.l2_bytes, "sizes are this machine's")
    share = _data_bytes(toy.state) / _data_bytes(whole)
    l1 = max(LEAST_LINES, int(machine.l1_bytes * toy.scale / line) // WAYS * WAYS) * line
    l2 = max(LEAST_RATIO * l1 // line, int(machine.l2_bytes * share / line) // WAYS * WAYS) * line
    words = (
        f"L1 is 1/{figure(machine.l1_bytes / l1)} of this machine's {_size(machine.l1_bytes)}, "
        f"where the toy's axes are 1/{figure(1 / toy.scale)}; "
        f"L2 1/{figure(machine.l2_bytes / l2)} of its {_size(machine.l2_bytes)}, "
        f"where its data are 1/{figure(1 / share)}"
    )
    return Caches(line, l1, l2, words)


def _data_bytes(state: State) -> int:
    return sum(b.size_bytes for b in state.program.params)


def _size(count: int) -> str:
    return f"{figure(count / 1024)} KB" if count < 1 << 20 else f"{figure(count / (1 << 20))} MB"


def traced(state: State) -> AccessTrace:
    """The accesses of a state with intermediates as small as lowering makes them.

    Raises:
        UsageError: they depend on values that the program computes.
    """
    program = stored(state.program)
    arrays = random_inputs(state.outputs, 0)
    return trace_accesses(program, dict(zip(program.params, arrays.values(), strict=False)))


@dataclass(frozen=True)
class Misses:
    """Accesses and misses by buffer name."""

    accesses: dict[str, int]
    l1: dict[str, int]
    l2: dict[str, int]

    @classmethod
    def of(cls, trace: AccessTrace, caches: Caches) -> Misses:
        """What a run of a trace, in empty caches, comes to."""
        l1, l2 = misses_by_level(trace.addresses, caches.levels())

        def by_name(numbers: np.ndarray) -> dict[str, int]:
            counts = np.bincount(numbers, minlength=len(trace.buffers)).tolist()
            names = [b.name for b in trace.buffers]
            return {n: c for n, c in zip(names, counts, strict=True) if n}

        return cls(by_name(trace.buffer), by_name(trace.buffer[l1]), by_name(trace.buffer[l2]))


def miss_rows(now: Misses, before: Misses | None) -> list[MissRow]:
    """A row a buffer, then all together; buffers that only the compared state has are in all."""
    rows = [
        _row(
            name,
            (now.accesses[name], now.l1[name], now.l2[name]),
            (before.l1.get(name, -1), before.l2.get(name, -1)) if before else (-1, -1),
        )
        for name in now.accesses
    ]
    totals = [sum(each.values()) for each in (now.accesses, now.l1, now.l2)]
    compared = (sum(before.l1.values()), sum(before.l2.values())) if before else (-1, -1)
    return [*rows, _row("all", (totals[0], totals[1], totals[2]), compared)]


def _row(name: str, now: tuple[int, int, int], before: tuple[int, int]) -> MissRow:
    return {
        "buffer": name,
        "accesses": now[0],
        "l1_misses": now[1],
        "l2_misses": now[2],
        "before_l1": before[0],
        "before_l2": before[1],
    }


def verdict(now: Misses, before: Misses | None, than: str) -> str:
    """How the misses compare with those of `than`, in words; empty where nothing is compared."""
    if before is None:
        return ""
    levels = (("L1", now.l1, before.l1), ("L2", now.l2, before.l2))
    clauses = [_compared(name, sum(a.values()), sum(b.values())) for name, a, b in levels]
    return f"Against {than}: {', '.join(clauses)}."


def _compared(level: str, mine: int, theirs: int) -> str:
    ratio = max(mine, theirs) / max(1, min(mine, theirs))
    if ratio < LEAST_GAIN:
        return f"as many {level} misses"
    return f"{figure(ratio)} times {'fewer' if mine < theirs else 'more'} {level} misses"


def distance_bins(elements: np.ndarray, lines: np.ndarray) -> list[DistanceBin]:
    """Accesses by reuse distance: 0, then 1, 2 to 3, 4 to 7 and so on."""
    counted = [_by_power(each) for each in (elements, lines)]
    return [
        {
            "low": 0 if n == 0 else 1 << (n - 1),
            "high": 0 if n == 0 else (1 << n) - 1,
            "elements": int(counted[0][n]) if n < len(counted[0]) else 0,
            "lines": int(counted[1][n]) if n < len(counted[1]) else 0,
        }
        for n in range(max(map(len, counted)))
    ]


def _by_power(distances: np.ndarray) -> np.ndarray:
    """How many distances have 0, 1, 2 ... binary digits."""
    met = distances[distances >= 0]
    _, digits = np.frexp(met.astype(np.float64))
    return np.bincount(digits)


class Locality:
    """What was found for one state."""

    def __init__(self, state: State, toy: Toy) -> None:
        self.state = state
        self.toy = toy
        self.trace = traced(toy.state)
        self.maps = HeatMaps(self.trace)
        self._lines: tuple[int, np.ndarray] | None = None

    def bins(self, line_bytes: int) -> tuple[list[DistanceBin], int, int]:
        """The histogram of reuse distances, and first uses of elements and of lines."""
        if self._lines is None or self._lines[0] != line_bytes:
            self._lines = line_bytes, reuse_distances(self.trace.addresses // line_bytes)
        elements, lines = self.maps.distances, self._lines[1]
        first, first_lines = int((elements < 0).sum()), int((lines < 0).sum())
        return distance_bins(elements, lines), first, first_lines

    def sizes_words(self) -> str:
        """Which sizes are shown, and which steps have other factors there."""
        count = f"{len(self.trace):,} accesses of a serial run"
        if not self.toy.axes:
            return f"{count} at the sizes of the workload."
        axes = ", ".join(f"{a.name} = {a.toy} of {a.whole}" for a in dict.fromkeys(self.toy.axes))
        words = f"{count} at toy sizes: {axes}."
        changed = self.toy.changed(self.state.steps)
        if changed:
            words += f" Factors that were too large there: {'; '.join(changed)}."
        return words

    def loops_at(self, moment: int) -> list[LoopValue]:
        """The loops around a statement, outermost first."""
        store = int(self.trace.moments[moment])
        found = self.trace.loops_at(store)
        return [{"name": name, "value": value, "extent": extent} for name, value, extent in found]

    def block_at(self, moment: int) -> str:
        """The block of a statement."""
        site = self.trace.sites[int(self.trace.site[self.trace.moments[moment]])]
        return site.access.block

    def touches_at(self, moment: int) -> str:
        """What a statement touches, in words: reads A[3, 5], writes C[0, 5]."""
        trace, now = self.trace, self.trace.moment(moment)
        reads: list[str] = []
        writes: list[str] = []
        for at in range(now.start, now.stop):
            buffer = trace.buffers[int(trace.buffer[at])]
            indices = np.unravel_index(int(trace.element[at]), buffer.extents or (1,))
            said = f"{buffer.name}[{', '.join(str(int(i)) for i in indices)}]"
            (writes if trace.is_write[at] else reads).append(said)
        words = [f"reads {', '.join(dict.fromkeys(reads))}"] if reads else []
        return "; ".join([*words, f"writes {', '.join(writes)}"])

    def moved(self, moment: int, loop: str, by: int) -> int:
        """The moment at which `loop` has gone `by` iterations on and those around it not."""
        trace = self.trace
        store = int(trace.moments[moment])
        site = trace.sites[int(trace.site[store])]
        names = [o.var.name for o in site.access.loops]
        if loop not in names:
            return moment
        n = names.index(loop)
        place = int(trace.place[store])
        value = site.values(place)[n]
        wanted = min(max(value + by, 0), site.extents[n] - 1)
        target = place + (wanted - value) * site.strides[n]
        found = int(np.searchsorted(trace.place[trace.moments], target))
        return min(found, len(trace.moments) - 1)
