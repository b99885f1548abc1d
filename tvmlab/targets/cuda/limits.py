"""The CUDA devices of this machine and what they offer."""

from __future__ import annotations

import ctypes
import sys
from ctypes import byref, c_char, c_int, c_size_t
from dataclasses import asdict, dataclass
from typing import Any

from tvmlab.targets.probe import Answer, ask

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"

# CUdevice_attribute of cuda.h
_MULTIPROCESSORS = 16
_CAPABILITY_MAJOR, _CAPABILITY_MINOR = 75, 76
_SHARED_MEMORY_PER_BLOCK = 97  # what a kernel may ask for when it opts in
_L2_BYTES = 38


@dataclass(frozen=True)
class CudaDevice:
    """One GPU.

    Attributes:
        name: the vendor's name of it.
        architecture: what to compile for, e.g. `sm_90`.
        multiprocessors: how many there are.
        memory_bytes, l2_bytes: global memory and the cache before it.
        shared_memory_bytes: fast memory that one block may use.
        driver: the newest CUDA that the driver runs, e.g. `13.0`.
    """

    name: str
    architecture: str
    multiprocessors: int
    memory_bytes: int
    l2_bytes: int
    shared_memory_bytes: int
    driver: str


def cuda_devices() -> tuple[tuple[CudaDevice, ...], str]:
    """The devices, and where there are none, one sentence of why; asked in a child process."""
    found = ask(__name__)
    return tuple(CudaDevice(**d) for d in found.devices), found.problem


def answer() -> Answer:
    """The devices as the driver sees them; to be called in a process that may die."""
    try:
        driver = ctypes.CDLL(_LIBRARY)
    except OSError:
        return Answer((), f"No NVIDIA driver is installed ({_LIBRARY} is not there); install one.")
    return describe(driver)


def describe(driver: Any) -> Answer:
    """The devices that `driver`, the loaded driver library, knows.

    After a failed `cuInit` the driver is left alone: asking it again has been seen to hang.
    """
    status = driver.cuInit(0)
    if status:
        return Answer((), f"The NVIDIA driver does not start (CUDA error {status}); check the GPU.")
    count, version = c_int(), c_int()
    driver.cuDeviceGetCount(byref(count))
    driver.cuDriverGetVersion(byref(version))
    if not count.value:
        return Answer((), "The NVIDIA driver runs but knows no GPU; check CUDA_VISIBLE_DEVICES.")
    newest = f"{version.value // 1000}.{version.value % 1000 // 10}"
    devices = [_device(driver, index, newest) for index in range(count.value)]
    return Answer(tuple(asdict(d) for d in devices))


def _device(driver: Any, index: int, newest: str) -> CudaDevice:
    device = c_int()
    driver.cuDeviceGet(byref(device), index)
    name = (c_char * 256)()
    driver.cuDeviceGetName(name, len(name), device)
    memory_bytes = c_size_t()
    driver.cuDeviceTotalMem_v2(byref(memory_bytes), device)

    def attribute(number: int) -> int:
        value = c_int()
        driver.cuDeviceGetAttribute(byref(value), number, device)
        return value.value

    return CudaDevice(
        name=name.value.decode(),
        architecture=f"sm_{attribute(_CAPABILITY_MAJOR)}{attribute(_CAPABILITY_MINOR)}",
        multiprocessors=attribute(_MULTIPROCESSORS),
        memory_bytes=memory_bytes.value,
        l2_bytes=attribute(_L2_BYTES),
        shared_memory_bytes=attribute(_SHARED_MEMORY_PER_BLOCK),
        driver=newest,
    )
