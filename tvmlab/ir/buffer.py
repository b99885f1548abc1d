"""Buffers, and the expression that reads one."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr

Extent = int | Expr
"""A size: an int where it is known, else an int64 expression over symbolic variables."""


PROMISES = ("constant", "finite")
"""What a caller may promise of a parameter: attributes of its buffer, and words around its type."""


class Alignment(NamedTuple):
    """That neighbours along dimension `axis` are `factor * n + offset` elements apart, some n."""

    axis: int
    factor: int
    offset: int


class Buffer:
    """A row-major array of `shape` elements of `dtype`, stored in `scope`.

    What the scopes are stands in `tvmlab.ir`. `alignments` say how far apart neighbours are to be
    in memory, and `swizzle`, if not 0, in chunks of how many elements rows of shared memory are
    swizzled (`tvmlab.ir.swizzle`); neither changes an element. Of a parameter a caller may promise
    that no element is infinite or NaN (`finite`), and that every call gets the same elements
    (`constant`). Identity, not name, tells two buffers apart.
    """

    __slots__ = ("alignments", "constant", "dtype", "finite", "name", "scope", "shape", "swizzle")

    def __init__(
        self,
        name: str,
        shape: Iterable[Extent],
        dtype: str,
        scope: str = "global",
        alignments: tuple[Alignment, ...] = (),
        finite: bool = False,
        constant: bool = False,
        swizzle: int = 0,
    ) -> None:
        self.name = name
        self.shape = tuple(shape)
        self.dtype = dtype
        self.scope = scope
        self.alignments = alignments
        self.finite = finite
        self.constant = constant
        self.swizzle = swizzle

    def replace(
        self,
        *,
        name: str | None = None,
        shape: Iterable[Extent] | None = None,
        scope: str | None = None,
        alignments: tuple[Alignment, ...] | None = None,
        swizzle: int | None = None,
    ) -> Buffer:
        """Another buffer, with the given parts exchanged."""
        return Buffer(
            self.name if name is None else name,
            self.shape if shape is None else shape,
            self.dtype,
            self.scope if scope is None else scope,
            self.alignments if alignments is None else alignments,
            self.finite,
            self.constant,
            self.swizzle if swizzle is None else swizzle,
        )

    @property
    def extents(self) -> tuple[int, ...]:
        """The shape as integers; all extents must be known."""
        assert all(isinstance(s, int) for s in self.shape), f"{self.name} has a symbolic shape"
        return tuple(s for s in self.shape if isinstance(s, int))

    @property
    def size_bytes(self) -> int:
        """Bytes the buffer occupies; all extents must be known."""
        return prod(self.extents) * dtypes.size_bytes(self.dtype)

    def strides(self) -> tuple[Extent, ...]:
        """Distance in elements between neighbours along each dimension."""
        strides: list[Extent] = []
        step: Extent = 1
        for extent in reversed(self.shape):
            strides.append(step)
            step = step * extent
        return tuple(reversed(strides))

    def __repr__(self) -> str:
        return f"Buffer({self.name}: {self.dtype}{list(self.shape)})"


class Load(Expr):
    """The element of `buffer` at `indices`; a vector if an index is."""

    __slots__ = ("buffer", "indices")

    def __init__(self, buffer: Buffer, indices: tuple[Expr, ...]) -> None:
        self.buffer = buffer
        self.indices = indices
        self.dtype = buffer.dtype
        self.lanes = max((i.lanes for i in indices), default=1)

    def __repr__(self) -> str:
        return f"{self.buffer.name}[{', '.join(map(repr, self.indices))}]"
