"""LLVM IR text to machine code in memory: for this host, optimised, cached and linked."""

from tvmlab.targets.cpu.build.compile import (
    Code,
    assembly,
    compile_object,
    load,
    optimised_llvm,
)
from tvmlab.targets.cpu.build.host import Host, host
from tvmlab.targets.cpu.build.patience import compile_limit_s, set_compile_limit
from tvmlab.targets.cpu.build.presets import DEFAULT_PRESET, PRESETS, preset_named

__all__ = [
    "DEFAULT_PRESET",
    "PRESETS",
    "Code",
    "Host",
    "assembly",
    "compile_limit_s",
    "compile_object",
    "host",
    "load",
    "optimised_llvm",
    "preset_named",
    "set_compile_limit",
]
