"""What a program is to a GPU: blocks and threads, occupancy, and what warps ask of memories.

The columns that `store` leaves out, beside its own. Counts are those that the analyses of kernels
make one by one (`tvmlab.analysis.occupancy`, `coalescing`, `bank_conflicts`), made for all
candidates at once from the steps of loops: exact for indices that are sums, swizzled or not.
Occupancy and waves are those of one processor, an A100, whatever the device is: they order
candidates alike there, and a column means the same in every process. Registers are an estimate, of
what a thread keeps. What a pipelined loop fills ahead has as many versions in shared memory as
iterations hold it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tvmlab.analysis.bank_conflicts import BANK_BYTES, BANKS
from tvmlab.analysis.coalescing import SECTOR_BYTES
from tvmlab.analysis.launch import WARP
from tvmlab.analysis.occupancy import MOST_REGISTERS, MULTIPROCESSORS, occupancy
from tvmlab.ir.axis import AXES, VIRTUAL_AXES
from tvmlab.tune.features.feature import Feature
from tvmlab.tune.features.nests import ACCESSES, MEMORIES, STATEMENTS, Nests
from tvmlab.tune.features.scale import LOG, first, logarithm
from tvmlab.tune.features.store import StoreContext
from tvmlab.tune.features.warps import (
    BLOCKS,
    GLOBAL,
    REGISTERS,
    SHARED,
    THREADS,
    Requests,
    along,
    boxes,
    extent_of,
    inside,
    pitches,
    requests,
)

PROCESSOR = MULTIPROCESSORS["8.0"]
COUNT = 108
"""Multiprocessors of an A100 (NVIDIA A100 Tensor Core GPU Architecture, table 1)."""

BESIDE = 24
"""Registers that a thread takes beside what it keeps: addresses, and loop counters."""

REGISTER_BYTES = 4

LIMITS = ("threads", "blocks", "registers", "shared memory")
"""What may hold occupancy down, as `tvmlab.analysis.occupancy` names it."""

VIRTUAL = [AXES.index(axis) + 1 for axis in VIRTUAL_AXES]

_OF_PROGRAM = (
    Feature("threads", f"{LOG} threads of a block"),
    Feature("blocks", f"{LOG} blocks"),
    Feature("virtual threads", f"{LOG} of a thread"),
    Feature("registers", "of a thread, as estimated"),
    Feature("shared memory", f"{LOG} bytes of a block"),
    Feature("resident blocks", "blocks on a multiprocessor"),
    Feature("occupancy", "share of a multiprocessor's warps"),
    *(Feature(f"occupancy is limited by {limit}", "0 or 1") for limit in LIMITS),
    Feature("waves", f"{LOG} times that all multiprocessors are filled"),
    Feature("last wave", "share of it that is filled"),
    Feature("handovers", f"{LOG} times that a block's threads fill shared memory for others"),
    Feature("global traffic", f"{LOG} bytes in whole sectors"),
    Feature("coalescing", "share of the sectors that is asked for"),
    Feature("shared traffic", f"{LOG} turns of a warp"),
    Feature("bank conflicts", f"{LOG} turns lost"),
    Feature("intensity of global memory", f"{LOG} operations per byte of its sectors"),
    Feature("intensity of shared memory", f"{LOG} operations per byte of its turns"),
    Feature("TensorCores", "share of the operations"),
    Feature("stages in flight", "iterations of a loop that what is filled ahead is ahead"),
    Feature("copies in flight", f"{LOG} bytes of a block that asynchronous copies fill ahead"),
    Feature("guarded work", "share of the operations that a predicate may skip"),
    Feature("work left out", "share of the operations that predicates skip"),
)
_OF_ACCESS = (
    *(Feature(f"is in {memory} memory", "0 or 1") for memory in MEMORIES),
    Feature("vector", f"{LOG} elements of a lane at once"),
    Feature("lane step", f"{LOG} elements"),
    Feature("sectors", "of a request"),
    Feature("bank ways", "turns of a request"),
    Feature("requests", f"{LOG} instructions of warps"),
)


class ThreadContext:
    """The `threads` features of programs: those of `store`, and what threads make of them."""

    name = "threads"
    statements = 8
    columns = (
        *StoreContext.columns,
        *_OF_PROGRAM,
        *(
            Feature(f"statement {s} access {a} {column.name}", column.unit)
            for s in range(STATEMENTS)
            for a in range(ACCESSES)
            for column in _OF_ACCESS
        ),
    )

    @staticmethod
    def rows(nests: Nests) -> np.ndarray:
        """(n, columns) float32."""
        asked = requests(nests)
        times = _times(nests, asked)
        memory = [nests.memories == n for n in range(1, len(MEMORIES) + 1)]
        of_access = [
            *memory, logarithm(asked.width), logarithm(asked.step), asked.sectors, asked.ways,
            logarithm(times),
        ]  # fmt: skip
        bound = (nests.kernels > 0)[..., None, None]
        each = np.stack(of_access, axis=-1) * bound
        kept = first(each.astype(np.float32), STATEMENTS, axis=1)
        kernel = _kernel(nests)
        of_program = [
            *_launch(nests, kernel), *_traffic(nests, asked, times), *_ahead(nests, kernel),
            *_guarded(nests),
        ]  # fmt: skip
        whole = np.stack(of_program, axis=-1) * (nests.kernels[:, :1] > 0)
        parts = [StoreContext.rows(nests), whole.astype(np.float32), kept.reshape(len(kept), -1)]
        return np.concatenate(parts, axis=-1)


def _is_of_warps(nests: Nests) -> np.ndarray:
    """(n, S) whether instructions of whole warps execute a statement: it has tiles in registers,
    and its kernel's warps, each a row of threadIdx.x, are not told apart in it."""
    own = extent_of(nests, THREADS[:1])
    row = np.where(_together(nests), own[:, None], 1.0).max(axis=-1)
    is_tile = (nests.memories == REGISTERS).any(axis=-1)
    found: np.ndarray = is_tile & (own == 1) & (row == WARP)
    return found


