"""What the source that `tvmlab.ir.interpret` writes calls by name: errors, and the rules of NaN."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tvmlab.errors import VerifyError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer


def _outside(access: tuple[str, str, Buffer, int], index: int) -> NoReturn:
    what, block, buffer, dimension = access
    raise VerifyError(
        f"a {what} in block {block or '?'} reaches {buffer.name} at index {dimension} = {index}, "
        f"outside its shape {list(buffer.shape)}."
    )


def _unwritten(access: tuple[str, Buffer, str]) -> NoReturn:
    block, buffer, shown = access
    raise VerifyError(
        f"block {block or '?'} reads {shown} of {buffer.name}, of shape {list(buffer.shape)}, "
        "before anything has written that element."
    )


def _unbound(words: str, value: int, extent: int) -> NoReturn:
    raise VerifyError(f"{words} is bound to {value}, outside 0..{extent - 1}.")


def _divisor(value: int) -> int:
    if value == 0:
        raise VerifyError("an integer is divided by zero, which is undefined.")
    return value


def _amount(value: int, bits: int) -> int:
    if not 0 <= value < bits:
        raise VerifyError(f"an integer of {bits} bits is shifted by {value}, which is undefined.")
    return value


def _truncated(value: np.floating[Any], dtype: str) -> int:
    if np.isfinite(value):
        whole = int(value)
        if dtypes.lowest(dtype) <= whole <= dtypes.highest(dtype):
            return whole
    raise VerifyError(f"the value {value} is cast to {dtype}, which does not hold it.")


def _fmin(a: Any, b: Any) -> Any:
    return b if b < a or a != a else a


def _fmax(a: Any, b: Any) -> Any:
    return b if b > a or a != a else a


RUNTIME: dict[str, Any] = {
    "fmin": _fmin,
    "fmax": _fmax,
    "outside": _outside,
    "unwritten": _unwritten,
    "unbound": _unbound,
    "divisor": _divisor,
    "amount": _amount,
    "truncated": _truncated,
}
