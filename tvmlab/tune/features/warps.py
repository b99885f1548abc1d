"""What the first warp of a statement asks of memory, for many programs at once.

Lanes are where the steps of the loops bound to threads take them, so counts are exact where indices
are sums of loops, and those of `tvmlab.analysis` wherever every warp is like the first. Memory
begins at a sector, and at a bank's first word.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tvmlab.analysis.bank_conflicts import BANK_BYTES, BANKS
from tvmlab.analysis.coalescing import SECTOR_BYTES
from tvmlab.analysis.launch import WARP
from tvmlab.ir.axis import AXES, BLOCK_AXES, THREAD_AXES
from tvmlab.ir.program import LOOP_KINDS
from tvmlab.tune.features.nests import MEMORIES, Nests
from tvmlab.tune.features.swizzles import moved

GLOBAL, SHARED, REGISTERS = range(1, len(MEMORIES) + 1)
"""Memories, as `Nests` numbers them."""

VECTORIZED = LOOP_KINDS.index("vectorized") + 1

BLOCKS = [AXES.index(axis) + 1 for axis in BLOCK_AXES]
THREADS = [AXES.index(axis) + 1 for axis in THREAD_AXES]
"""Axes, as `Nests` numbers them; x first."""

MOST_LANE_BYTES = 16
"""What a lane moves at once at most; more is moved by several instructions."""


class Requests(NamedTuple):
    """What one instruction of a warp asks for, at each access of each statement.

    Attributes:
        width: (n, S, A) neighbouring elements that a lane moves at once.
        step: (n, S, A) elements from a lane to the next one.
        sectors: (n, S, A) of global memory that are touched; 0 elsewhere.
        least: (n, S, A) sectors that what is asked for would fill.
        ways: (n, S, A) turns that a bank of shared memory takes; 0 elsewhere.
    """

    width: np.ndarray
    step: np.ndarray
    sectors: np.ndarray
    least: np.ndarray
    ways: np.ndarray


def along(nests: Nests, axes: list[int]) -> np.ndarray:
    """(n, S, L) whether a loop is bound to one of `axes`."""
    found: np.ndarray = np.isin(nests.threads, axes)
    return found


def extent_of(nests: Nests, axes: list[int]) -> np.ndarray:
    """(n, S) iterations of the loops that are bound to `axes`."""
    extent: np.ndarray = np.where(along(nests, axes), nests.extents, 1.0).prod(axis=-1)
    return extent


def inside(nests: Nests) -> np.ndarray:
    """(n, S, A, L) whether a loop is inside the one whose iterations own what is accessed, as far
    as loops tell: no other statement touches it there, and no block of threads shares it."""
    here = np.arange(nests.extents.shape[-1]) < nests.meeting[..., None]
    own: np.ndarray = here & ~along(nests, BLOCKS)[:, :, None]
    return own


def boxes(nests: Nests, loops: np.ndarray) -> np.ndarray:
    """(n, S, A, D) elements along each dimension that `loops` (n, S, A, L) of a statement touch."""
    reach = np.abs(nests.own_steps) * (nests.extents - 1.0)[:, :, None, None]
    spans = nests.widths + nests.spans + np.where(loops[:, :, :, None], reach, 0.0).sum(axis=-1)
    box: np.ndarray = np.minimum(spans, nests.limits)
    return box


def pitches(nests: Nests) -> np.ndarray:
    """(n, S, A, D) elements between neighbours: as handed over in global memory, of the box that a
    block of threads has in shared memory, as far apart as alignments ask for."""
    box = boxes(nests, inside(nests))
    found, below = np.empty_like(box), np.ones(box.shape[:-1])
    for d in reversed(range(box.shape[-1])):
        factor, offset = nests.apart[..., d, 0], nests.apart[..., d, 1]
        below = below + np.where(factor > 0, (offset - below) % np.maximum(factor, 1.0), 0.0)
        found[..., d] = below
        below = below * box[..., d]
    is_shared = (nests.memories == SHARED)[..., None]
    chosen: np.ndarray = np.where(is_shared, found, nests.strides)
    return chosen


def requests(nests: Nests) -> Requests:
    """What the first warp asks for at each access."""
    apart = pitches(nests)
    jumps = np.einsum("nsadl,nsad->nsal", nests.own_steps, apart)
    digits = np.einsum("nsadw,nsad->nsaw", nests.digits, apart)
    size, length = nests.element_bytes, nests.extents[:, :, None, 0]
    reach = jumps[..., 0] * (length - 1.0) + digits[..., -1]
    is_vector = (nests.kinds[..., 0] == VECTORIZED)[..., None] & (reach == length - 1.0)
    most = MOST_LANE_BYTES // np.maximum(size, 1.0)
    chunk = nests.swizzles.max(axis=-1)
    most = np.where(chunk > 0, np.minimum(most, chunk), most)
    width = np.where(is_vector, np.minimum(length, most), 1.0)
    x, y = (extent_of(nests, [axis])[..., None, None] for axis in THREADS[:2])
    lane = np.arange(WARP)
    parts = [lane % x, lane // x % y, lane // (x * y)]
    steps = [(jumps * along(nests, [axis])[:, :, None]).sum(axis=-1)[..., None] for axis in THREADS]
    places = sum((p * s for p, s in zip(parts, steps, strict=True)), digits[..., :-1])
    bound = [along(nests, [axis]) for axis in THREADS]
    places = places + moved(nests, boxes(nests, inside(nests)), parts, bound)
    known = np.stack([nests.memories, size, width], axis=-1)
    facts = np.concatenate([known, places], axis=-1).astype(np.int64)
    alike, which = np.unique(facts.reshape(-1, facts.shape[-1]), axis=0, return_inverse=True)
    counted = _counted(alike)[which.reshape(size.shape)]
    there = size > 0
    step = (places[..., 1] - places[..., 0]) * there
    return Requests(width * there, step, *np.moveaxis(counted, -1, 0))


def _counted(facts: np.ndarray) -> np.ndarray:
    """(rows, 3) sectors, least sectors and ways for each row of memory, bytes of an element,
    elements of a lane, and the place of each lane."""
    memory, size, width = facts.T[:3, :, None]
    places = facts[:, 3:]
    found = np.zeros((len(facts), 3))
    is_global, is_shared = memory[:, 0] == GLOBAL, memory[:, 0] == SHARED
    if is_global.any():
        first = (places * size)[is_global]
        last = first + (width * size - 1)[is_global]
        sectors = np.concatenate([first // SECTOR_BYTES, last // SECTOR_BYTES], axis=-1)
        lane_bytes = (width * size)[is_global, 0]
        found[is_global, 0] = _distinct(sectors)
        found[is_global, 1] = np.ceil(_distinct(first) * lane_bytes / SECTOR_BYTES)
    if is_shared.any():
        found[is_shared, 2] = _ways(places[is_shared], size[is_shared], width[is_shared])
    return found


def _distinct(rows: np.ndarray) -> np.ndarray:
    """(rows,) how many different values each row has."""
    ordered = np.sort(rows, axis=-1)
    counts: np.ndarray = (ordered[:, 1:] != ordered[:, :-1]).sum(axis=-1) + 1
    return counts


def _ways(places: np.ndarray, size: np.ndarray, width: np.ndarray) -> np.ndarray:
    """(rows,) the most words that one bank is asked for by lanes that are served together."""
    words = np.arange(MOST_LANE_BYTES // BANK_BYTES)
    taken = -(-width * size // BANK_BYTES)
    word = places[..., None] * size[..., None] // BANK_BYTES + np.minimum(words, taken - 1)[:, None]
    together = WARP // np.maximum(1, taken)
    group = np.arange(WARP) // together
    keys = np.sort((group[..., None] * 2**48 + word - word.min()).reshape(len(places), -1), axis=-1)
    is_first = np.ones(keys.shape, np.bool_)
    is_first[:, 1:] = keys[:, 1:] != keys[:, :-1]
    row, _ = np.nonzero(is_first)
    groups = len(words)
    slot = (row * groups + keys[is_first] // 2**48) * BANKS + keys[is_first] % BANKS
    counts = np.bincount(slot, minlength=len(places) * groups * BANKS)
    most: np.ndarray = counts.reshape(len(places), -1).max(axis=-1)
    return most
