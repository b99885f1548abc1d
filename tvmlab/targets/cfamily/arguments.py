"""The arrays that a device's kernel is called on: what is checked, and what is in its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tvmlab.errors import TargetError
from tvmlab.targets.target import Param, Signature

_HOST_DEVICES = (1, 3, 11)  # kDLCPU, kDLCUDAHost, kDLROCMHost of dlpack.h


def host_array(signature: Signature, param: Param, given: Any) -> np.ndarray:
    """`given`, in the processor's memory, as a NumPy array over that memory.

    Raises:
        TargetError: it is none, elsewhere, or of another shape, dtype or layout, or read-only.
    """
    expects = f"Kernel {signature.name} expects {param}, but got"
    try:
        if isinstance(given, np.ndarray) or hasattr(given, "__array_interface__"):
            array = np.asarray(given)
        elif hasattr(given, "__dlpack__"):
            device = given.__dlpack_device__()[0]
            if device not in _HOST_DEVICES:
                raise TargetError(
                    f"{expects} an array on another device (DLPack's type {int(device)}); move it "
                    "to the processor or to this device first."
                )
            array = np.from_dlpack(given)
        else:
            raise TargetError(f"{expects} a {type(given).__name__}; wrap it with numpy.asarray().")
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TargetError(
            f"{expects} a {type(given).__name__} that cannot be used without a copy: "
            f"{str(error).rstrip('.')}; copy it to a NumPy array."
        ) from error
    refuse_unlike(expects, param, str(array.dtype), array.shape)
    if not array.flags.c_contiguous:
        raise TargetError(
            f"{expects} an array with strides {array.strides} in bytes; make it row-major with "
            "numpy.ascontiguousarray(...)."
        )
    if param.is_output and not array.flags.writeable:
        raise TargetError(
            f"{expects} a read-only array, and {param.name} is written; pass a writable one."
        )
    return array


def refuse_unlike(expects: str, param: Param, dtype: str, shape: Sequence[int]) -> None:
    """Raise TargetError unless an array's dtype and shape are the parameter's."""
    said = f"{dtype}{list(shape)}"
    if dtype != param.dtype:
        raise TargetError(f"{expects} {said}; convert it with .astype('{param.dtype}').")
    if tuple(shape) != param.extents:
        raise TargetError(
            f"{expects} {said}; pass an array of shape {list(param.shape)}, or build the kernel "
            "for this shape."
        )
