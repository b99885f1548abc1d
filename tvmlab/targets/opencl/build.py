"""Printed kernels compiled by the device's driver, and what its compiler says against them."""

from __future__ import annotations

from typing import Any

import pyopencl as cl

from tvmlab.errors import TargetError
from tvmlab.targets.opencl.dialect import ON_PROCESSOR

MOST_LINES = 12
"""Lines of a build log that a message shows."""


def compiled(context: Any, device: Any, text: str) -> Any:
    """The program of `text` for `device`.

    Division and square roots are as exact as IEEE asks where the device can.

    Raises:
        TargetError: the driver's compiler refused it; the message carries its words.
    """
    exact = device.single_fp_config & cl.device_fp_config.CORRECTLY_ROUNDED_DIVIDE_SQRT
    options = ["-cl-std=CL1.2"]
    if device.type & cl.device_type.CPU:
        options.append(f"-D{ON_PROCESSOR}")
    if exact:
        options.append("-cl-fp32-correctly-rounded-divide-sqrt")
    program = cl.Program(context, text)
    try:
        return program.build(options=options, devices=[device])
    except cl.Error:
        log = program.get_build_info(device, cl.program_build_info.LOG)
        raise TargetError(
            f"The OpenCL compiler of {device.name.strip()} refused the kernel: {_words(log)}"
        ) from None


def _words(log: str) -> str:
    """What matters of a build log: from the first error on."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if "error" in line.lower()), 0)
    said = "; ".join(lines[first : first + MOST_LINES])
    return said.rstrip(".") + "." if said else "it gave no reason."
