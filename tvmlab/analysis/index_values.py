"""The values that an expression takes over a box of loops, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Select, Var
from tvmlab.ir.functions import FUNCTIONS

OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "min": np.fmin,
    "max": np.fmax,
    "&": np.bitwise_and,
    "|": np.bitwise_or,
    "^": np.bitwise_xor,
    "<<": np.left_shift,
    ">>": np.right_shift,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
}
"""What an operator does to arrays; `//` and `%` see to zero first."""


class IndexValues:
    """Values of expressions over loops.

    Each array has one axis a loop, of extent 1 where the loop does not matter, so that an index
    over two of five loops costs what two loops cost.

    Args:
        axes: the position of each loop's variable, and the loop's extent.
        data: elements of buffers that nothing writes, by buffer.
    """

    def __init__(
        self, axes: Mapping[Var, tuple[int, int]], data: Mapping[Buffer, np.ndarray]
    ) -> None:
        self._axes = axes
        self._data = data

    def of(self, e: Expr) -> Any:
        """The values of `e`: an array, or a number where it is the same everywhere.

        Raises:
            UsageError: they depend on what the program itself computes.
        """
        if isinstance(e, Const):
            return bool(e.value) if e.dtype == "bool" else e.value
        if isinstance(e, Var) and e in self._axes:
            axis, extent = self._axes[e]
            shape = [1] * len(self._axes)
            shape[axis] = extent
            return np.arange(extent, dtype=np.int64).reshape(shape)
        if isinstance(e, Binary):
            return self._binary(e)
        if isinstance(e, Select):
            return np.where(self.of(e.condition), self.of(e.a), self.of(e.b))
        if isinstance(e, Cast):
            return np.asarray(self.of(e.value)).astype(_kind(e.dtype))
        if isinstance(e, Call) and e.function in FUNCTIONS:
            return FUNCTIONS[e.function].reference(*map(self.of, e.args))
        if isinstance(e, Load) and e.buffer in self._data:
            return self._gathered(e)
        raise UsageError(
            f"which elements are touched depends on {e!r}, which the program computes on its way; "
            "only what follows from loops and inputs can be traced."
        )

    def _binary(self, e: Binary) -> Any:
        a, b = self.of(e.a), self.of(e.b)
        if e.op in ("//", "%"):
            b = np.where(np.equal(b, 0), 1, b)  # undefined, and so never where it matters
            return np.floor_divide(a, b) if e.op == "//" else np.remainder(a, b)
        return OPERATIONS[e.op](a, b)

    def _gathered(self, load: Load) -> Any:
        """Elements of an input; a place outside, which nobody uses then, reads another."""
        place = flat_values([self.of(i) for i in load.indices], load.buffer)
        return np.take(self._data[load.buffer].reshape(-1), place, mode="clip")


def flat_values(indices: list[Any], buffer: Buffer) -> Any:
    """Positions in a buffer's memory, in elements, of indices in each dimension."""
    place: Any = 0
    for index, stride in zip(indices, buffer.strides(), strict=True):
        place = place + index * stride
    return place


def _kind(dtype: str) -> str:
    """The dtype in which NumPy holds values of `dtype`."""
    is_narrow = dtypes.is_float(dtype) and dtype not in ("float32", "float64", "float16")
    return "float32" if is_narrow else dtype
