"""A CUDA device at work: its stream and memory, copies and launches, through cuda-core.

Imported only after a probe in another process found a device: a driver that does not start is not
asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ctypes import c_int32, c_int64
from functools import cache
from math import prod
from typing import Any

import numpy as np
from cuda.bindings import driver
from cuda.core import Device, EventOptions, LaunchConfig, ObjectCode, launch
from cuda.core.utils import StridedMemoryView

from tvmlab.errors import TargetError
from tvmlab.targets.cfamily.arguments import refuse_unlike
from tvmlab.targets.cfamily.launching import Number
from tvmlab.targets.cfamily.plan import Launch, Plan
from tvmlab.targets.cuda.advice import advice
from tvmlab.targets.cuda.build import compile_cuda
from tvmlab.targets.cuda.shared import asked_bytes
from tvmlab.targets.target import Param, Signature

ALIGNMENT = 16
"""Bytes: kernels move vectors of that size, so arrays must begin at multiples of it."""

_CUDA_DEVICES = (2, 13)  # kDLCUDA, kDLCUDAManaged of dlpack.h


class CudaMachine:
    """One device with a stream of its own, on which all work is done in order.

    Attributes:
        device: as cuda-core knows it.
        architecture: what is compiled for it, e.g. `sm_90`.
    """

    def __init__(self, number: int) -> None:
        self.device = Device(number)
        self.device.set_current()
        self.architecture = f"sm_{self.device.arch}"
        self._stream = self.device.create_stream()

    def load(self, text: str, plan: Plan) -> Mapping[str, Any]:
        """The kernels of `text` by name, with the configuration of their launch.

        Raises:
            TargetError: the compiler refused the text, or a kernel is beyond the device's limits.
        """
        self.device.set_current()
        self._check(plan)
        compiled = compile_cuda(text, self.architecture)
        module = self._in_words(lambda: ObjectCode.from_cubin(compiled.cubin))
        asked = asked_bytes(text)
        return {n.kernel: self._function(module, n, asked.get(n.kernel, 0)) for n in plan.launches}

    def _check(self, plan: Plan) -> None:
        """Refuse what the device cannot run."""
        limits = self.device.properties
        for step in plan.launches:
            threads, most = prod(step.block), limits.max_threads_per_block
            if threads > most:
                raise TargetError(
                    f"Kernel {step.kernel} has {threads} threads a block, and {self.device.name} "
                    f"runs at most {most}; split the loops bound to threadIdx."
                )
            shared = limits.max_shared_memory_per_block_optin
            if step.shared_bytes > shared:
                raise TargetError(
                    f"Kernel {step.kernel} keeps {step.shared_bytes} bytes in shared memory, and "
                    f"{self.device.name} has {shared} for a block; choose smaller tiles."
                )

    def _function(self, module: Any, step: Launch, shared_bytes: int) -> tuple[Any, int]:
        """A kernel and the shared memory that it asks for at each launch."""
        kernel = self._in_words(lambda: module.get_kernel(step.kernel))
        if shared_bytes:
            most = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            (status,) = driver.cuKernelSetAttribute(
                most, shared_bytes, kernel.handle, self.device.device_id
            )
            self._require(status, f"give a block {shared_bytes} bytes of shared memory")
        return kernel, shared_bytes

    def allocate(self, size_bytes: int) -> Any:
        """Memory of the device."""
        self.device.set_current()
        try:
            return self.device.allocate(max(size_bytes, 1), stream=self._stream)
        except Exception as error:
            raise TargetError(
                f"The CUDA device {self.device.name} has no memory for {size_bytes} bytes "
                f"({_first_words(error)}); free some, or use smaller arrays."
            ) from None

    def adopt(self, given: Any, param: Param, signature: Signature) -> int | None:
        """The address of an array on this device: of torch, cupy, or any that shares its memory
        through DLPack or the CUDA array interface."""
        shares = hasattr(given, "__cuda_array_interface__")
        if not shares and hasattr(given, "__dlpack_device__"):
            shares = int(given.__dlpack_device__()[0]) in _CUDA_DEVICES
        if not shares:
            return None
        expects = f"Kernel {signature.name} expects {param}, but got"
        try:
            view = StridedMemoryView.from_any_interface(given, int(self._stream.handle))
        except Exception as error:
            raise TargetError(
                f"{expects} a {type(given).__name__} that cannot be used without a copy: "
                f"{_first_words(error)}; copy it with .contiguous() or the like."
            ) from None
        return self._address(view, expects, param)

    def _address(self, view: Any, expects: str, param: Param) -> int:
        """Where the elements of an array begin, which lie as a kernel needs them."""
        if view.device_id != self.device.device_id:
            raise TargetError(
                f"{expects} an array on CUDA device {view.device_id}; move it to device "
                f"{self.device.device_id}."
            )
        refuse_unlike(expects, param, str(view.dtype), view.shape)
        if not _is_row_major(view.shape, view.strides):
            raise TargetError(
                f"{expects} an array with strides {view.strides}; make it row-major first."
            )
        if param.is_output and view.readonly:
            raise TargetError(
                f"{expects} a read-only array, and {param.name} is written; pass a writable one."
            )
        address = int(view.ptr)
        if address % ALIGNMENT:
            raise TargetError(
                f"{expects} an array whose address is no multiple of {ALIGNMENT}; copy it."
            )
        return address

    def upload(self, memory: Any, array: np.ndarray) -> None:
        """Copy to the device, after all work before it."""
        self.finish()
        (status,) = driver.cuMemcpyHtoD(_pointer(memory), array.ctypes.data, array.nbytes)
        self._require(status, "copy an array to the device")

    def download(self, memory: Any, array: np.ndarray) -> None:
        """Copy from the device, once all work before it is done."""
        self.finish()
        (status,) = driver.cuMemcpyDtoH(array.ctypes.data, _pointer(memory), array.nbytes)
        self._require(status, "copy an array from the device")

    def launch(
        self, function: Any, step: Launch, memories: Sequence[Any], numbers: Sequence[Number]
    ) -> None:
        """Put a kernel into the stream."""
        kernel, shared_bytes = function
        shape = LaunchConfig(grid=step.blocks, block=step.block, shmem_size=shared_bytes)
        addresses = [_pointer(memory) for memory in memories]
        told = [c_int32(int(n)) if n.itemsize == 4 else c_int64(int(n)) for n in numbers]
        given = (*addresses, *told)
        self._in_words(lambda: launch(self._stream, shape, kernel, *given))

    def finish(self) -> None:
        """Wait until all work is done."""
        self._in_words(self._stream.sync)

    def seconds_of(self, run: Callable[[], None]) -> float | None:
        """Between two events of the stream, before and after what `run` puts there."""
        options = EventOptions(timing_enabled=True)
        first, last = (self._in_words(lambda: self.device.create_event(options)) for _ in range(2))
        self._in_words(lambda: self._stream.record(first))
        run()
        self._in_words(lambda: self._stream.record(last))
        self._in_words(last.sync)
        return float(last - first) * 1e-3

    def _require(self, status: Any, what: str) -> None:
        if status != driver.CUresult.CUDA_SUCCESS:
            raise TargetError(
                f"The CUDA device {self.device.name} could not {what} ({status.name}); "
                f"{advice(status.name)}."
            )

    def _in_words(self, act: Callable[[], Any]) -> Any:
        """What `act` gives, in any thread; a refusal of the driver in words."""
        try:
            self.device.set_current()
            return act()
        except Exception as error:  # cuda-core's own class for them is private
            raise TargetError(
                f"The CUDA device {self.device.name} did not run the kernel: "
                f"{_first_words(error)}; {advice(str(error))}."
            ) from None


def _pointer(memory: Any) -> int:
    """The address of device memory: of a buffer of cuda-core, or of an array adopted."""
    return memory if isinstance(memory, int) else int(memory.handle)


def _is_row_major(shape: Sequence[int], strides: Sequence[int] | None) -> bool:
    """Whether elements stand row by row; `strides` count elements, and None says just that."""
    step = 1
    for extent, stride in zip(reversed(shape), reversed(strides or ()), strict=False):
        if extent != 1 and stride != step:
            return False
        step *= extent
    return True


def _first_words(error: Exception) -> str:
    """The first line of what an error says."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


@cache
def machine(number: int) -> CudaMachine:
    """The device of that number, in the order of `tvmlab doctor`.

    Raises:
        TargetError: its driver, which knew it, does not let this process have it.
    """
    try:
        return CudaMachine(number)
    except Exception as error:  # of cuda-core, or of the search for the driver's library
        raise TargetError(
            f"CUDA device {number} cannot be used: {_first_words(error)}; {advice(str(error))}."
        ) from None