def _together(nests: Nests) -> np.ndarray:
    """(n, S, S) whether two statements are in one kernel."""
    found: np.ndarray = (nests.kernels[:, :, None] == nests.kernels[:, None]) & (nests.kernels > 0)[
        :, None
    ]
    return found


def _times(nests: Nests, asked: Requests) -> np.ndarray:
    """(n, S, A) instructions of warps: of every iteration of the loops around the innermost one
    that moves the access, which is made once before what does not move it."""
    moves = nests.moves & (nests.kinds > 0)[:, :, None]
    around = np.logical_or.accumulate(moves, axis=-1) & ~along(nests, THREADS)[:, :, None]
    count = np.where(around, nests.extents[:, :, None], 1.0).prod(axis=-1)
    lanes = np.where(_is_of_warps(nests), WARP, 1.0)[..., None] * np.maximum(asked.width, 1.0)
    warps = np.ceil(extent_of(nests, THREADS) / WARP)[..., None]
    found: np.ndarray = count / lanes * warps * (nests.element_bytes > 0)
    return found


class _Kernel(NamedTuple):
    """What a block of the kernel with the most work takes, each (n,)."""

    threads: np.ndarray
    registers: np.ndarray
    shared_bytes: np.ndarray
    handovers: np.ndarray
    in_flight: np.ndarray


def _kernel(nests: Nests) -> _Kernel:
    here = _together(nests)[:, 0]
    is_bound = nests.threads > 0
    loops = ~is_bound[:, :, None] | along(nests, VIRTUAL)[:, :, None]
    written = nests.memories[..., 0] * here
    kept = boxes(nests, np.broadcast_to(loops, nests.moves.shape))[:, :, 0].prod(axis=-1)
    shares = np.where(_is_of_warps(nests), WARP, 1)
    words = kept * nests.element_bytes[..., 0] / shares / REGISTER_BYTES
    registers = BESIDE + np.where(written == REGISTERS, words, 0.0).sum(axis=-1)
    own = boxes(nests, inside(nests))[:, :, 0]
    shared = pitches(nests)[:, :, 0, 0] * own[..., 0] * nests.element_bytes[..., 0]
    is_shared = written == SHARED
    has_inside = np.logical_or.accumulate(along(nests, THREADS), axis=-1)
    steps = np.where(has_inside & ~is_bound, nests.extents, 1.0).prod(axis=-1)
    once = np.where(is_shared, shared, 0.0)
    return _Kernel(
        (extent_of(nests, THREADS) * here).max(axis=-1).clip(min=1.0),
        np.minimum(np.ceil(registers), MOST_REGISTERS),
        (once * (1.0 + nests.leads)).sum(axis=-1),
        np.where(is_shared, steps, 0.0).sum(axis=-1),
        (once * nests.leads * nests.asynchronous).sum(axis=-1),
    )


