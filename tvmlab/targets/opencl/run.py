"""An OpenCL device at work: its context and queue, memory, copies and launches.

A context stays with the process that made it: a fork of a process that has one hangs in its driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
import pyopencl as cl

from tvmlab.errors import TargetError
from tvmlab.targets.cfamily.arguments import refuse_unlike
from tvmlab.targets.cfamily.launching import Number
from tvmlab.targets.cfamily.plan import Launch, Plan
from tvmlab.targets.opencl.build import compiled
from tvmlab.targets.opencl.limits import NO_DRIVER
from tvmlab.targets.target import Param, Signature

_EXTENSIONS = {"cl_khr_fp16": "float16", "cl_khr_fp64": "float64"}
"""What a device names if it computes in a dtype, as printed kernels ask for it."""


class OpenClMachine:
    """One device, with a queue of its own that keeps the times of what it does.

    Attributes:
        device: as pyopencl knows it.
    """

    def __init__(self, device: Any) -> None:
        self.device = device
        self._context = cl.Context([device])
        profiling = cl.command_queue_properties.PROFILING_ENABLE
        self._queue = cl.CommandQueue(self._context, device, properties=profiling)
        self._events: list[Any] | None = None

    def load(self, text: str, plan: Plan) -> Mapping[str, Any]:
        """The kernels by name; TargetError beyond the device's limits, or with the build log."""
        for launch in plan.launches:
            refuse_beyond(launch, self.device)
        for extension in _EXTENSIONS:
            if extension in text and extension not in self.device.extensions:
                raise TargetError(
                    f"{self.device.name.strip()} does not compute in {_EXTENSIONS[extension]}; "
                    "use float32, or another device."
                )
        program = compiled(self._context, self.device, text)
        return {launch.kernel: cl.Kernel(program, launch.kernel) for launch in plan.launches}

    def allocate(self, size_bytes: int) -> Any:
        """A buffer of the device."""
        most = self.device.max_mem_alloc_size
        words = f"The OpenCL device {self.device.name.strip()} has no memory for {size_bytes} bytes"
        if size_bytes > most:
            raise TargetError(f"{words}: a buffer may have {most}; use smaller arrays.")
        try:
            return cl.Buffer(self._context, cl.mem_flags.READ_WRITE, size_bytes)
        except (cl.MemoryError, cl.RuntimeError, cl.LogicError):
            raise TargetError(f"{words}; free some, or use smaller arrays.") from None

    def adopt(self, given: Any, param: Param, signature: Signature) -> Any | None:
        """The buffer of a `pyopencl.array.Array` or a `pyopencl.Buffer` of this context."""
        if isinstance(given, cl.Buffer):
            return given
        data, dtype, shape = (getattr(given, n, None) for n in ("base_data", "dtype", "shape"))
        if not isinstance(data, cl.Buffer) or shape is None:
            return None
        expects = f"Kernel {signature.name} expects {param}, but got"
        refuse_unlike(expects, param, str(dtype), shape)
        return data

    def upload(self, memory: Any, array: np.ndarray) -> None:
        """Copy to the device, and wait for it."""
        cl.enqueue_copy(self._queue, memory, array, is_blocking=True)

    def download(self, memory: Any, array: np.ndarray) -> None:
        """Copy from the device, once all work before it is done."""
        self._in_words(lambda: cl.enqueue_copy(self._queue, array, memory, is_blocking=True))

    def launch(
        self, function: Any, launch: Launch, memories: Sequence[Any], numbers: Sequence[Number]
    ) -> None:
        """Put a kernel into the queue."""
        size = tuple(g * b for g, b in zip(launch.blocks, launch.block, strict=True))
        given = (*memories, *numbers)
        event = self._in_words(lambda: function(self._queue, size, launch.block, *given))
        if self._events is not None:
            self._events.append(event)

    def finish(self) -> None:
        """Wait until all work is done."""
        self._in_words(self._queue.finish)

    def seconds_of(self, run: Callable[[], None]) -> float | None:
        """From the events of the kernels: the sum of their times."""
        self._events = []
        try:
            run()
            self.finish()
            return float(sum(e.profile.end - e.profile.start for e in self._events)) * 1e-9
        finally:
            self._events = None

    def _in_words(self, act: Callable[[], Any]) -> Any:
        """What `act` gives; a refusal of the driver in words."""
        try:
            return act()
        except cl.Error as error:
            raise TargetError(
                f"The OpenCL device {self.device.name.strip()} did not run the kernel: "
                f"{str(error).rstrip('.')}; check its size, and the memory it needs."
            ) from None


def refuse_beyond(launch: Launch, device: Any) -> None:
    """Raise TargetError for a kernel that is beyond the limits of a device."""
    threads, most = prod(launch.block), device.max_work_group_size
    name = device.name.strip()
    if threads > most:
        raise TargetError(
            f"Kernel {launch.kernel} has {threads} threads a block, and {name} runs at most "
            f"{most} in a work-group; split the loops bound to threadIdx."
        )
    sizes = zip("xyz", launch.block, device.max_work_item_sizes, strict=False)
    axis = next((a for a, n, limit in sizes if n > limit), None)
    if axis is not None:
        raise TargetError(
            f"Kernel {launch.kernel} has more threads along threadIdx.{axis} than {name} "
            "takes; bind them to another axis."
        )
    if launch.shared_bytes > device.local_mem_size:
        raise TargetError(
            f"Kernel {launch.kernel} keeps {launch.shared_bytes} bytes in shared memory, and "
            f"{name} has {device.local_mem_size} for a work-group; choose smaller tiles."
        )


@cache
def machine(number: int) -> OpenClMachine:
    """The device of that number, in the order of `opencl_devices`.

    Raises:
        TargetError: there is none.
    """
    try:
        platforms = cl.get_platforms()
    except cl.Error:
        platforms = []
    devices = [d for p in platforms for d in p.get_devices()]
    if not devices:
        raise TargetError(NO_DRIVER)
    if number >= len(devices):
        raise TargetError(
            f"There is no OpenCL device {number}; there are {len(devices)}, from 0 on."
        )
    return OpenClMachine(devices[number])
