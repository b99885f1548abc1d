"""CUDA C to PTX and machine code by NVRTC, kept in the user's cache, and disassembled."""

from tvmlab.targets.cuda.build.compile import Compiled, compile_cuda
from tvmlab.targets.cuda.build.disassemble import disassembled
from tvmlab.targets.cuda.build.tools import (
    architectures,
    disassembler,
    disassembler_version,
    nvrtc_version,
)

__all__ = [
    "Compiled",
    "architectures",
    "compile_cuda",
    "disassembled",
    "disassembler",
    "disassembler_version",
    "nvrtc_version",
]
