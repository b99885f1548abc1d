"""Images at another size, by the nearest element or linearly between elements."""

from __future__ import annotations

from math import prod

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir.expr import Const, Expr
from tvmlab.ops import checks
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor

METHODS = ("nearest", "bilinear")


def resize2d(
    batch: int,
    channels: int,
    height: int,
    width: int,
    out_height: int,
    out_width: int,
    method: str = "bilinear",
    dtype: str = "float32",
) -> Workload:
    """Images at another size.

    nearest: Y[n, c, y, x] = A[n, c, y * height // out_height, x * width // out_width].
    bilinear: a place y stands for (y + 1/2) * height / out_height - 1/2 in A, or for 0 where that
    is less, and its value lies linearly between the two rows about it, the last row beyond the
    last; columns likewise. Both are what PyTorch (align_corners=False) and ONNX (asymmetric and
    floor, half_pixel) do.

    Args:
        batch, channels, height, width: the shape of A.
        out_height, out_width: the size of the images in Y.
        method: nearest or bilinear.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    given = {
        "batch": batch, "channels": channels, "height": height, "width": width,
        "out_height": out_height, "out_width": out_width,
    }  # fmt: skip
    n, c, h, w, oh, ow = (checks.size("resize2d", name, value) for name, value in given.items())
    checks.float_dtype("resize2d", dtype)
    if method not in METHODS:
        raise UsageError(
            f"resize2d was given method={method!r}; it is one of {', '.join(METHODS)}."
        )
    a = te.placeholder((n, c, h, w), dtype, "A")
    resized = _nearest if method == "nearest" else _bilinear
    out = resized(a, (oh, ow))

    def compute(images: Array) -> tuple[Array, ...]:
        between = _matrix if method == "bilinear" else _choice
        rows, columns = between(h, oh), between(w, ow)
        return (np.einsum("yh,nchw,xw->ncyx", rows, images, columns, optimize=True),)

    args = {**dict(zip(given, (n, c, h, w, oh, ow), strict=True)), "method": method, "dtype": dtype}
    flops = 0 if method == "nearest" else 3 * (n * c * oh * w + prod(out.extents))
    return Workload("resize2d", args, (out,), flops, compute, {"cpu": GenericTemplate})


def _nearest(a: Tensor, size: tuple[int, int]) -> Tensor:
    (height, width), (rows, columns) = a.extents[2:], size
    return te.compute(
        (*a.extents[:2], *size),
        lambda n, c, y, x: a[n, c, y * height // rows, x * width // columns],
        name="Y",
    )


def _bilinear(a: Tensor, size: tuple[int, int]) -> Tensor:
    """Rows first, so that columns are mixed once for each row of the result."""
    (height, width), (rows, columns) = a.extents[2:], size

    def between_rows(n: Expr, c: Expr, y: Expr, w: Expr) -> Expr:
        low, high, share = _between(y, height, rows, a.dtype)
        return a[n, c, low, w] + (a[n, c, high, w] - a[n, c, low, w]) * share

    mixed = te.compute((*a.extents[:2], rows, width), between_rows, name="R")

    def between_columns(n: Expr, c: Expr, y: Expr, x: Expr) -> Expr:
        low, high, share = _between(x, width, columns, a.dtype)
        return mixed[n, c, y, low] + (mixed[n, c, y, high] - mixed[n, c, y, low]) * share

    return te.compute((*a.extents[:2], *size), between_columns, name="Y")


def _between(place: Expr, size: int, wanted: int, dtype: str) -> tuple[Expr, Expr, Expr]:
    """The places in A on either side of one in Y, and how near it is to the higher: 0 to 1.

    In units of 1 / (2 * wanted) all of it is whole numbers.
    """
    at = te.max((place * 2 + 1) * size - wanted, 0)
    low = at // (2 * wanted)
    share = (at % (2 * wanted)).astype(dtype) * Const(1 / (2 * wanted), dtype)
    return low, te.min(low + 1, size - 1), share


def _choice(size: int, wanted: int) -> Array:
    """The places of `_nearest` as a matrix of zeros and ones."""
    matrix = np.zeros((wanted, size))
    matrix[np.arange(wanted), np.arange(wanted) * size // wanted] = 1
    return matrix


def _matrix(size: int, wanted: int) -> Array:
    """The mixtures of `_bilinear` as a matrix, from their definition over real numbers."""
    at = np.maximum((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0)
    low = np.floor(at).astype(int)
    matrix = np.zeros((wanted, size))
    matrix[np.arange(wanted), low] += 1 - (at - low)
    matrix[np.arange(wanted), np.minimum(low + 1, size - 1)] += at - low
    return matrix


OPERATOR = Operator(
    resize2d,
    GenericTemplate,
    ("batch", "channels", "height", "width", "out_height", "out_width"),
)
