"""What a kernel takes of a multiprocessor, as NVIDIA's assembler says in its log (`ptxas -v`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
        registers: 32-bit registers of a thread.
        shared_bytes: shared memory of a block that is declared in the text.
        local_bytes: memory of a thread outside registers: arrays that are indexed by what is not
            constant, and spilled registers.
        spill_store_bytes, spill_load_bytes: what a thread writes and reads in the text's
            instructions because registers ran out.
    """

    kernel: str
    architecture: str
    registers: int
    shared_bytes: int
    local_bytes: int
    spill_store_bytes: int
    spill_load_bytes: int

    def __str__(self) -> str:
        spilled = self.spill_store_bytes + self.spill_load_bytes
        spills = f"{spilled} bytes of spills" if spilled else "no spills"
        local = f", {self.local_bytes} bytes of local memory" if self.local_bytes else ""
        return (
            f"{self.kernel} ({self.architecture}): {self.registers} registers a thread, {spills}"
            f"{local}, {self.shared_bytes} bytes of shared memory a block"
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
                registers=int(used[1]),
                shared_bytes=int(shared[1]) if shared else 0,
                local_bytes=frame,
                spill_store_bytes=stores,
                spill_load_bytes=loads,
            )
        )
    return tuple(found)
