"""Matrix multiplication: C = A @ B, or transpose(A) @ B."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Var
from tvmlab.ir.walk import loads
from tvmlab.ops.checks import flag, float_dtype, size
from tvmlab.ops.choices import dividing, nearest, powers, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.packing import pack
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices, tiles_of_block
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs


def matmul(m: int, n: int, k: int, transpose_a: bool = False, dtype: str = "float32") -> Workload:
    """The product of two matrices.

    C[y, x] = sum over k of A[y, k] * B[k, x], as NumPy's `A @ B`; with `transpose_a` A is stored
    by columns, C[y, x] = sum over k of A[k, y] * B[k, x], which is the example that tvmlab's
    documentation opens with.

    Args:
        m, n: rows and columns of C.
        k: the length of the sums.
        transpose_a: whether A has shape (k, m) instead of (m, k).
        dtype: of both operands and of the product: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n, k = size("matmul", "m", m), size("matmul", "n", n), size("matmul", "k", k)
    flag("matmul", "transpose_a", transpose_a)
    float_dtype("matmul", dtype)
    a = te.placeholder((k, m) if transpose_a else (m, k), dtype, name="A")
    b = te.placeholder((k, n), dtype, name="B")
    kk = te.reduce_axis((0, k), name="k")
    c = te.compute(
        (m, n),
        lambda y, x: te.sum((a[kk, y] if transpose_a else a[y, kk]) * b[kk, x], axis=kk),
        name="C",
    )

    def compute(left: Array, right: Array) -> tuple[Array, ...]:
        return ((left.T if transpose_a else left) @ right,)

    args = {"m": m, "n": n, "k": k, "transpose_a": transpose_a, "dtype": dtype}
    return Workload("matmul", args, (c,), 2 * m * n * k, compute, {"cpu": MatmulTemplate})


LARGE_BYTES = 1 << 20
"""Both operands together, beyond which copying them pays: the second-level cache of a core."""

FEW = 64
"""Rows or columns of C below which an element is used too seldom to be copied first."""


class MatmulTemplate(ScheduleTemplate):
    """Tiles of C in registers, inside blocks that share a strip of B in the nearest caches.

    A thread takes blocks of C; in a block, `depth` steps of the reduction are done for every
    register tile before the next `depth`, so that what they share stays near. Large operands are
    first copied into panels as wide as a register tile.
    """

    kind = "matmul"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """The register tile, the block, the steps at once, the walk in a block, what is packed."""
        m, n, k, width = _sizes(outputs)
        tiles = register_tiles(
            [(r,) for r in row_choices(m)],
            lane_choices(n, width, self.vectors),
            width,
            self.vectors,
        )
        return (
            ChoiceKnob("tile", tiles),
            ChoiceKnob("rows", powers(32, m)),
            ChoiceKnob("columns", powers(64, n)),
            ChoiceKnob("depth", dividing(k, 16)),
            ChoiceKnob("inner", ("columns", "rows")),
            ChoiceKnob("pack", ("both", "right", "none")),
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """The tile that loads least for each multiply-add, in blocks that fit the caches."""
        m, n, k, width = _sizes(outputs)
        lanes = self.vectors.lanes(width)
        tile = best_tile(
            register_tiles(
                [(r,) for r in row_choices(m)],
                lane_choices(n, width, self.vectors),
                width,
                self.vectors,
            ),
            (m, n),
            width,
            self.vectors,
            lambda t: t[0] / 2 + t[1] / lanes,
        )
        is_large = (m + n) * k * width >= LARGE_BYTES and min(m, n) >= FEW
        return {
            "tile": tile,
            "rows": nearest(powers(32, m), 128),
            "columns": nearest(powers(64, n), 1024 if is_large else 256),
            "depth": nearest(dividing(k, 16), 512 if is_large else 256),
            "inner": "columns",
            "pack": "both" if is_large else "none",
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Copies, then one nest: blocks, steps of the reduction, register tiles, one step, tile."""
        (out,) = schedule.outputs
        extents = extents_of(out)
        y, x, z = extents
        rows, lanes = config["tile"]
        cuts = {
            y: (tiles_of_block(extents[y], rows, config["rows"]), rows),
            x: (tiles_of_block(extents[x], lanes, config["columns"]), lanes),
            z: (config["depth"],),
        }
        block = schedule[out].name
        left, right = _operands(schedule, block)
        packed = {"both": (left, right), "right": (right,), "none": ()}
        for operand, dimension in packed[config.get("pack", "none")]:
            size = lanes if (operand, dimension) == right else rows
            pack(schedule, block, operand, dimension, size, config["parallel"])
        walk = [(x, 1), (y, 1)] if config["inner"] == "rows" else [(y, 1), (x, 1)]
        Nest(
            extents=extents,
            cuts=cuts,
            order=[(y, 0), (x, 0), (z, 0), *walk, (z, 1), (y, 2), (x, 2)],
            parallel=2 if config["parallel"] else 0,
            unrolled=[(y, 2)],
            vectorized=(x, 2),
        ).apply(schedule[out])


def _operands(schedule: Schedule, block: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """The left and the right operand of the product, each with the dimension that C shares."""
    site = find_site(schedule.mod, block)
    assert site is not None, "the product is a block of the schedule"
    y, x, _ = [it.var for it in site.block.iters]
    found: dict[Var, tuple[str, int]] = {}
    for load in loads(site.block.body):
        for dimension, index in enumerate(load.indices):
            if isinstance(index, Var) and load.buffer is not site.block.writes[0].buffer:
                found[index] = (load.buffer.name, dimension)
    return found[y], found[x]


def _sizes(outputs: Sequence[Tensor]) -> tuple[int, int, int, int]:
    """Rows, columns, length of the sums, and bytes of an element."""
    (out,) = outputs
    m, n = out.extents
    return m, n, out.reduce_axes[0].count, dtypes.size_bytes(out.dtype)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """Both ways in which A may be stored, for one output and two inputs of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2, 2]:
        m, n = out.extents
        for k, transpose_a in ((given[0].extents[1], False), (given[0].extents[0], True)):
            yield {"m": m, "n": n, "k": k, "transpose_a": transpose_a, "dtype": out.dtype}


OPERATOR = Operator(matmul, MatmulTemplate, ("m", "n", "k"), guesses)
