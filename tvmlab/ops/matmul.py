"""Matrix multiplication: C = A @ B, or transpose(A) @ B."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr
from tvmlab.ir.walk import loads
from tvmlab.ops.checks import flag, size, sum_dtype
from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.nest import extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.packing import pack
from tvmlab.ops.product import Product
from tvmlab.ops.row_streams import stream_rows
from tvmlab.ops.row_strips import strip_rows
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
        dtype: of both operands: float32 or float64, as is the product then; or float16, bfloat16
            or int8, whose elements are first made float32 or int32, as the product then is.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n, k = size("matmul", "m", m), size("matmul", "n", n), size("matmul", "k", k)
    flag("matmul", "transpose_a", transpose_a)
    wide = sum_dtype("matmul", dtype)
    a = te.placeholder((k, m) if transpose_a else (m, k), dtype, name="A")
    b = te.placeholder((k, n), dtype, name="B")
    kk = te.reduce_axis((0, k), name="k")

    def element(y: Expr, x: Expr) -> Expr:
        left = a[kk, y] if transpose_a else a[y, kk]
        return te.sum(left.astype(wide) * b[kk, x].astype(wide), axis=kk)

    c = te.compute((m, n), element, name="C")

    def compute(left: Array, right: Array) -> tuple[Array, ...]:
        return ((left.T if transpose_a else left) @ right,)

    args = {"m": m, "n": n, "k": k, "transpose_a": transpose_a, "dtype": dtype}
    return Workload("matmul", args, (c,), 2 * m * n * k, compute, {"cpu": MatmulTemplate})


PACKED = {"both": (0, 1), "left": (0,), "right": (1,), "none": ()}
"""Which operands are copied: that with rows of the product, and that with its columns."""


class MatmulTemplate(ScheduleTemplate):
    """Tiles of C in registers, inside blocks that share a strip of B in the nearest caches.

    A thread takes blocks of C; in a block, `depth` steps of the reduction are done for every
    register tile before the next `depth`, so that what they share stays near. Large operands are
    first copied into panels as wide as a register tile.
    """

    kind = "matmul"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Those of `Product`."""
        return self._product(outputs).knobs()

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """That of `Product`."""
        return self._product(outputs).default()

    def _product(self, outputs: Sequence[Tensor]) -> Product:
        (out,) = outputs
        m, n = out.extents
        width = dtypes.size_bytes(out.dtype)
        return Product(m, n, out.reduce_axes[0].count, width, self.vectors)

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Copies, then one nest: blocks, steps of the reduction, register tiles, one step, tile."""
        (out,) = schedule.outputs
        block = schedule[out].name
        if config["inner"] == "streams":
            stream_rows(schedule, block, config)
            return
        if config["inner"] == "strips":
            walk_strips(schedule, block, config)
            return
        for axis in PACKED[config.get("pack", "none")]:
            width = config["tile"][axis]
            pack(schedule, block, *operand(schedule, block, axis), width, config["parallel"])
        self._product(schedule.outputs).nest(extents_of(out), config).apply(schedule[out])


def walk_strips(
    schedule: Schedule, block: str, config: Mapping[str, Any], reader: str = ""
) -> None:
    """The product `block` in strips, as `strip_rows` does it, from a copy of its few rows."""
    pack(schedule, block, *operand(schedule, block, 0), config["tile"][0], config["parallel"])
    strip_rows(schedule, block, operand(schedule, block, 1)[0], config, reader)


def operand(schedule: Schedule, block: str, axis: int) -> tuple[str, int]:
    """The operand that row or column `axis` (0 or 1) of the product selects from, and by which of
    its dimensions."""
    site = find_site(schedule.mod, block)
    assert site is not None, "the product is a block of the schedule"
    wanted, written = site.block.iters[axis].var, site.block.writes[0].buffer
    return next(
        (load.buffer.name, load.indices.index(wanted))
        for load in loads(site.block.body)
        if load.buffer is not written and any(index is wanted for index in load.indices)
    )


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """Both ways in which A may be stored, for one output and two inputs of two dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [2, 2, 2]:
        m, n = out.extents
        for k, transpose_a in ((given[0].extents[1], False), (given[0].extents[0], True)):
            yield {"m": m, "n": n, "k": k, "transpose_a": transpose_a, "dtype": given[0].dtype}


OPERATOR = Operator(matmul, MatmulTemplate, ("m", "n", "k"), guesses)
