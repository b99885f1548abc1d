"""How long kernels take on a GPU, told from the scheduled program: no compiler, no clock.

Two models, between which the time should lie. In the optimistic one all units of a multiprocessor
work side by side and the caches keep what fits: the busiest unit tells the time, a roofline whose
memory side counts sectors and bank conflicts as they are (Williams et al., "Roofline", 2009). In
the pessimistic one they work one after the other, and each warp waits for each of its requests,
hidden only by the other warps that are resident (Little's law, as in Volkov, "Understanding Latency
Hiding on GPUs", 2016). The time told is their geometric mean. No constant was fitted, and none was
compared with a device: only ratios of programs on which both models agree mean much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from math import ceil, prod, sqrt

from tvmlab.analysis.bank_conflicts import BankConflicts, bank_conflicts
from tvmlab.analysis.coalescing import SECTOR_BYTES, Coalescing, coalescing
from tvmlab.analysis.estimate.estimate import Estimate
from tvmlab.analysis.estimate.gpu import GpuFacts
from tvmlab.analysis.estimate.traffic import Traffic
from tvmlab.analysis.kernel_accesses import GLOBAL, SHARED, KernelAccess, kernel_accesses
from tvmlab.analysis.launch import WARP, Launch, launches
from tvmlab.analysis.occupancy import MOST_REGISTERS, occupancy
from tvmlab.analysis.work import operations
from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.program import Program
from tvmlab.ir.walk import blocks_with_loops

LAUNCH_S = 3e-6
"""To begin a kernel (Zhang et al., "A Study of Single and Multi-device Synchronization Methods in
Nvidia GPUs", 2020: 2 to 5 us)."""

ISSUED = 4.0
"""Instructions of warps that a multiprocessor begins a cycle: one in each of its four parts."""

L1_BYTES = 128.0
L2_BYTES = 64.0
"""A cycle to each multiprocessor, from L1 and from L2 (Jia et al., "Dissecting the NVIDIA Volta GPU
Architecture via Microbenchmarking", 2018)."""

GLOBAL_LATENCY = 480.0
SHARED_LATENCY = 29.0
"""Cycles (Luo et al., "Benchmarking and Dissecting the Nvidia Hopper GPU Architecture", 2024)."""

FEW_REGISTERS = 24
"""Of a thread, beside its sums, where nobody has compiled the kernel: what a small one takes."""

REGISTER_BYTES = 4


@dataclass(frozen=True)
class _Cost:
    """What the kernels ask for: cycles of the multiprocessor with most to do, and bytes."""

    arithmetic: float = 0.0
    issue: float = 0.0
    shared: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    latency: float = 0.0
    all_bytes: float = 0.0

    def plus(self, other: _Cost) -> _Cost:
        """Both, one after the other."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Cost(*(a + b for a, b in pairs))


def shared_bytes(program: Program, launch: Launch) -> int:
    """Shared memory of a block of a kernel, in intermediates of the size they have."""
    used: dict[Buffer, None] = {}
    for block, loops in blocks_with_loops(program.body):
        if launch.kernel in loops:
            used |= {r.buffer: None for r in (*block.reads, *block.writes)}
    return sum(b.size_bytes for b in used if b.scope == SHARED)


def told_registers(own: Iterable[KernelAccess]) -> int:
    """Registers of a thread of a kernel, given its accesses: a few, and those of its sums."""
    sums = 0
    for what in own:
        if what.kept and what.access.is_write:
            inside = takewhile(lambda o: o.kind != "bound", reversed(what.access.loops))
            tile = prod(o.extent for o in inside if isinstance(o.extent, int))
            words = ceil(size_bytes(what.access.buffer.dtype) / REGISTER_BYTES)
            sums = max(sums, tile * what.launch.virtual * words)
    return min(MOST_REGISTERS, FEW_REGISTERS + sums)


def estimate_on_gpu(program: Program, gpu: GpuFacts, registers: int = 0) -> Estimate:
    """How long a scheduled program, its intermediates as small as lowering makes them, takes.

    Args:
        registers: of a thread; 0 where nobody has compiled it.

    Raises:
        UsageError: part of it runs in no kernel, or a block does not fit.
    """
    found = launches(program)
    outside = _outside(program, found)
    if outside:
        raise UsageError(
            f"block {outside} is bound to no axis of the GPU, so nothing is told of it there; bind "
            "its loops to blockIdx and threadIdx."
        )
    cost, touched = _Cost(), set[Buffer]()
    every = kernel_accesses(program)
    for launch in found:
        own = [what for what in every if what.launch.kernel is launch.kernel]
        cost = cost.plus(_of_kernel(program, launch, own, gpu, registers))
        touched |= {what.access.buffer for what in own if what.memory == GLOBAL}
    once = float(sum(b.size_bytes for b in touched))
    again = max(once, cost.all_bytes)
    memory_s = once / gpu.memory_bytes_per_s
    slow_s = memory_s if once <= gpu.l2_bytes else again / gpu.memory_bytes_per_s
    parts = {
        "arithmetic": cost.arithmetic / gpu.clock_hz,
        "issue": cost.issue / gpu.clock_hz,
        "shared memory": cost.shared / gpu.clock_hz,
        "L1": cost.l1 / gpu.clock_hz,
        "latency": cost.latency / gpu.clock_hz,
    }
    l2_s, launch_s = cost.l2 / gpu.clock_hz, LAUNCH_S * len(found)
    side_by_side = ("arithmetic", "issue", "shared memory", "L1")
    low_s = launch_s + max(memory_s, l2_s, *(parts[name] for name in side_by_side))
    high_s = launch_s + slow_s + l2_s + sum(parts.values())
    moved = (Traffic("L2", cost.all_bytes, l2_s), Traffic("memory", once, memory_s))
    return Estimate(sqrt(low_s * high_s), low_s, high_s, parts, moved, 1.0, is_between_models=True)


def _of_kernel(
    program: Program, launch: Launch, own: list[KernelAccess], gpu: GpuFacts, registers: int
) -> _Cost:
    """What the multiprocessor with most blocks of a kernel has to do."""
    memory = shared_bytes(program, launch)
    registers = registers or told_registers(own)
    held = occupancy(gpu.one, launch.threads, registers, memory)
    if not held.blocks:
        asked = f"{launch.threads} threads, {registers} registers each and {memory:,}"
        raise UsageError(
            f"a block with {asked} bytes of shared memory does not fit into a multiprocessor of "
            f"the {gpu.name}, for want of {held.limiting[0]}; make it smaller."
        )
    # The multiprocessor with most blocks is the one that all wait for.
    most = ceil(launch.blocks / gpu.multiprocessors) / launch.blocks
    arithmetic = _operations(program, launch)
    requests, sectors, shared, waits = 0.0, 0.0, 0.0, 0.0
    for what in own:
        told = coalescing(what) or bank_conflicts(what)
        if isinstance(told, Coalescing):
            requests, sectors = requests + told.requests, sectors + told.sectors
            waits += told.requests * GLOBAL_LATENCY
        elif isinstance(told, BankConflicts):
            requests, shared = requests + told.requests, shared + told.turns
            waits += told.requests * SHARED_LATENCY
        elif told is not None:  # nobody knows where it goes: each lane somewhere else
            each = _requests(what)
            requests, sectors = requests + each, sectors + each * WARP
            waits += each * GLOBAL_LATENCY
    lanes = arithmetic * WARP
    resident = min(held.warps, ceil(most * launch.blocks) * launch.warps)
    return _Cost(
        arithmetic=lanes / gpu.lanes * most,
        issue=(arithmetic + requests) / ISSUED * most,
        shared=shared * most,
        l1=sectors * SECTOR_BYTES / L1_BYTES * most,
        l2=sectors * SECTOR_BYTES / L2_BYTES * most,
        latency=waits * most / resident,
        all_bytes=sectors * SECTOR_BYTES,
    )


def _operations(program: Program, launch: Launch) -> float:
    """Instructions of warps that compute, a multiply-add counted once."""
    total = 0.0
    for block, loops in blocks_with_loops(program.body):
        if launch.kernel in loops:
            serial = 1.0
            for loop in loops:
                if loop.kind != "bound" and isinstance(loop.extent, int):
                    serial *= loop.extent
            is_fold = any(it.is_reduce for it in block.iters)
            each = max(1.0, operations(block) / (2 if is_fold else 1))
            total += each * serial * launch.virtual
    return total * launch.warps * launch.blocks


def _requests(what: KernelAccess) -> float:
    """Instructions of warps that make an access of which no more is known."""
    count = float(what.launch.warps * what.launch.blocks)
    for loop in what.access.loops:
        if loop.kind != "bound" and isinstance(loop.extent, int):
            count *= loop.extent
    return count


def _outside(program: Program, found: list[Launch]) -> str:
    """A block that is in no kernel; empty if all are."""
    inside = {launch.kernel for launch in found}
    for block, loops in blocks_with_loops(program.body):
        if not inside & set(loops):
            return block.name
    return ""
