"""What this processor is made of: instruction sets, vector registers, caches, cores."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tvmlab.targets.cpu.build import Host, host
from tvmlab.targets.cpu.threads import available_cores

_SYSFS_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CPUINFO = Path("/proc/cpuinfo")

_INSTRUCTION_SETS = (
    # name for people, LLVM's feature
    ("SSE4.2", "sse4.2"),
    ("AVX", "avx"),
    ("AVX2", "avx2"),
    ("FMA", "fma"),
    ("F16C", "f16c"),
    ("AVX-512F", "avx512f"),
    ("AVX-512DQ", "avx512dq"),
    ("AVX-512BW", "avx512bw"),
    ("AVX-512VL", "avx512vl"),
    ("AVX-512VNNI", "avx512vnni"),
    ("AVX-512BF16", "avx512bf16"),
    ("AVX-512FP16", "avx512fp16"),
    ("AVX-VNNI", "avxvnni"),
    ("AMX", "amx-tile"),
    ("NEON", "neon"),
    ("dot product", "dotprod"),
    ("BF16", "bf16"),
    ("I8MM", "i8mm"),
    ("SVE", "sve"),
)

_TYPICAL_CACHES = {1: 32 << 10, 2: 512 << 10, 3: 8 << 20}  # where the system does not tell


@dataclass(frozen=True)
class CpuFeatures:
    """The processor as a schedule and the code generator see it.

    Attributes:
        model: the vendor's name of the processor.
        llvm_cpu: LLVM's name of it.
        instruction_sets: names of what it offers, for people.
        vector_bits: width of the widest vector register that is worth using.
        vector_registers: how many of them there are.
        has_fma: whether a multiply-add is one instruction.
        cores: cores this process may use.
        cache_bytes: size of the data cache a core sees at level 1, 2 and 3; a level the processor
            lacks is not there.
        line_bytes: size of a cache line.
    """

    model: str
    llvm_cpu: str
    instruction_sets: tuple[str, ...]
    vector_bits: int
    vector_registers: int
    has_fma: bool
    cores: int
    cache_bytes: dict[int, int]
    line_bytes: int = 64

    def lanes(self, element_bits: int) -> int:
        """Elements of `element_bits` in one vector register."""
        return max(1, self.vector_bits // element_bits)


@cache
def cpu_features() -> CpuFeatures:
    """The features of this machine; nothing is measured."""
    machine = host()
    vector_bits, vector_registers = _vectors(machine)
    return CpuFeatures(
        model=_model() or machine.cpu,
        llvm_cpu=machine.cpu,
        instruction_sets=tuple(name for name, feature in _INSTRUCTION_SETS if machine.has(feature)),
        vector_bits=vector_bits,
        vector_registers=vector_registers,
        has_fma=machine.is_arm or machine.has("fma"),
        cores=available_cores(),
        cache_bytes=_caches() or dict(_TYPICAL_CACHES),
    )


def _vectors(machine: Host) -> tuple[int, int]:
    """Width in bits and number of the vector registers."""
    if machine.has("avx512f"):
        return 512, 32
    if machine.has("avx"):
        return 256, 16
    if machine.is_arm:
        return 128, 32  # NEON; SVE of more bits is not generated
    return 128, 16


def _model() -> str:
    """The processor's name as the system gives it, or ""."""
    try:
        for line in _CPUINFO.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass  # not Linux
    return platform.processor()


def _caches() -> dict[int, int]:
    """Bytes of the data caches by level, from sysfs; empty where there is none."""
    sizes: dict[int, int] = {}
    for entry in sorted(_SYSFS_CACHES.glob("index*")):
        try:
            kind = (entry / "type").read_text().strip()
            level = int((entry / "level").read_text())
            size = (entry / "size").read_text().strip()
        except (OSError, ValueError):
            continue
        if kind != "Instruction" and size[:-1].isdigit():
            sizes[level] = int(size[:-1]) << {"K": 10, "M": 20}.get(size[-1], 0)
    return sizes
