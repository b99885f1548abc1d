"""How well the accesses of warps to global memory are gathered into sectors.

Global memory is handed out in sectors of 32 bytes, and one instruction of a warp takes as many as
its lanes touch (CUDA C++ Best Practices Guide, "Coalesced Access to Global Memory"). Buffers begin
at a sector: `cudaMalloc` aligns to 256 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tvmlab.analysis.kernel_accesses import GLOBAL, KernelAccess
from tvmlab.analysis.thread_places import Places, Unclear, thread_places
from tvmlab.ir import dtypes

SECTOR_BYTES = 32

ELSEWHERE = np.iinfo(np.int64).max
"""Where lanes are that take no part; behind every place."""


@dataclass(frozen=True)
class Coalescing:
    """An access to global memory, over all times that warps make it.

    Attributes:
        requests: instructions of warps in which at least one lane takes part.
        sectors: sectors that they touch together, each counted at every request.
        least_sectors: what the different bytes of each request fill at least.
        width: neighbouring elements that a lane loads or stores at once.
        lane_step: elements from one lane's place to the next lane's; None where it varies.
    """

    requests: int
    sectors: int
    least_sectors: int
    width: int
    lane_step: int | None

    @property
    def per_request(self) -> float:
        """Sectors that a request touches on average."""
        return self.sectors / self.requests if self.requests else 0.0

    @property
    def least_per_request(self) -> float:
        """Sectors that a request has to touch on average."""
        return self.least_sectors / self.requests if self.requests else 0.0

    @property
    def efficiency(self) -> float:
        """The least possible over what is touched, at most 1."""
        return self.least_sectors / self.sectors if self.sectors else 1.0

    @property
    def bytes(self) -> int:
        """What goes between memory and multiprocessors if no cache keeps anything."""
        return self.sectors * SECTOR_BYTES


def coalescing(what: KernelAccess) -> Coalescing | Unclear | None:
    """How an access to global memory is gathered; None for other memories."""
    if what.memory != GLOBAL:
        return None
    size = dtypes.size_bytes(what.access.buffer.dtype)
    places = thread_places(what, SECTOR_BYTES // size)
    return places if isinstance(places, Unclear) else _gathered(places, size)


def _gathered(places: Places, size: int) -> Coalescing:
    wide = SECTOR_BYTES // size
    elements = _by_request(places, places.offsets)
    taking = int(places.is_active.any(axis=-1).sum())
    distinct = _distinct(elements)
    least = int((-(-distinct * size // SECTOR_BYTES)).sum())
    times = sum(places.shifts)
    sectors = 0
    for shift, often in enumerate(places.shifts):
        if often:
            touched = np.where(elements == ELSEWHERE, ELSEWHERE, (elements + shift) // wide)
            sectors += often * int(_distinct(touched).sum())
    return Coalescing(times * taking, sectors, times * least, places.width, places.lane_step)


def _by_request(places: Places, values: np.ndarray) -> np.ndarray:
    """(requests, lanes of elements): `values` of a request in a row, sorted."""
    filled = np.where(places.is_active[..., None], values, ELSEWHERE)
    found: np.ndarray = np.sort(filled.reshape(-1, filled.shape[-2] * filled.shape[-1]), axis=-1)
    return found


def _distinct(rows: np.ndarray) -> np.ndarray:
    """How many different values, `ELSEWHERE` aside, each sorted row has."""
    first = np.ones(rows.shape, np.bool_)
    first[:, 1:] = rows[:, 1:] != rows[:, :-1]
    counts: np.ndarray = (first & (rows != ELSEWHERE)).sum(axis=-1)
    return counts
