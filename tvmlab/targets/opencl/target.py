"""OpenCL devices as a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tvmlab.errors import TargetError
from tvmlab.ir import Program, Var
from tvmlab.lower.device_pipeline import lower_for_device
from tvmlab.lower.inner_branches import branch_inside_loops
from tvmlab.targets.cfamily.emit import emit, linked_lines
from tvmlab.targets.cfamily.launching import DeviceKernel
from tvmlab.targets.opencl.dialect import OpenClDialect
from tvmlab.targets.opencl.limits import opencl_devices
from tvmlab.targets.registry import get, loaded
from tvmlab.targets.target import Kernel, Signature

HOST = "cpu"
"""The target that runs the parts of a program that are for the host."""


class OpenClTarget:
    """A device that OpenCL's drivers know.

    Attributes:
        name: `opencl`.
        code_kinds: `opencl`, the kernels as printed.
        number: which device, in the order of `tvmlab doctor`.
    """

    name = "opencl"
    code_kinds = ("opencl",)

    def __init__(self, number: int = 0) -> None:
        self.number = number

    def lower(self, program: Program) -> Program:
        """A scheduled program as kernels and host parts."""
        return branch_inside_loops(lower_for_device(program, OpenClDialect.instructions))

    def emit(self, program: Program, lines: Mapping[Var | str, int] | None = None) -> str:
        """OpenCL C of a lowered program, and how it is launched; touches no device."""
        return emit(program, OpenClDialect(), (HOST, get(HOST).emit), lines)

    def code(self, text: str, kind: str) -> str:
        """The printed text, which is all that OpenCL shows."""
        if kind not in self.code_kinds:
            raise TargetError(f"Code of kind {kind!r} is not made by target opencl; use 'opencl'.")
        return text

    def code_lines(self, text: str, kind: str) -> Sequence[tuple[str, int]]:
        """The lines of the printed text, each with the line of the program it comes from."""
        return linked_lines(self.code(text, kind))

    def build(self, text: str, signature: Signature) -> Kernel:
        """A kernel of printed text.

        Raises:
            TargetError: there is no device, the driver's compiler refused the text, or it is
                beyond the device's limits.
        """
        machine = loaded("tvmlab.targets.opencl.run", "pyopencl").machine(self.number)

        return DeviceKernel(text, signature, self, machine)

    def details(self) -> Mapping[str, Any]:
        """The target as plain data, as `targets.get` takes it."""
        return {"name": self.name, "number": self.number}

    def device(self) -> Mapping[str, Any]:
        """The device, as its driver tells; asked in a child process."""
        devices, problem = opencl_devices()
        if self.number >= len(devices):
            raise TargetError(problem or f"There is no OpenCL device {self.number}.")
        return {"kind": self.name, **asdict(devices[self.number])}
