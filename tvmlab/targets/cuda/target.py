"""NVIDIA GPUs as a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from tvmlab.errors import TargetError
from tvmlab.ir import Program, Var
from tvmlab.ir.instruction import is_collective
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import stmts
from tvmlab.lower.device_pipeline import lower_for_device
from tvmlab.targets.cfamily.emit import emit, linked_lines
from tvmlab.targets.cfamily.launching import DeviceKernel
from tvmlab.targets.cfamily.plan import read_plan
from tvmlab.targets.cuda.absent import AbsentKernel
from tvmlab.targets.cuda.architecture import DEFAULT, capability
from tvmlab.targets.cuda.build import compile_cuda, disassembled
from tvmlab.targets.cuda.dialect import CudaDialect
from tvmlab.targets.cuda.limits import CudaDevice, cuda_devices
from tvmlab.targets.cuda.provenance import linked
from tvmlab.targets.cuda.report import KernelResources, launched, refuse_beyond, resources_of
from tvmlab.targets.cuda.shared import asked_bytes
from tvmlab.targets.registry import get, loaded
from tvmlab.targets.target import Kernel, Signature

HOST = "cpu"
"""The target that runs the parts of a program that are for the host."""


class CudaTarget:
    """A GPU of NVIDIA's, or an architecture to compile for where there is none.

    Attributes:
        name: `cuda`.
        code_kinds: `cuda`, the kernels as printed; `ptx`; `sass`, the machine's instructions.
        architecture: what is compiled for, e.g. `sm_90a`; the device's if left out, and `sm_80`
            where there is none.
        number: which device, in the order of `tvmlab doctor`.
    """

    name = "cuda"
    code_kinds = ("cuda", "ptx", "sass")

    def __init__(self, architecture: str = "", number: int = 0) -> None:
        if architecture:
            capability(architecture)
        self.number = number
        self.architecture = architecture or _architecture(number)

    def lower(self, program: Program) -> Program:
        """A scheduled program as kernels and host parts."""
        return lower_for_device(program, CudaDialect(self.architecture).instructions)

    def remark(self, program: Program) -> str:
        """What of a scheduled program the architecture lacks, in a sentence; empty if nothing."""
        known = CudaDialect(self.architecture).instructions
        used = {s.name for s in stmts(program.body) if isinstance(s, Invoke) and is_collective(s)}
        lacking = sorted(name for name in used - known if not name.endswith("_start"))
        if not lacking:
            return ""
        return (
            f"{self.architecture} has no {', '.join(lacking)}, and executes the loops that they "
            "stand for, many times as slowly."
        )

    def emit(self, program: Program, lines: Mapping[Var | str, int] | None = None) -> str:
        """CUDA C of a lowered program, and how it is launched; touches no device."""
        return emit(program, CudaDialect(self.architecture), (HOST, get(HOST).emit), lines)

    def code(self, text: str, kind: str) -> str:
        """What becomes of CUDA C `text` as `kind`, one of `code_kinds`."""
        return "\n".join(line for line, _ in self.code_lines(text, kind)) + "\n"

    def code_lines(self, text: str, kind: str) -> Sequence[tuple[str, int]]:
        """`code(text, kind)` in lines, each with the line of the program it comes from (0: none).

        Raises:
            TargetError: no such kind; the compiler refused the text; a tool is not installed.
        """
        source = linked_lines(text)
        if kind == "cuda":
            return source
        if kind == "ptx":
            return linked(compile_cuda(text, self.architecture).ptx, kind, source)
        if kind == "sass":
            cubin = compile_cuda(text, self.architecture).cubin
            return linked(disassembled(cubin), kind, source)
        raise TargetError(
            f"Code of kind {kind!r} is not made by target cuda; use one of "
            f"{', '.join(map(repr, self.code_kinds))}."
        )

    def resources(self, text: str) -> tuple[KernelResources, ...]:
        """Registers, spills, local and shared memory, and occupancy, of each kernel of printed
        `text`, in the order of their launches."""
        found = resources_of(compile_cuda(text, self.architecture).log, self.architecture)
        return launched(found, read_plan(text).launches, asked_bytes(text))

    def build(self, text: str, signature: Signature) -> Kernel:
        """A kernel of printed text; where there is no device, one that can be read only.

        Raises:
            TargetError: the compiler refused the text, or it is beyond the limits of the device,
                or of the architecture where there is none.
        """
        problem = _problem(self.number)
        if problem:
            refuse_beyond(self.resources(text))
            return AbsentKernel(text, signature, self, problem)
        machine = loaded("tvmlab.targets.cuda.run", "cuda-core").machine(self.number)

        return DeviceKernel(text, signature, self, machine)

    def details(self) -> Mapping[str, Any]:
        """The target as plain data, as `targets.get` takes it."""
        return {"name": self.name, "architecture": self.architecture, "number": self.number}

    def device(self) -> Mapping[str, Any]:
        """The device, as its driver tells; asked in a child process.

        Raises:
            TargetError: there is none.
        """
        problem = _problem(self.number)
        if problem:
            raise TargetError(problem)
        return {"kind": self.name, **asdict(_devices()[0][self.number])}


@cache
def _devices() -> tuple[tuple[CudaDevice, ...], str]:
    """What the driver knew when it was first asked: one that does not start is left alone."""
    return cuda_devices()


def present(target: str) -> tuple[int, int] | None:
    """The compute capability of the first device, or of what is compiled for where there is none;
    None of other targets than `cuda`."""
    return capability(_architecture(0)) if target == CudaTarget.name else None


def _problem(number: int) -> str:
    """Why the device of that number cannot be used; empty if it can."""
    devices, problem = _devices()
    if number < len(devices):
        return ""
    return problem or f"There is no CUDA device {number}; there are {len(devices)}, from 0 on."


def _architecture(number: int) -> str:
    devices, _ = _devices()
    return devices[number].architecture if number < len(devices) else DEFAULT
