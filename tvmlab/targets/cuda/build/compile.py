"""CUDA C text to PTX and machine code by NVRTC, for any architecture and without a device.

NVRTC lets go of Python's lock while it works, but hears no interrupt.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from tvmlab.errors import TargetError
from tvmlab.targets.cuda.architecture import capability
from tvmlab.targets.cuda.build.tools import architectures, include_folders, nvrtc, nvrtc_version
from tvmlab.targets.cuda.provenance import SOURCE
from tvmlab.targets.object_cache import ObjectCache

OBJECTS = ObjectCache()
"""The machine code of every kernel this user built lately."""

_OPTIONS = (
    "--std=c++17",
    "-lineinfo",  # instructions say which line they come from; the code is the same
    "--ptxas-options=-v",  # the log tells registers, spills and shared memory
)
_MOST_SHARED = re.compile(r"uses too much shared data \(0x(\w+) bytes, 0x(\w+) max\)")


@dataclass(frozen=True)
class Compiled:
    """What NVRTC made of a text.

    Attributes:
        architecture: what it was made for, e.g. `sm_80`.
        ptx: NVIDIA's portable assembly.
        cubin: the machine code, an ELF file.
        log: what the assembler said, `ptxas -v`.
    """

    architecture: str
    ptx: str
    cubin: bytes
    log: str


def compile_cuda(text: str, architecture: str) -> Compiled:
    """CUDA C `text` as PTX and machine code, from the cache where it can be.

    Args:
        text: CUDA C++ with `extern "C"` kernels; may include `mma.h`, `cuda_fp16.h`,
            `cuda_bf16.h` and `cuda_pipeline.h`.
        architecture: `sm_75`, `sm_80`, ..., also with what only one generation has: `sm_90a`.

    Raises:
        TargetError: NVRTC is not installed, does not know the architecture or refuses the text.
    """
    _check_architecture(architecture)
    parts = ("cuda", nvrtc_version(), architecture, *_OPTIONS, text)
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    content = OBJECTS.get(key)
    if content is None:
        made = _compiled(text, architecture)
        OBJECTS.put(key, _packed(made))
        return made
    return _unpacked(content, architecture)


def _check_architecture(architecture: str) -> None:
    """Refuse what NVRTC has no code generator for."""
    capability(architecture)
    known = architectures()
    if architecture.rstrip("af") not in known:
        raise TargetError(
            f"NVRTC {nvrtc_version()} makes no code for {architecture}; "
            f"it makes code for {', '.join(known)}."
        )


def _compiled(text: str, architecture: str) -> Compiled:
    bindings = nvrtc()
    folders = [f"--include-path={folder}" for folder in include_folders()]
    options = [o.encode() for o in (f"--gpu-architecture={architecture}", *_OPTIONS, *folders)]
    status, program = bindings.nvrtcCreateProgram(text.encode(), SOURCE.encode(), 0, [], [])
    if status != bindings.nvrtcResult.NVRTC_SUCCESS:
        raise TargetError(f"NVRTC could not be started ({status.name}); free some memory.")
    try:
        (status,) = bindings.nvrtcCompileProgram(program, len(options), options)
        log = _read(bindings, "ProgramLog", program).decode(errors="replace")
        if status != bindings.nvrtcResult.NVRTC_SUCCESS:
            raise TargetError(_refusal(log or status.name, architecture))
        return Compiled(
            architecture,
            _read(bindings, "PTX", program).decode(),
            _read(bindings, "CUBIN", program),
            log,
        )
    finally:
        bindings.nvrtcDestroyProgram(program)


def _read(bindings: Any, what: str, program: Any) -> bytes:
    """One of the results of a program, without the zero at its end."""
    _, size = getattr(bindings, f"nvrtcGet{what}Size")(program)
    content = bytes(size)
    getattr(bindings, f"nvrtcGet{what}")(program, content)
    return content if what == "CUBIN" else content.rstrip(b"\0")


def _refusal(log: str, architecture: str) -> str:
    """Why there is no code, in one sentence made of the compiler's own words."""
    shared = _MOST_SHARED.search(log)
    if shared:
        used, most = (int(digits, 16) for digits in shared.groups())
        return (
            f"Building for target cuda stopped: a block uses {used} bytes of shared memory, and "
            f"{architecture} gives it {most} at most; make the tiles smaller."
        )
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    told = next((line for line in lines if "error" in line), lines[0] if lines else "no reason")
    found = re.match(r"(\S+)\((\d+)\): (?:catastrophic )?error: (.*)", told)
    reason = f"line {found[2]} of {found[1]}: {found[3]}" if found else told
    return (
        f"Building for target cuda stopped in NVRTC, which refuses the emitted text for "
        f"{architecture}: {reason.rstrip('.;')}; if no kernel text of yours is in it, this is a "
        "defect of tvmlab, please report it with the program."
    )


def _packed(made: Compiled) -> bytes:
    """PTX, log and machine code in one: a line of JSON, then the code."""
    return json.dumps([made.ptx, made.log]).encode() + b"\n" + made.cubin


def _unpacked(content: bytes, architecture: str) -> Compiled:
    head, _, cubin = content.partition(b"\n")
    ptx, log = json.loads(head)
    return Compiled(architecture, ptx, cubin, log)
