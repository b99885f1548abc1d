"""Products of matrices of narrow numbers: what TensorCores take, told from the computation."""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.intrin.matrix_tiles import element, wide
from tvmlab.intrin.mma import MMA
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ops.gpu.contraction import factors_of, kind_of
from tvmlab.te import Tensor
from tvmlab.te.reduction import Axis


@dataclass(frozen=True)
class Operand:
    """One of the factors.

    Attributes:
        name: of its buffer.
        is_turned: whether the steps of the sum are its rows: its last dimension but one.
        extents: of its last two dimensions.
    """

    name: str
    is_turned: bool
    extents: tuple[int, int]


@dataclass(frozen=True)
class MatrixProduct:
    """C[..., y, x] = sum over k of the left operand at (y, k) and the right one at (k, x), either
    of which may be stored the other way round; dimensions before are the same of all three.

    Attributes:
        kind: of the operands: their dtype, or `tf32`; sums are of the dtype that holds products.
        left, right: the operands with the rows and with the columns of C.
    """

    kind: str
    left: Operand
    right: Operand

    @property
    def size_bytes(self) -> int:
        """Of an element of an operand."""
        return dtypes.size_bytes(element(self.kind))

    @classmethod
    def of(cls, stage: Tensor) -> MatrixProduct | None:
        """The product that a stage is; None where it is none."""
        factors = factors_of(stage)
        if len(factors) != 2 or len(stage.axes) < 2 or len(stage.reduce_axes) != 1:
            return None
        kind = kind_of(stage)
        if kind not in MMA.shapes or stage.dtype != wide(kind):
            return None
        if any(load.dtype != element(kind) for load in factors):
            return None
        (k,) = stage.reduce_axes
        *_, y, x = stage.axes
        for first, second in (factors, factors[::-1]):
            left, right = _operand(stage, first, y, k), _operand(stage, second, x, k)
            if left is not None and right is not None and left.name != right.name:
                return cls(kind, left, right)
        return None


def _operand(stage: Tensor, load: Load, own: Axis, k: Axis) -> Operand | None:
    """A factor at its own axis and at that of the sum; None where it is elsewhere."""
    lead: tuple[Expr, ...] = tuple(stage.axes[:-2])
    last = load.indices[len(lead) :]
    if load.indices[: len(lead)] != lead or set(last) != {own, k} or len(last) != 2:
        return None
    rows, columns = load.buffer.extents[-2:]
    return Operand(load.buffer.name, last[0] is k, (rows, columns))
