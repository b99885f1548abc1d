"""What would do where the CUDA driver refuses something, by the name of its error.

Names and what they mean are of `CUresult`, CUDA Driver API, "Data types used by CUDA driver": of
some errors it says that they leave the process in a state in which all further work on the device
ends in the same error.
"""

from __future__ import annotations

import re

ENDS_ALL = frozenset(
    f"CUDA_ERROR_{name}"
    for name in (
        "ILLEGAL_ADDRESS",
        "LAUNCH_TIMEOUT",
        "ASSERT",
        "HARDWARE_STACK_ERROR",
        "ILLEGAL_INSTRUCTION",
        "MISALIGNED_ADDRESS",
        "INVALID_ADDRESS_SPACE",
        "INVALID_PC",
        "LAUNCH_FAILED",
    )
)
"""Errors after which nothing of the process runs on the device any more."""

_OTHERS = {
    "CUDA_ERROR_OUT_OF_MEMORY": "free memory on the device, or use smaller arrays",
    "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES": "choose smaller tiles, or fewer threads",
    "CUDA_ERROR_INVALID_VALUE": "choose smaller blocks, and a grid within the device's limits",
    "CUDA_ERROR_DEVICE_UNAVAILABLE": "end what else has the device to itself",
}

ELSE = "see what `tvmlab doctor` says of the device"


def advice(said: str) -> str:
    """What would do about an error, by the name of it in what is `said`; half a sentence."""
    found = re.search(r"CUDA_ERROR_\w+", said)
    name = found[0] if found else ""
    if name in ENDS_ALL:
        return "it ends all work of this process on the device, so start anew"
    return _OTHERS.get(name, ELSE)
