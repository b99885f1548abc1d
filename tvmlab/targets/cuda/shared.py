"""Shared memory of a block: declared as arrays, or carved out of what the launch asks for.

The compiler takes 48 KiB of declared arrays at most (CUDA C++ Programming Guide, "Shared Memory"
of each compute capability); beyond that a kernel finds its arrays one after the other in memory
whose size the launch states, and which the host allows it beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.kernel import Kernel

MOST_DECLARED = 48 << 10

ALIGNMENT = 32
"""Bytes: what the widest access of TensorCores asks of a row."""

_STATED = re.compile(r"unsigned char shared_memory\[\];  // (\w+) asks for (\d+) bytes")


def places(kernel: Kernel) -> Mapping[Buffer, int]:
    """Where in its block's memory each shared buffer begins; empty where they are declared."""
    found: dict[Buffer, int] = {}
    end = 0
    for buffer in kernel.allocated:
        if buffer.scope == "shared":
            found[buffer] = end
            end += -(-buffer.size_bytes // ALIGNMENT) * ALIGNMENT
    return found if end > MOST_DECLARED else {}


def statement(kernel: Kernel, name: str) -> str:
    """The line that makes the launch's memory known in a kernel; empty where it has none."""
    found = places(kernel)
    if not found:
        return ""
    last, begin = max(found.items(), key=lambda item: item[1])
    return (
        f"    extern __shared__ __align__({ALIGNMENT}) unsigned char shared_memory[];"
        f"  // {name} asks for {begin + last.size_bytes} bytes"
    )


def asked_bytes(text: str) -> dict[str, int]:
    """Bytes that each kernel of printed text needs at its launch, for those that need some."""
    return {name: int(size) for name, size in _STATED.findall(text)}
