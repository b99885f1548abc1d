"""What a kernel takes of a multiprocessor, as NVIDIA's assembler says in its log (`ptxas -v`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

from tvmlab.analysis.occupancy import Occupancy, multiprocessor, occupancy
from tvmlab.errors import TargetError, UsageError
from tvmlab.targets.cfamily.plan import Launch

_ENTRY = re.compile(r"Compiling entry function '(\w+)' for")
_STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_USED = re.compile(r"Used (\d+) registers.*")
_SHARED = re.compile(r"(\d+) bytes smem")


@dataclass(frozen=True)
class KernelResources:
    """What each thread or block of a kernel takes.

    Attributes:
        kernel: its name.
        architecture: what it was compiled for.
        threads: of a block; 0 where only the compiler was asked.
        registers: 32-bit registers of a thread.
        shared_bytes: shared memory of a block.
        local_bytes: memory of a thread outside registers: arrays that are indexed by what is not
            constant, and spilled registers.
        spill_store_bytes, spill_load_bytes: what a thread writes and reads in the text's
            instructions because registers ran out.
    """

    kernel: str
    architecture: str
    threads: int
    registers: int
    shared_bytes: int
    local_bytes: int
    spill_store_bytes: int
    spill_load_bytes: int

    def occupancy(self) -> Occupancy:
        """What a multiprocessor of that architecture holds of the kernel at one time, and which
        resource limits it.

        Raises:
            UsageError: nothing is known of the architecture.
        """
        of = multiprocessor(self.architecture)
        return occupancy(of, self.threads, self.registers, self.shared_bytes)

    def __str__(self) -> str:
        spilled = self.spill_store_bytes + self.spill_load_bytes
        spills = f"{spilled} bytes of spills" if spilled else "no spills"
        local = f", {self.local_bytes} bytes of local memory" if self.local_bytes else ""
        said = (
            f"{self.kernel} ({self.architecture}): {self.registers} registers a thread, {spills}"
            f"{local}, {self.shared_bytes} bytes of shared memory a block"
        )
        if not self.threads:
            return said
        found = self.occupancy()
        if not found.blocks:
            return (
                f"{said}; a multiprocessor holds not one block of {self.threads} threads, "
                f"for want of {' and '.join(found.limiting)}"
            )
        return (
            f"{said}; a multiprocessor holds {found.blocks} blocks of {self.threads} threads, "
            f"{100 * found.share:.0f} % of its warps, limited by {' and '.join(found.limiting)}"
        )


def resources_of(log: str, architecture: str) -> tuple[KernelResources, ...]:
    """The resources of every kernel that `log`, written by ptxas for `architecture`, names."""
    found = []
    pieces = _ENTRY.split(log)
    for kernel, told in zip(pieces[1::2], pieces[2::2], strict=True):
        stack, used = _STACK.search(told), _USED.search(told)
        if stack is None or used is None:
            continue  # an entry that the assembler took from elsewhere
        shared = _SHARED.search(used[0])
        frame, stores, loads = map(int, stack.groups())
        found.append(
            KernelResources(
                kernel=kernel,
                architecture=architecture,
                threads=0,
                registers=int(used[1]),
                shared_bytes=int(shared[1]) if shared else 0,
                local_bytes=frame,
                spill_store_bytes=stores,
                spill_load_bytes=loads,
            )
        )
    return tuple(found)


def launched(
    found: tuple[KernelResources, ...], launches: tuple[Launch, ...], asked: Mapping[str, int]
) -> tuple[KernelResources, ...]:
    """The resources in the order of launches, with the threads of each block and with the shared
    memory, in bytes by kernel, that a launch asks for."""
    known = {r.kernel: r for r in found}
    return tuple(
        replace(
            known[step.kernel],
            threads=prod(step.block),
            shared_bytes=known[step.kernel].shared_bytes + asked.get(step.kernel, 0),
        )
        for step in launches
    )


def refuse_beyond(found: tuple[KernelResources, ...]) -> None:
    """Refuse kernels of which a multiprocessor of their architecture holds not one block.

    Raises:
        TargetError: there is one. Of an architecture that is not known nothing is refused.
    """
    for used in found:
        try:
            held = used.occupancy()
        except UsageError:
            return
        if not held.blocks:
            raise TargetError(
                f"Kernel {used.kernel} is beyond {' and '.join(held.limiting)} of "
                f"{used.architecture}: each block of {used.threads} threads takes "
                f"{used.registers} registers a thread and {used.shared_bytes} bytes of shared "
                "memory; choose smaller tiles, or fewer threads."
            )
