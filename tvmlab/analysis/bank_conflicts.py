"""How often warps that access shared memory have to wait for one of its banks.

Shared memory has 32 banks, each four bytes wide and handing out one word a cycle; successive words
are in successive banks. Lanes that want different words of one bank wait for each other, lanes that
want the same word do not (CUDA C++ Programming Guide, "Shared Memory" of each compute capability).
Where a lane handles 8 or 16 bytes, 16 or 8 lanes are served at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tvmlab.analysis.kernel_accesses import SHARED, KernelAccess
from tvmlab.analysis.launch import WARP
from tvmlab.analysis.thread_places import Places, Unclear, thread_places
from tvmlab.ir import dtypes

BANKS = 32
BANK_BYTES = 4


@dataclass(frozen=True)
class BankConflicts:
    """An access to shared memory, over all times that warps make it.

    Attributes:
        ways: turns that the slowest lanes served together take; 1: no conflict.
        turns: turns of all requests together.
        least_turns: what they would be without conflicts.
        requests: instructions of warps in which at least one lane takes part.
        width: neighbouring elements that a lane loads or stores at once.
        lane_step: elements from one lane's place to the next lane's; None where it varies.
    """

    ways: int
    turns: int
    least_turns: int
    requests: int
    width: int
    lane_step: int | None

    @property
    def mean_ways(self) -> float:
        """Turns over those without conflicts; 1.0: none anywhere."""
        return self.turns / self.least_turns if self.least_turns else 1.0


def bank_conflicts(what: KernelAccess) -> BankConflicts | Unclear | None:
    """The conflicts of an access to shared memory; None for other memories.

    Rows are as far apart as alignments ask for; what a buffer shrinks to in lowering is for the
    caller to see to.
    """
    if what.memory != SHARED:
        return None
    size = dtypes.size_bytes(what.access.buffer.dtype)
    places = thread_places(what, BANKS * BANK_BYTES // size)
    return places if isinstance(places, Unclear) else _served(places, size)


def _served(places: Places, size: int) -> BankConflicts:
    lane_bytes = places.width * size
    together = WARP * BANK_BYTES // max(BANK_BYTES, lane_bytes)
    cases, warps, lanes, width = places.offsets.shape
    groups = (cases * warps * lanes // together, together)
    is_active = places.is_active.reshape(groups)
    most, turns, least = 0, 0, 0
    for shift, often in enumerate(places.shifts):
        if often:
            first_byte = (places.offsets + shift) * size
            words = _words(first_byte, size).reshape(groups[0], -1)
            ways = _ways(words, np.repeat(is_active, words.shape[1] // together, axis=-1))
            most = max(most, int(ways.max()))
            turns += often * int(ways.sum())
            least += often * int((ways > 0).sum())
    requests = sum(places.shifts) * int(places.is_active.any(axis=-1).sum())
    return BankConflicts(most, turns, least, requests, width, places.lane_step)


def _words(first_byte: np.ndarray, size: int) -> np.ndarray:
    """(..., words) that elements at these bytes lie in; one for those of at most a word."""
    count = max(1, size // BANK_BYTES)
    found: np.ndarray = first_byte[..., None] // BANK_BYTES + np.arange(count)
    return found


def _ways(words: np.ndarray, is_active: np.ndarray) -> np.ndarray:
    """For each row the most different words that one bank is asked for."""
    elsewhere = np.iinfo(np.int64).max
    rows = np.sort(np.where(is_active, words, elsewhere), axis=-1)
    is_first = rows != elsewhere
    is_first[:, 1:] &= rows[:, 1:] != rows[:, :-1]
    row, _ = np.nonzero(is_first)
    bank = row * BANKS + rows[is_first] % BANKS
    counts: np.ndarray = (
        np.bincount(bank, minlength=len(rows) * BANKS).reshape(-1, BANKS).max(axis=1)
    )
    return counts
