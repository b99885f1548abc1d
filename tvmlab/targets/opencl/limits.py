"""The OpenCL devices of this machine and what they offer."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tvmlab.targets.probe import Answer, ask

_KINDS = {"cpu": 1 << 1, "gpu": 1 << 2}  # CL_DEVICE_TYPE_CPU, CL_DEVICE_TYPE_GPU of cl.h

NO_DRIVER = (
    "No OpenCL driver is installed; install one for your device, "
    "or for the processor Debian's package pocl-opencl-icd."
)


@dataclass(frozen=True)
class OpenClDevice:
    """One device.

    Attributes:
        platform: the driver's name and version.
        name: the vendor's name of the device.
        kind: `cpu`, `gpu` or `accelerator`.
        compute_units: processors that run work-groups.
        memory_bytes, local_memory_bytes: global memory; fast memory of a work-group.
        max_work_group: work-items a group may have.
        has_float16, has_float64: whether these types compute.
        has_subgroups: whether work-items of a group hand each other values without memory
            (`cl_khr_subgroup_shuffle`). How many do is the vendor's choice, 8 to 64, where a warp
            here has 32: reductions over threads go through local memory on all devices.
    """

    platform: str
    name: str
    kind: str
    compute_units: int
    memory_bytes: int
    local_memory_bytes: int
    max_work_group: int
    has_float16: bool
    has_float64: bool
    has_subgroups: bool


def opencl_devices() -> tuple[tuple[OpenClDevice, ...], str]:
    """The devices, and where there are none, one sentence of why; asked in a child process."""
    found = ask(__name__)
    return tuple(OpenClDevice(**d) for d in found.devices), found.problem


def answer() -> Answer:
    """The devices as pyopencl sees them; to be called in a process that may die."""
    try:
        import pyopencl as cl  # heavy, and it loads every driver of the machine
    except ImportError as error:
        return Answer((), f"pyopencl cannot be loaded: {error}; install it with its OpenCL loader.")
    try:
        platforms = cl.get_platforms()
    except cl.LogicError:  # the loader found no driver
        return Answer((), NO_DRIVER)
    devices = [
        OpenClDevice(
            platform=f"{platform.name.strip()} {platform.version.strip()}",
            name=device.name.strip(),
            kind=next((k for k, bit in _KINDS.items() if device.type & bit), "accelerator"),
            compute_units=device.max_compute_units,
            memory_bytes=device.global_mem_size,
            local_memory_bytes=device.local_mem_size,
            max_work_group=device.max_work_group_size,
            has_float16="cl_khr_fp16" in device.extensions,
            has_float64="cl_khr_fp64" in device.extensions,
            has_subgroups="cl_khr_subgroup_shuffle" in device.extensions.split(),
        )
        for platform in platforms
        for device in platform.get_devices()
    ]
    return Answer(tuple(asdict(d) for d in devices), "" if devices else NO_DRIVER)
