"""What a convolution is: its arguments checked, its expression, its NumPy reference.

Of images, which have height and width; of signals, which have a width, and volumes likewise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np

from tvmlab import te
from tvmlab.arith.simplify import linear
from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.walk import exprs
from tvmlab.ops.checks import size, sizes, sum_dtype
from tvmlab.ops.window import Window
from tvmlab.ops.workload import Array
from tvmlab.te import Tensor
from tvmlab.te.graph import terms_of


@dataclass(frozen=True)
class Convolution:
    """A convolution at given sizes.

    Attributes:
        batch: images.
        channels: of an image, and of a result: those going in and those coming out.
        window: what the kernels slide over; its kernel spans the gaps of a dilation.
        kernel: height and width of a kernel.
        dilation: rows and columns between its elements.
        groups: parts that the channels fall into.
        dtype: of images and kernels.
    """

    batch: int
    channels: tuple[int, int]
    window: Window
    kernel: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    dtype: str

    @classmethod
    def of(cls, operator: str, args: Mapping[str, Any]) -> Convolution:
        """The convolution that an operator of this name was asked for.

        Args:
            args: those of `tvmlab.ops.conv2d`, `conv1d` or `conv3d`, by name.

        Raises:
            UsageError: an argument is out of its range.
        """
        batch, ic, oc, groups = (
            size(operator, name, args[name])
            for name in ("batch", "in_channels", "out_channels", "groups")
        )
        extents = ("depth", "height", "width")
        image = tuple(size(operator, name, args[name]) for name in extents if name in args)
        kernel, stride, dilation = (
            sizes(operator, name, args[name], len(image))
            for name in ("kernel", "stride", "dilation")
        )
        sum_dtype(operator, args["dtype"])
        if ic % groups or oc % groups:
            raise UsageError(
                f"{operator} was given groups={groups}, which does not divide {ic} and {oc} "
                "channels; choose a divisor of both."
            )
        span = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
        window = Window.fit(operator, image, span, stride, args["padding"])
        return cls(batch, (ic, oc), window, kernel, dilation, groups, args["dtype"])

    @property
    def flops(self) -> int:
        """Operations; a multiply-add counts two."""
        ic, oc = self.channels
        return 2 * prod((self.batch, oc, *self.window.out, ic // self.groups, *self.kernel))

    def expression(self) -> Tensor:
        """C of shape (batch, channels out, windows along each dimension), from A and W."""
        ic, oc = self.channels
        folded, each = ic // self.groups, oc // self.groups
        wide = sum_dtype("a convolution", self.dtype)
        a = te.placeholder((self.batch, ic, *self.window.image), self.dtype, name="A")
        w = te.placeholder((oc, folded, *self.kernel), self.dtype, name="W", finite=True)
        p = self.window.pad(a)
        c = te.reduce_axis((0, folded), name="ic")
        letters = "dhw"[3 - len(self.kernel) :]
        at = [te.reduce_axis((0, k), f"k{d}") for d, k in zip(letters, self.kernel, strict=True)]

        def term(n: Expr, oc: Expr, *windows: Expr) -> Expr:
            channel = oc // each * folded + c if self.groups > 1 else c
            parts = zip(windows, self.window.stride, at, self.dilation, strict=True)
            place = (o * s + k * d for o, s, k, d in parts)
            image = p[(n, channel, *place)].astype(wide)
            return te.sum(image * w[(oc, c, *at)].astype(wide), axis=[c, *at])

        axes = ("n", "oc", *(f"o{d}" for d in letters))
        return te.compute((self.batch, oc, *self.window.out), term, name="C", axes=axes)

    def reference(self, images: Array, weights: Array) -> Array:
        """C in NumPy, in the dtype of its operands."""
        rank = len(self.kernel)
        every: tuple[Any, ...] = (..., *(slice(None, None, d) for d in self.dilation))
        windows = self.window.views(images)[every]
        parts = zip(np.split(windows, self.groups, 1), np.split(weights, self.groups), strict=True)
        axes = (1, *range(2 + rank, 2 + 2 * rank)), tuple(range(1, 2 + rank))
        folded = [np.tensordot(w, k, axes) for w, k in parts]
        return np.moveaxis(np.concatenate(folded, -1), -1, 1)


class Steps(NamedTuple):
    """How far windows, and the elements of a window, are apart: (vertical, horizontal) each."""

    stride: tuple[int, int]
    dilation: tuple[int, int]

    @classmethod
    def of(cls, conv: Tensor) -> Steps | None:
        """Those of the convolution that `conv` computes; None where it is none."""
        if len(conv.axes) != 4 or len(conv.reduce_axes) != 3:
            return None
        found = (e for term in terms_of(conv) for e in exprs(term) if isinstance(e, Load))
        image = next(found, None)
        if image is None or len(image.indices) != 4:
            return None
        rows, columns = (linear(index, {}).terms for index in image.indices[2:])
        (y, x), (kh, kw) = conv.axes[2:], conv.reduce_axes[1:]
        return cls((rows.get(y, 0), columns.get(x, 0)), (rows.get(kh, 0), columns.get(kw, 0)))
