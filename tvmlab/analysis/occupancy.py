"""How many blocks and warps of a kernel a multiprocessor of an NVIDIA GPU holds at a time.

What a multiprocessor has is of the CUDA C++ Programming Guide, "Technical Specifications per
Compute Capability"; how registers and shared memory are handed out is of NVIDIA's occupancy
calculator (`cuda_occupancy.h` of the CUDA toolkit 13): registers in units of 256 to each warp, in
four parts that share warps between them; shared memory in units of 128 bytes (256 before 8.0), one
kilobyte of which the driver keeps for itself in every block since 8.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tvmlab.analysis.launch import WARP
from tvmlab.errors import UsageError
from tvmlab.ir.axis import MOST_THREADS

MOST_REGISTERS = 255
"""Of one thread, since compute capability 3.5."""

REGISTER_UNIT = 256
PARTS = 4


@dataclass(frozen=True)
class Multiprocessor:
    """What a multiprocessor holds.

    Attributes:
        threads, blocks: resident at one time.
        registers: of 32 bits, for all threads.
        shared_bytes: shared memory for all blocks.
        block_shared_bytes: shared memory that one block may have, when it asks for it.
        shared_unit: bytes in which shared memory is handed out.
        reserved_bytes: shared memory that the driver takes in each block.
    """

    threads: int
    blocks: int
    registers: int
    shared_bytes: int
    block_shared_bytes: int
    shared_unit: int = 128
    reserved_bytes: int = 1024

    @property
    def warps(self) -> int:
        """Resident at one time."""
        return self.threads // WARP


_KB = 1024
_REGISTERS = 64 * _KB

MULTIPROCESSORS: Mapping[str, Multiprocessor] = {
    "7.0": Multiprocessor(2048, 32, _REGISTERS, 96 * _KB, 96 * _KB, 256, 0),
    "7.5": Multiprocessor(1024, 16, _REGISTERS, 64 * _KB, 64 * _KB, 256, 0),
    "8.0": Multiprocessor(2048, 32, _REGISTERS, 164 * _KB, 163 * _KB),
    "8.6": Multiprocessor(1536, 16, _REGISTERS, 100 * _KB, 99 * _KB),
    "8.7": Multiprocessor(1536, 16, _REGISTERS, 164 * _KB, 163 * _KB),
    "8.9": Multiprocessor(1536, 24, _REGISTERS, 100 * _KB, 99 * _KB),
    "9.0": Multiprocessor(2048, 32, _REGISTERS, 228 * _KB, 227 * _KB),
    "10.0": Multiprocessor(2048, 32, _REGISTERS, 228 * _KB, 227 * _KB),
    "12.0": Multiprocessor(1536, 24, _REGISTERS, 100 * _KB, 99 * _KB),
}
"""By compute capability."""


@dataclass(frozen=True)
class Occupancy:
    """What of a kernel is on a multiprocessor at one time.

    Attributes:
        blocks, warps: resident; 0 where not even one block goes in.
        share: of the warps there may be.
        limits: blocks that each resource alone would allow: `threads`, `blocks`, `registers`,
            `shared memory`.
        limiting: the resources that allow least, in that order.
    """

    blocks: int
    warps: int
    share: float
    limits: Mapping[str, int]
    limiting: tuple[str, ...]


def multiprocessor(capability: str) -> Multiprocessor:
    """The multiprocessor of a compute capability, such as `9.0`, `sm_90` or `sm_90a`.

    Raises:
        UsageError: nothing is known of it.
    """
    digits = capability.removeprefix("sm_").rstrip("af")
    name = digits if "." in digits else f"{digits[:-1]}.{digits[-1:]}"
    if name not in MULTIPROCESSORS:
        raise UsageError(
            f"nothing is known of compute capability {capability!r}; "
            f"use one of {', '.join(MULTIPROCESSORS)}."
        )
    return MULTIPROCESSORS[name]


def occupancy(of: Multiprocessor, threads: int, registers: int, shared_bytes: int) -> Occupancy:
    """What a multiprocessor holds of a kernel.

    Args:
        of: the multiprocessor.
        threads: of a block.
        registers: of a thread; 0 where that is not known, and limits nothing.
        shared_bytes: shared memory of a block.
    """
    warps = -(-threads // WARP)
    fits = 0 < threads <= MOST_THREADS
    limits = {
        "threads": of.warps // warps if fits else 0,
        "blocks": of.blocks,
        "registers": _by_registers(of, warps, registers),
        "shared memory": _by_shared(of, shared_bytes),
    }
    blocks = min(limits.values())
    limiting = tuple(name for name, allowed in limits.items() if allowed == blocks)
    return Occupancy(blocks, blocks * warps, blocks * warps / of.warps, limits, limiting)


def _by_registers(of: Multiprocessor, warps: int, registers: int) -> int:
    if not registers:
        return of.blocks
    each = _up(registers * WARP, REGISTER_UNIT)
    if registers > MOST_REGISTERS or each * _up(warps, PARTS) > of.registers:
        return 0
    return of.registers // PARTS // each * PARTS // warps


def _by_shared(of: Multiprocessor, shared_bytes: int) -> int:
    if shared_bytes > of.block_shared_bytes:
        return 0
    taken = _up(shared_bytes + of.reserved_bytes, of.shared_unit)
    return of.shared_bytes // taken if taken else of.blocks


def _up(count: int, unit: int) -> int:
    return -(-count // unit) * unit
