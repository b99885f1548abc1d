"""Products of many pairs of matrices: C[b] = A[b] @ B[b]."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.checks import size, sum_dtype
from tvmlab.ops.choices import dividing, nearest, powers
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs


def batch_matmul(batch: int, m: int, n: int, k: int, dtype: str = "float32") -> Workload:
    """The products of `batch` pairs of matrices.

    C[b, y, x] = sum over k of A[b, y, k] * B[b, k, x], as NumPy's `A @ B`.

    Args:
        batch: pairs of matrices.
        m, n: rows and columns of each product.
        k: the length of the sums.
        dtype: of both operands, as of `tvmlab.ops.matmul`.

    Raises:
        UsageError: an argument is out of its range.
    """
    name = "batch_matmul"
    batch, m, n, k = (
        size(name, what, value) for what, value in (("batch", batch), ("m", m), ("n", n), ("k", k))
    )
    wide = sum_dtype(name, dtype)
    a = te.placeholder((batch, m, k), dtype, name="A")
    b = te.placeholder((batch, k, n), dtype, name="B")
    kk = te.reduce_axis((0, k), name="k")
    c = te.compute(
        (batch, m, n),
        lambda i, y, x: te.sum(a[i, y, kk].astype(wide) * b[i, kk, x].astype(wide), axis=kk),
        name="C",
    )

    def compute(left: Array, right: Array) -> tuple[Array, ...]:
        return (np.matmul(left, right),)

    args = {"batch": batch, "m": m, "n": n, "k": k, "dtype": dtype}
    flops = 2 * batch * m * n * k
    return Workload(name, args, (c,), flops, compute, {"cpu": BatchMatmulTemplate})


class BatchMatmulTemplate(ScheduleTemplate):
    """Tiles of one product in registers; products, and strips of their rows, are the tasks."""

    kind = "batch_matmul"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The register tile, the rows of a strip, the steps at once, and the loops shared out."""
        m, _, k, _ = _sizes(outputs)
        return (
            ChoiceKnob("tile", self._tiles(outputs)),
            ChoiceKnob("rows", powers(32, m)),
            ChoiceKnob("depth", dividing(k, 16)),
            ChoiceKnob("parallel", (0, 1, 2)),
        )

    def _tiles(self, outputs: Sequence[Tensor]) -> tuple[tuple[int, ...], ...]:
        m, n, _, width = _sizes(outputs)
        rows = [(r,) for r in row_choices(m)]
        return register_tiles(rows, lane_choices(n, width, self.vectors), width, self.vectors)

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """The tile that loads least for each multiply-add, a product a task."""
        m, n, k, width = _sizes(outputs)
        lanes = self.vectors.lanes(width)
        return {
            "tile": best_tile(
                self._tiles(outputs),
                (m, n),
                width,
                self.vectors,
                lambda t: t[0] / self.vectors.broadcasts + t[1] / lanes,
            ),
            "rows": nearest(powers(32, m), 128),
            "depth": nearest(dividing(k, 16), 256),
            "parallel": 2,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """One nest: products, strips of rows, steps of the reduction, register tiles, the tile."""
        (out,) = schedule.outputs
        extents = extents_of(out)
        b, y, x, z = extents
        rows, lanes = config["tile"]
        Nest(
            extents=extents,
            cuts={y: (max(1, config["rows"] // rows), rows), x: (lanes,), z: (config["depth"],)},
            order=[(b, 0), (y, 0), (z, 0), (x, 0), (y, 1), (z, 1), (y, 2), (x, 1)],
            parallel=config["parallel"],
            unrolled=[(y, 2)],
            vectorized=(x, 1),
        ).apply(schedule[out])


def _sizes(outputs: Sequence[Tensor]) -> tuple[int, int, int, int]:
    """Rows, columns, length of the sums, and bytes of an element."""
    (out,) = outputs
    _, m, n = out.extents
    return m, n, out.reduce_axes[0].count, dtypes.size_bytes(out.dtype)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One output and two inputs of three dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [3, 3, 3]:
        batch, m, n = out.extents
        k, dtype = given[0].extents[2], given[0].dtype
        yield {"batch": batch, "m": m, "n": n, "k": k, "dtype": dtype}


OPERATOR = Operator(batch_matmul, BatchMatmulTemplate, ("batch", "m", "n", "k"), guesses)
