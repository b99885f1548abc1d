"""What the doctor finds of the machine: processor, measured limits, OpenCL and CUDA devices."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tvmlab.cli.finding import Finding, giga, size
from tvmlab.errors import TargetError
from tvmlab.targets.cpu.affinity import CAN_PIN, VARIABLE, chosen_cores
from tvmlab.targets.cpu.limits import cpu_features, cpu_peaks
from tvmlab.targets.cpu.threads import num_threads
from tvmlab.targets.cuda.build import (
    architectures,
    disassembler,
    disassembler_version,
    nvrtc_version,
)
from tvmlab.targets.cuda.limits import cuda_devices
from tvmlab.targets.opencl.limits import OpenClDevice, opencl_devices

FEW_INSTRUCTIONS = "no vector registers wider than 128 bits are used: expect a quarter of the speed"


def processor() -> Iterator[Finding]:
    """Model, cores, instruction sets and caches; nothing is measured."""
    cpu = cpu_features()
    cores = f"{cpu.cores} core{'s' * (cpu.cores > 1)}"
    yield Finding("cpu", f"{cpu.model} ({cpu.llvm_cpu}), {cores} usable")
    fma = "fused multiply-add" if cpu.has_fma else "no fused multiply-add"
    yield Finding("vectors", f"{cpu.vector_registers} registers of {cpu.vector_bits} bits, {fma}")
    sets = ", ".join(cpu.instruction_sets)
    yield Finding("features", sets or FEW_INSTRUCTIONS, is_missing=not sets)
    caches = ", ".join(f"L{n} {size(b)}" for n, b in sorted(cpu.cache_bytes.items()))
    yield Finding("caches", f"{caches}, lines of {cpu.line_bytes} B")
    yield from threads(cpu.cores)
    yield affinity()


def threads(cores: int) -> Iterator[Finding]:
    """How many threads parallel loops use, where that is not every core."""
    used = num_threads()
    why = f"TVMLAB_NUM_THREADS={os.environ.get('TVMLAB_NUM_THREADS', '')}"
    if used < cores:
        yield Finding("threads", f"{used} of {cores} cores, because of {why}", is_missing=True)


def affinity() -> Finding:
    """Where the workers of parallel loops run."""
    try:
        cores = chosen_cores()
    except TargetError as error:
        return Finding("affinity", f"{error} Parallel kernels will not run.", is_missing=True)
    if cores:
        return Finding(
            "affinity", f"workers are kept on cores {', '.join(map(str, cores))} in turn"
        )
    ways = f"t.set_affinity([...]) or {VARIABLE}=0,2-5 keeps them on cores"
    return Finding(
        "affinity",
        f"the system places workers; {ways if CAN_PIN else 'it offers no other way'}",
    )


def limits(refresh: bool) -> Iterator[Finding]:
    """The peaks measured by generated code; takes a second the first time.

    Args:
        refresh: measure again and keep the better figures.
    """
    peaks = cpu_peaks(refresh)
    for topic, unit, rates in (
        ("peak", "GFLOP/s", peaks.flop_per_s),
        ("bandwidth", "GB/s", peaks.read_bytes_per_s),
    ):
        figures = ", ".join(f"{name} {giga(rates[name][1])} {unit}" for name in rates)
        alone = ", ".join(f"{name} {giga(rates[name][0])}" for name in rates)
        count = f"{peaks.threads} thread{'s' * (peaks.threads > 1)}"
        yield Finding(topic, f"{figures} on {count}" + f" (on one: {alone})" * (peaks.threads > 1))


def opencl() -> Iterator[Finding]:
    """The OpenCL devices; drivers are asked in a process of their own."""
    devices, problem = opencl_devices()
    for device in devices:
        yield Finding(
            "opencl",
            f"{device.name} ({device.kind}, {device.compute_units} units, "
            f"{size(device.memory_bytes)}, {device.platform}): groups of {device.max_work_group} "
            f"work-items, {size(device.local_memory_bytes)} of local memory, "
            f"{_beyond_float32(device)}",
        )
    if problem:
        yield Finding("opencl", f"{problem} Kernels for it can be read, and not run.", True)


def _beyond_float32(device: OpenClDevice) -> str:
    """What a device offers that not all do, in words."""
    offers = {
        "float16": device.has_float16,
        "float64": device.has_float64,
        "sub-groups": device.has_subgroups,
    }
    lacks = [name for name, is_there in offers.items() if not is_there]
    has = [name for name, is_there in offers.items() if is_there]
    return "; ".join(
        f"{verb} {', '.join(names)}" for verb, names in (("with", has), ("without", lacks)) if names
    )


def cuda() -> Iterator[Finding]:
    """The CUDA devices, asked in a process of their own, and what compiles and shows code."""
    devices, problem = cuda_devices()
    for device in devices:
        yield Finding(
            "cuda",
            f"{device.name} ({device.architecture}, {device.multiprocessors} multiprocessors, "
            f"{size(device.memory_bytes)}, CUDA {device.driver})",
        )
    if problem:
        yield Finding("cuda", f"{problem} Kernels for it can be built and read, and not run.", True)
    try:
        made = architectures()
        yield Finding("nvrtc", f"NVRTC {nvrtc_version()} makes code for {made[0]} to {made[-1]}")
        disassembler()
        yield Finding("nvdisasm", f"version {disassembler_version()} shows SASS")
    except TargetError as error:
        yield Finding("nvrtc", f"{error} Costs the machine code of CUDA kernels.", True)
