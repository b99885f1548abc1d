"""Random tensor expressions over sizes, and values to try them at.

What `tests.fuzz.expressions` writes over numbers, over n, m and k: alone, and in sums, multiples
and quotients. Every access can be proved to be inside for all values, or is guarded.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import tvmlab.te as te
from tests.fuzz.expressions import FLOATS, Writer
from tvmlab.arith import bounds
from tvmlab.ir.buffer import Extent
from tvmlab.ir.expr import Expr, as_expr, cast, const, minimum, select
from tvmlab.ir.shapes import bare_sizes
from tvmlab.ir.size import Size
from tvmlab.te.graph import graph_sizes, inputs
from tvmlab.te.reduction import Axis
from tvmlab.te.tensor import Tensor

TRIED = (1, 2, 3, 5, 7, 8, 16, 17)
"""Values of sizes: ones, primes, multiples of what loops are split by, and one more."""


def random_sized_expression(rng: random.Random) -> Tensor:
    """A tensor of one to four computations over up to three sizes, each some input's extent."""
    return _anchored(rng.choice(FAMILIES)(rng))


def random_values(
    rng: random.Random, outputs: Sequence[Tensor], count: int
) -> list[dict[str, int]]:
    """`count` values for the sizes of a graph, the first as small as can be; one row if none."""
    sizes = graph_sizes(outputs)
    rows: list[dict[str, int]] = []
    for n in range(count if sizes else 1):
        row = {}
        for size in sizes:
            fit = [v for v in TRIED if v >= size.low and (size.high is None or v <= size.high)]
            row[size.name] = rng.choice(fit) if n else fit[0]
        rows.append(row)
    return rows


def _anchored(tensor: Tensor) -> Tensor:
    """`tensor`, with an input of one dimension added for each size that no input tells alone."""
    known = bare_sizes(e for x in inputs([tensor]) for e in x.shape)
    missing = [s for s in graph_sizes([tensor]) if s not in known]
    if not missing:
        return tensor
    given = [te.placeholder((s,), "float32", f"Z{s.name}") for s in missing]
    dtype = tensor.dtype if tensor.dtype != "bool" else "int32"

    def element(*axes: Axis) -> Expr:
        value = cast(dtype, tensor[axes])
        for z in given:
            value = value + cast(dtype, select(z[0] < 2.0, 1, 0))
        return value

    return te.compute(tensor.shape, element, "anchored")


def _sizes() -> tuple[Size, Size, Size]:
    return te.var("n"), te.var("m", 2), te.var("k", 1, 40)


