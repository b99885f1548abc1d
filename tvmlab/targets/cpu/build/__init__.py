"""LLVM IR text to machine code in memory: for this host, optimised, cached and linked."""

from tvmlab.targets.cpu.build.compile import (
    DEFAULT_PRESET,
    PRESETS,
    Code,
    assembly,
    compile_object,
    load,
    optimised_llvm,
    preset_named,
)
from tvmlab.targets.cpu.build.host import Host, host

__all__ = [
    "DEFAULT_PRESET",
    "PRESETS",
    "Code",
    "Host",
    "assembly",
    "compile_object",
    "host",
    "load",
    "optimised_llvm",
    "preset_named",
]
