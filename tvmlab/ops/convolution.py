"""What a convolution of images is: its arguments checked, its expression, its NumPy reference."""

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
from tvmlab.ops.checks import float_dtype, size, sizes
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
        dtype: of everything.
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
            args: those of `tvmlab.ops.conv2d`, by name.

        Raises:
            UsageError: an argument is out of its range.
        """
        batch, ic, oc, groups, height, width = (
            size(operator, name, args[name])
            for name in ("batch", "in_channels", "out_channels", "groups", "height", "width")
        )
        kernel, stride, dilation = (
            sizes(operator, name, args[name]) for name in ("kernel", "stride", "dilation")
        )
        float_dtype(operator, args["dtype"])
        if ic % groups or oc % groups:
            raise UsageError(
                f"{operator} was given groups={groups}, which does not divide {ic} and {oc} "
                "channels; choose a divisor of both."
            )
        span = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
        window = Window.fit(operator, (height, width), span, stride, args["padding"])
        return cls(batch, (ic, oc), window, kernel, dilation, groups, args["dtype"])

    @property
    def flops(self) -> int:
        """Operations; a multiply-add counts two."""
        ic, oc = self.channels
        return 2 * prod((self.batch, oc, *self.window.out, ic // self.groups, *self.kernel))

    def expression(self) -> Tensor:
        """C of shape (batch, channels out, rows, columns), from A and W."""
        ic, oc = self.channels
        folded, each = ic // self.groups, oc // self.groups
        a = te.placeholder((self.batch, ic, *self.window.image), self.dtype, name="A")
        w = te.placeholder((oc, folded, *self.kernel), self.dtype, name="W")
        p = self.window.pad(a)
        c = te.reduce_axis((0, folded), name="ic")
        kh = te.reduce_axis((0, self.kernel[0]), name="kh")
        kw = te.reduce_axis((0, self.kernel[1]), name="kw")
        (sh, sw), (dh, dw) = self.window.stride, self.dilation

        def term(n: Expr, oc: Expr, oh: Expr, ow: Expr) -> Expr:
            channel = oc // each * folded + c if self.groups > 1 else c
            row, column = oh * sh + kh * dh, ow * sw + kw * dw
            return te.sum(p[n, channel, row, column] * w[oc, c, kh, kw], axis=[c, kh, kw])

        return te.compute((self.batch, oc, *self.window.out), term, name="C")

    def reference(self, images: Array, weights: Array) -> Array:
        """C in NumPy, in the dtype of its operands."""
        dh, dw = self.dilation
        windows = self.window.views(images)[..., ::dh, ::dw]
        parts = zip(np.split(windows, self.groups, 1), np.split(weights, self.groups), strict=True)
        folded = [np.tensordot(w, k, ((1, 4, 5), (1, 2, 3))) for w, k in parts]
        return np.moveaxis(np.concatenate(folded, 3), 3, 1)


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