def _launch(nests: Nests, kernel: _Kernel) -> list[np.ndarray]:
    """The columns of the grid, of a block and of occupancy, each (n,)."""
    here = _together(nests)[:, 0]
    blocks = (extent_of(nests, BLOCKS) * here).max(axis=-1)
    virtual = (extent_of(nests, VIRTUAL) * here).max(axis=-1)
    taken = np.stack(kernel[:3], axis=-1).astype(np.int64)
    alike, which = np.unique(taken, axis=0, return_inverse=True)
    found = [occupancy(PROCESSOR, *map(int, row)) for row in alike]
    facts = np.array([
        (o.blocks, o.share, *(limit in o.limiting for limit in LIMITS)) for o in found
    ], dtype=np.float64)[which.reshape(-1)]  # fmt: skip
    resident, share, *limits = facts.T
    waves = blocks / np.maximum(1.0, resident * COUNT)
    last = waves - np.ceil(waves) + 1.0
    logs = map(logarithm, (kernel.threads, blocks, virtual))
    return [
        *logs, kernel.registers, logarithm(kernel.shared_bytes), resident, share, *limits,
        logarithm(waves), last, logarithm(kernel.handovers),
    ]  # fmt: skip


def _traffic(nests: Nests, asked: Requests, times: np.ndarray) -> list[np.ndarray]:
    """The columns of what all kernels move, each (n,)."""
    in_kernel = (nests.kernels > 0)[..., None]
    is_global = in_kernel & (nests.memories == GLOBAL)

    def total(values: np.ndarray) -> np.ndarray:
        summed: np.ndarray = values.sum(axis=(1, 2))
        return summed

    moved = total(asked.sectors * times * is_global) * SECTOR_BYTES
    least = total(asked.least * times * is_global) * SECTOR_BYTES
    words = np.maximum(1.0, asked.width * nests.element_bytes / BANK_BYTES)
    turns = total(asked.ways * words * times * in_kernel)
    lost = total(np.maximum(asked.ways - 1.0, 0.0) * words * times * in_kernel)
    work = nests.totals[:, 1]
    of_warps = nests.operations.sum(axis=-1) * nests.executions * _is_of_warps(nests)
    return [
        logarithm(moved),
        least / np.maximum(moved, 1.0),
        logarithm(turns),
        logarithm(lost),
        logarithm(work / np.maximum(moved, 1.0)),
        logarithm(work / np.maximum(turns * BANKS * BANK_BYTES, 1.0)),
        of_warps.sum(axis=-1) / np.maximum(work, 1.0),
    ]


def _ahead(nests: Nests, kernel: _Kernel) -> list[np.ndarray]:
    """The columns of what pipelined loops fill ahead of its use, each (n,)."""
    here = _together(nests)[:, 0]
    return [(nests.leads * here).max(axis=-1), logarithm(kernel.in_flight)]


def _guarded(nests: Nests) -> list[np.ndarray]:
    """The columns of predicates, each (n,)."""
    work = nests.operations.sum(axis=-1).clip(min=1.0) * nests.executions * nests.is_there
    whole = np.maximum(nests.totals[:, 1], 1.0)
    may_skip = (work * (nests.kept < 1.0)).sum(axis=-1)
    return [may_skip / whole, (work * (1.0 - nests.kept)).sum(axis=-1) / whole]
