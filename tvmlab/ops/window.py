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
from tvmlab.ir.expr import Const, Expr, Select, select
from tvmlab.ops.workload import Array
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages

Padding = str | int | tuple[int, ...]
"""`SAME`, `VALID`, elements on every side, a number for each dimension, or those before every
dimension and then those after: (top, left, bottom, right)."""


@dataclass(frozen=True)
class Window:
    """Windows of `kernel` at every `stride` of an image; of images, (height, width) each.

    Attributes:
        image: its extents, without batch and channels: one number for each dimension, as below.
        before: zeros before the image: rows above, columns to the left.
        after: zeros after it.
    """

    image: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def fit(
        cls,
        operator: str,
        image: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
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
            before = tuple(t // 2 for t in total)
            after = tuple(t - b for t, b in zip(total, before, strict=True))
        else:
            before, after = _sides(operator, padding, len(image))
        window = cls(image, kernel, stride, before, after)
        if any(k > p for k, p in zip(kernel, window.padded, strict=True)):
            raise UsageError(
                f"{operator} was given a kernel of {_by(kernel)} for a padded image of "
                f"{_by(window.padded)}; use a smaller kernel or more padding."
            )
        return window

    @property
    def padded(self) -> tuple[int, ...]:
        """The extents of the image with its padding."""
        parts = zip(self.before, self.image, self.after, strict=True)
        return tuple(b + i + a for b, i, a in parts)

    @property
    def out(self) -> tuple[int, ...]:
        """How many windows there are along each dimension."""
        parts = zip(self.padded, self.kernel, self.stride, strict=True)
        return tuple((p - k) // s + 1 for p, k, s in parts)

    @property
    def sides(self) -> tuple[int, ...]:
        """The padding before every dimension, then after: (top, left, bottom, right)."""
        return *self.before, *self.after

    def pad(self, image: Tensor, value: float = 0.0) -> Tensor:
        """`image` (batch, channels, ...) with `value` around it: a stage, where there is any."""
        if not any(self.sides):
            return image

        def element(*at: Expr) -> Expr:
            inside = None
            parts = zip(at[2:], self.before, self.image, self.padded, strict=True)
            for index, start, size, padded in parts:
                limits = [index >= start] * (start > 0)
                limits += [index < start + size] * (start + size < padded)
                for limit in limits:
                    inside = limit if inside is None else inside & limit
            assert inside is not None
            place = (i - b for i, b in zip(at[2:], self.before, strict=True))
            return select(inside, image[(*at[:2], *place)], Const(value, image.dtype))

        names = ("n", "c", *("dhw"[3 - len(self.image) :]))
        return te.compute((*image.extents[:2], *self.padded), element, name="P", axes=names)

    def views(self, image: Array, value: float = 0.0) -> Array:
        """The windows of `image` (batch, channels, ...), a view of its padded copy:
        (batch, channels, windows along each dimension, kernel along each dimension)."""
        widths = ((0, 0), (0, 0), *zip(self.before, self.after, strict=True))
        padded = np.pad(image, widths, constant_values=value)
        places = tuple(range(2, image.ndim))
        every = np.lib.stride_tricks.sliding_window_view(padded, self.kernel, places)
        steps = (slice(None), slice(None), *(slice(None, None, s) for s in self.stride))
        windows: np.ndarray[Any, Any] = every[steps]
        return windows


def _by(extents: Sequence[int]) -> str:
    return " x ".join(map(str, extents))


def _sides(operator: str, padding: Padding, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The padding before and after each of `rank` dimensions."""
    if padding == "VALID":
        return (0,) * rank, (0,) * rank
    given = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * rank
    numbers = [n for n in given if isinstance(n, int) and not isinstance(n, bool) and n >= 0]
    if len(numbers) != len(given) or len(given) not in (1, rank, 2 * rank):
        each = {1: "(width)", 2: "(vertical, horizontal)"}.get(rank, "(depth, height, width)")
        sides = "(top, left, bottom, right)" if rank == 2 else "those before and those after"
        raise UsageError(
            f"{operator} was given padding={padding!r}; give 'SAME', 'VALID', a number, "
            f"{each} or {sides}."
        )
    if len(numbers) == 1:
        numbers = numbers * rank
    return tuple(numbers[:rank]), tuple(numbers[-rank:])


STRIDES = range(1, 5)
"""Strides that expressions of unknown origin are compared with."""


def padding_guesses(outputs: Sequence[Tensor]) -> list[Padding]:
    """Paddings with which the first input, an image, may have been padded for `outputs`."""
    (image, *_), first = inputs(outputs), stages(outputs)[0]
    if first.reduce_axes or first is outputs[0]:
        return ["VALID"]
    chosen = first.body.a if isinstance(first.body, Select) else None
    if not isinstance(chosen, Load) or len(chosen.indices) != 4:
        return []
    top, left = (-linear(index, {}).constant for index in chosen.indices[2:])
    rows, columns = (p - i for p, i in zip(first.extents[2:], image.extents[2:], strict=True))
    return [(top, left, rows - top, columns - left)]
