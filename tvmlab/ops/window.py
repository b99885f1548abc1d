"""Windows that slide over images: output sizes, padding, and the arrays they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.arith.simplify import linear
from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr, Select, select
from tvmlab.ops.workload import Array
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages

Padding = str | int | tuple[int, ...]
"""`SAME`, `VALID`, rows and columns on every side, or (top, left, bottom, right)."""


@dataclass(frozen=True)
class Window:
    """Windows of `kernel` (height, width) at every `stride` of an image of `image` (height, width).

    Attributes:
        before: zero rows above and zero columns left of the image.
        after: zero rows below and zero columns right of it.
    """

    image: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]

    @classmethod
    def fit(
        cls,
        operator: str,
        image: tuple[int, int],
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: Padding,
    ) -> Window:
        """The windows that `padding` asks for.

        `SAME` gives ceil(size / stride) outputs, the odd row or column of zeros after the image,
        as TensorFlow does; `VALID` gives the windows inside the image.

        Raises:
            UsageError: the padding is unknown, or the kernel larger than the padded image.
        """
        if padding == "SAME":
            total = [
                max((-(-i // s) - 1) * s + k - i, 0)
                for i, k, s in zip(image, kernel, stride, strict=True)
            ]
            before = (total[0] // 2, total[1] // 2)
            after = (total[0] - before[0], total[1] - before[1])
        else:
            top, left, bottom, right = _sides(operator, padding)
            before, after = (top, left), (bottom, right)
        window = cls(image, kernel, stride, before, after)
        if any(k > p for k, p in zip(kernel, window.padded, strict=True)):
            raise UsageError(
                f"{operator} was given a kernel of {kernel[0]} x {kernel[1]} for a padded image of "
                f"{window.padded[0]} x {window.padded[1]}; use a smaller kernel or more padding."
            )
        return window

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width of the image with its padding."""
        h, w = (b + i + a for b, i, a in zip(self.before, self.image, self.after, strict=True))
        return h, w

    @property
    def out(self) -> tuple[int, int]:
        """How many windows there are, down and across."""
        h, w = (
            (p - k) // s + 1 for p, k, s in zip(self.padded, self.kernel, self.stride, strict=True)
        )
        return h, w

    @property
    def sides(self) -> tuple[int, int, int, int]:
        """The padding as (top, left, bottom, right)."""
        return *self.before, *self.after

    def pad(self, image: Tensor) -> Tensor:
        """`image` (batch, channels, height, width) in its zeros: a stage, where there are any."""
        if not any(self.sides):
            return image
        (top, left), (height, width) = self.before, self.image

        def element(n: Expr, c: Expr, h: Expr, w: Expr) -> Expr:
            inside = None
            bounds = ((h, top, height, self.padded[0]), (w, left, width, self.padded[1]))
            for at, start, size, padded in bounds:
                limits = [at >= start] * (start > 0) + [at < start + size] * (start + size < padded)
                for limit in limits:
                    inside = limit if inside is None else inside & limit
            assert inside is not None
            return select(inside, image[n, c, h - top, w - left], 0.0)

        batch, channels = image.extents[:2]
        return te.compute((batch, channels, *self.padded), element, name="P")

    def views(self, image: Array) -> Array:
        """The windows of `image` (batch, channels, height, width), a view of its padded copy:
        (batch, channels, rows, columns, kernel height, kernel width)."""
        top, left, bottom, right = self.sides
        padded = np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)))
        every = np.lib.stride_tricks.sliding_window_view(padded, self.kernel, (2, 3))
        windows: np.ndarray[Any, Any] = every[:, :, :: self.stride[0], :: self.stride[1]]
        return windows


def _sides(operator: str, padding: Padding) -> tuple[int, int, int, int]:
    """The padding above, left, below and right."""
    if padding == "VALID":
        return 0, 0, 0, 0
    given = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,)
    numbers = [n for n in given if isinstance(n, int) and not isinstance(n, bool) and n >= 0]
    if len(numbers) != len(given) or len(given) not in (1, 2, 4):
        raise UsageError(
            f"{operator} was given padding={padding!r}; give 'SAME', 'VALID', a number, "
            "(vertical, horizontal) or (top, left, bottom, right)."
        )
    if len(numbers) == 4:
        return numbers[0], numbers[1], numbers[2], numbers[3]
    vertical, horizontal = numbers[0], numbers[-1]
    return vertical, horizontal, vertical, horizontal


STRIDES = range(1, 5)
"""Strides that expressions of unknown origin are compared with."""


def padding_guesses(outputs: Sequence[Tensor]) -> list[Padding]:
    """Paddings with which the first input, an image, may have been padded for `outputs`."""
    (image, *_), first = inputs(outputs), stages(outputs)[0]
    if first is outputs[0]:
        return ["VALID"]
    chosen = first.body.a if isinstance(first.body, Select) else None
    if not isinstance(chosen, Load) or len(chosen.indices) != 4:
        return []
    top, left = (-linear(index, {}).constant for index in chosen.indices[2:])
    rows, columns = (p - i for p, i in zip(first.extents[2:], image.extents[2:], strict=True))
    return [(top, left, rows - top, columns - left)]
