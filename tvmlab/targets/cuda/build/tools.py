"""Where NVIDIA's compiler, headers and disassembler are on this machine.

They come as wheels (the extra `tvmlab[cuda]`); a toolkit that is installed serves as well.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tvmlab.errors import TargetError

ASK = "install it with `pip install 'tvmlab[cuda]'`"


@cache
def nvrtc() -> Any:
    """The bindings of the runtime compiler, whose library was found.

    Raises:
        TargetError: bindings or library are not installed.
    """
    try:
        from cuda.bindings import nvrtc as bindings  # an extra, which not everyone has
    except ImportError as error:
        raise TargetError(f"Building for target cuda needs cuda-bindings; {ASK}.") from error
    try:
        bindings.nvrtcVersion()
    except Exception as error:  # each release of the bindings has another class for this
        raise TargetError(
            f"Building for target cuda needs NVRTC, NVIDIA's compiler as a library; {ASK}."
        ) from error
    return bindings


def nvrtc_version() -> str:
    """The compiler's version, e.g. `13.5`; TargetError as `nvrtc`."""
    _, major, minor = nvrtc().nvrtcVersion()
    return f"{major}.{minor}"


@cache
def include_folders() -> tuple[Path, ...]:
    """Where the headers lie: `mma.h`, `cuda_fp16.h`, and those of CCCL that they include.

    Raises:
        TargetError: some are not installed.
    """
    from cuda.pathfinder import find_nvidia_header_directory

    found = [find_nvidia_header_directory(name) for name in ("cudart", "cccl")]
    folders = tuple(Path(folder) for folder in found if folder is not None)
    wanted = ("cuda_fp16.h", "crt/mma.h", "nv/target")
    missing = [name for name in wanted if not any((f / name).exists() for f in folders)]
    if missing:
        raise TargetError(
            f"Building for target cuda needs the header {missing[0]} of CUDA's runtime; {ASK}."
        )
    return folders


def disassembler() -> Path:
    """The program nvdisasm.

    Raises:
        TargetError: it is not installed.
    """
    try:
        from cuda.pathfinder import find_nvidia_binary_utility

        found = find_nvidia_binary_utility("nvdisasm")
    except ImportError:
        found = None
    if found is None:
        raise TargetError(f"Showing SASS needs NVIDIA's disassembler nvdisasm; {ASK}.")
    return Path(found)


def disassembler_version() -> str:
    """The version of its wheel, or `of the toolkit` where it came without one."""
    try:
        return version("nvidia-cuda-nvdisasm")
    except PackageNotFoundError:
        return "of the toolkit"


def architectures() -> tuple[str, ...]:
    """What the compiler makes code for, e.g. `sm_80`, oldest first; TargetError as `nvrtc`."""
    _, numbers = nvrtc().nvrtcGetSupportedArchs()
    return tuple(f"sm_{number}" for number in numbers)