class SizedWriter(Writer):
    """Writes the computations of a random chain over sizes."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        n, m, k = _sizes()
        self.extents: tuple[Extent, ...] = (n, n, m, k, n + 2, n * 2, (n + 3) // 4, m // 2, 4, 5, 8)

    def stage(self, before: Tensor | None) -> Tensor:
        rng = self.rng
        spatial = [rng.choice(self.extents) for _ in range(rng.randint(1, 2))]
        folded = [rng.choice(self.extents)] if rng.random() < 0.5 else []
        begins = [rng.choice((0, 0, 2)) for _ in folded]
        axes = [
            te.reduce_axis((begin, begin + extent), self.name("r"))
            for begin, extent in zip(begins, folded, strict=True)
        ]

        def element(*spatial_axes: Axis) -> Expr:
            value = self.value((*spatial_axes, *axes), before)
            value = cast("int32", value) if value.dtype == "bool" else value
            return rng.choice((te.sum, te.max, te.min))(value, axis=axes) if axes else value

        return te.compute(tuple(spatial), element, self.name("S"))

    def fresh(self, axes: tuple[Axis, ...], dtype: str) -> Expr:
        rng = self.rng
        indices: list[Expr] = []
        extents: list[Extent] = []
        for axis in rng.sample(axes, rng.randint(1, min(len(axes), 2))):
            end, other = axis.start + axis.extent, rng.choice(axes)
            patterns: list[tuple[Expr, Extent]] = [
                (axis + 0, end),
                (axis + 0, end),
                (axis + 2, end + 2),
                (axis * 2 + 1, 2 * end),
                (end - 1 - axis, axis.extent),
                (axis // 2, (end + 1) // 2),
                (axis % 3, 3),
                (axis + other, end + (other.start + other.extent)),
            ]
            index, extent = rng.choice(patterns)
            indices.append(index)
            extents.append(extent)
        return te.placeholder(extents, dtype, self.name("A"))[tuple(indices)]

    def within(self, tensor: Tensor, axes: tuple[Axis, ...]) -> Expr:
        rng = self.rng
        indices: list[Expr] = []
        guard: Expr | None = None
        for extent in tensor.shape:
            axis = rng.choice(axes)
            if bounds(as_expr(axis.start + axis.extent - extent), {})[1] <= 0:
                indices.append(axis)
            elif rng.random() < 0.4:
                indices.append(axis - 1)
                here = (axis >= 1) & (axis < extent + 1)
                guard = here if guard is None else guard & here
            else:
                indices.append(rng.choice((axis % extent, minimum(axis, extent - 1))))
        load = tensor[tuple(indices)]
        return load if guard is None else select(guard, load, const(1, tensor.dtype))


def _chain(rng: random.Random) -> Tensor:
    writer = SizedWriter(rng)
    tensor = writer.stage(None)
    for _ in range(rng.randint(0, 2)):
        tensor = writer.stage(tensor)
    return tensor


def _product(rng: random.Random) -> Tensor:
    n, m, k = _sizes()
    rows, columns, depth = (rng.choice((n, m, k, n * 4, 5)) for _ in range(3))
    dtype = rng.choice((*FLOATS[:4], "int32"))
    turned = rng.random() < 0.5
    A = te.placeholder((depth, rows) if turned else (rows, depth), dtype, "A")
    B = te.placeholder((depth, columns), dtype, "B")
    r = te.reduce_axis((0, depth), "r")
    C = te.compute(
        (rows, columns),
        lambda y, x: te.sum((A[r, y] if turned else A[y, r]) * B[r, x], axis=r),
        "C",
    )
    if rng.random() < 0.5:
        return C
    return te.compute((rows, columns), lambda y, x: C[y, x] * 2 + 1, "D")


def _convolution(rng: random.Random) -> Tensor:
    n, channels = te.var("n"), rng.choice((1, 3, te.var("m", 2)))
    size, pad = rng.choice((1, 3)), rng.choice((0, 1))
    X = te.placeholder((channels, n), "float32", "X")
    W = te.placeholder((channels, size), "float32", "W")
    padded = te.compute(
        (channels, n + 2 * pad + size - 1),
        lambda c, x: select((x >= pad) & (x < n + pad), X[c, x - pad], 0.0),
        "P",
    )
    rx = te.reduce_axis((0, size), "rx")
    rc = te.reduce_axis((0, channels), "rc")
    return te.compute(
        (n + 2 * pad,), lambda x: te.sum(padded[rc, x + rx] * W[rc, rx], axis=(rc, rx)), "O"
    )


def _softmax(rng: random.Random) -> Tensor:
    n, m, _ = _sizes()
    X = te.placeholder((m, n), rng.choice(("float32", "float64")), "X")
    j, r = te.reduce_axis((0, n), "j"), te.reduce_axis((0, n), "r")
    peak = te.compute((m,), lambda y: te.max(X[y, j], axis=j), "peak")
    e = te.compute((m, n), lambda y, x: te.exp(X[y, x] - peak[y]), "e")
    total = te.compute((m,), lambda y: te.sum(e[y, r], axis=r), "total")
    return te.compute((m, n), lambda y, x: e[y, x] / total[y], "Y")


def _gather(rng: random.Random) -> Tensor:
    n, m, k = _sizes()
    table = te.placeholder((k, m), rng.choice(FLOATS), "T")
    index = te.placeholder((n,), rng.choice(("int32", "int64")), "I")
    return te.compute((n, m), lambda y, x: table[index[y], x] * 3 + 1, "G")


def _mean(rng: random.Random) -> Tensor:
    """A size as a value: a mean, and positions that count from the end."""
    n, m, _ = _sizes()
    X = te.placeholder((m, n), "float32", "X")
    r = te.reduce_axis((0, n), "r")
    total = te.compute((m,), lambda y: te.sum(X[y, n - 1 - r], axis=r), "total")
    return te.compute((m,), lambda y: total[m - 1 - y] / cast("float32", n), "mean")


FAMILIES: tuple[Callable[[random.Random], Tensor], ...] = (
    _chain,
    _chain,
    _chain,
    _product,
    _product,
    _convolution,
    _softmax,
    _gather,
    _mean,
)
