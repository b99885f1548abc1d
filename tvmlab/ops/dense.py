"""A layer of a network: rows times weights, plus a bias, and what is below zero cut off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.walk import variables
from tvmlab.ops.checks import flag, float_dtype, size
from tvmlab.ops.knobs import Knob, Option
from tvmlab.ops.matmul import PACKED, operand, walk_strips
from tvmlab.ops.nest import extents_of, inner_extents
from tvmlab.ops.operator import Operator
from tvmlab.ops.packing import pack
from tvmlab.ops.product import Product
from tvmlab.ops.row_streams import stream_rows
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs, stages

PANEL = 48
"""Columns of a panel that suit every vector unit: three registers of AVX-512, which eight rows make
a tile of; six of AVX2, or two tiles of three."""


def dense(
    m: int, n: int, k: int, relu: bool = False, panel: int = 0, dtype: str = "float32"
) -> Workload:
    """A fully connected layer: Y = X @ W + B, with `relu` the larger of that and zero.

    Weights that stay the same from call to call may come in panels, as `pack_weights` lays them
    out, so that no call has to: W[p, z, i] is then the weight in row z and column p * panel + i.

    Args:
        m: rows of X and Y: the batch.
        n: columns of Y: features of the output, and elements of B.
        k: columns of X: features of the input.
        relu: whether negative results become zero.
        panel: columns of a panel of W, which then has shape (ceil(n / panel), k, panel); 48 suits
            every vector unit. With 0 W has shape (k, n).
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    m, n, k = (size("dense", name, value) for name, value in (("m", m), ("n", n), ("k", k)))
    flag("dense", "relu", relu)
    float_dtype("dense", dtype)
    if panel != 0:
        panel = size("dense", "panel", panel)
    x = te.placeholder((m, k), dtype, name="X")
    w = te.placeholder((-(-n // panel), k, panel) if panel else (k, n), dtype, name="W")
    b = te.placeholder((n,), dtype, name="B")
    z = te.reduce_axis((0, k), name="k")
    product = te.compute(
        (m, n),
        lambda i, j: te.sum(x[i, z] * (w[j // panel, z, j % panel] if panel else w[z, j]), axis=z),
        name="C",
    )
    out = te.compute((m, n), lambda i, j: _end(product[i, j] + b[j], relu), name="Y")

    def compute(rows: Array, weights: Array, bias: Array) -> tuple[Array, ...]:
        if panel:
            weights = weights.transpose(1, 0, 2).reshape(k, -1)[:, :n]
        total = rows @ weights + bias
        return (np.maximum(total, 0) if relu else total,)

    args = {"m": m, "n": n, "k": k, "relu": relu, "panel": panel, "dtype": dtype}
    flops = m * n * (2 * k + 1 + relu)
    return Workload("dense", args, (out,), flops, compute, {"cpu": DenseTemplate})


def _end(total: Any, relu: bool) -> Any:
    return te.max(total, 0.0) if relu else total


def pack_weights(weights: Array, panel: int = PANEL) -> Array:
    """Weights of shape (k, n) in panels, as `dense` takes them with the same `panel`.

    Returns:
        A copy of shape (ceil(n / panel), k, panel), zero where the last panel is not full.

    Raises:
        UsageError: the weights are no matrix, or the panel is not a whole number from 1.
    """
    panel = size("pack_weights", "panel", panel)
    if np.ndim(weights) != 2:
        raise UsageError(
            f"pack_weights was given an array of shape {list(np.shape(weights))}; weights have "
            "two dimensions, (k, n)."
        )
    k, n = weights.shape
    panels = -(-n // panel)
    whole = np.zeros((k, panels * panel), weights.dtype)
    whole[:, :n] = weights
    return np.ascontiguousarray(whole.reshape(k, panels, panel).transpose(1, 0, 2))


class DenseTemplate(ScheduleTemplate):
    """The product of `matmul`, with bias and relu on its tiles while they are in registers."""

    kind = "dense"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Those of `Product`."""
        return self._product(outputs).knobs()

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """That of `Product`."""
        return self._product(outputs).default()

    def _product(self, outputs: Sequence[Tensor]) -> Product:
        rows, weights, _ = inputs(outputs)
        (m, k), n = rows.extents, outputs[0].extents[1]
        panel = weights.extents[2] if len(weights.extents) == 3 else 0
        return Product(m, n, k, dtypes.size_bytes(rows.dtype), self.vectors, panel)

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """Copies, the nest over the output's tiles, and the sums inside it.

        Where a tile's sums are whole, they are computed just before its bias is added; else those
        of a block are, over which the reduction goes several times.
        """
        (out,) = schedule.outputs
        product = next(stage for stage in stages(schedule.outputs) if stage.reduce_axes)
        block = product.name
        if config["inner"] == "strips":
            walk_strips(schedule, block, config, schedule[out].name)
            return
        for axis in PACKED[config["pack"]]:
            width = config["tile"][axis]
            pack(schedule, block, *operand(schedule, block, axis), width, config["parallel"])
        plan = self._product(schedule.outputs)
        y, x = extents_of(out)
        if config["inner"] == "streams":
            plan.nest(extents_of(out), config).apply(schedule[out])
            stream_rows(schedule, block, config)
            return
        loops = plan.nest(extents_of(out), config).apply(schedule[out])
        tiles = [p for p in ((y, 0), (x, 0), (y, 1), (x, 1)) if p in loops]
        if plan.k > config["depth"]:
            tiles = tiles[: sum(p in loops for p in ((y, 0), (x, 0)))]
        around = [str(loop) for loop in schedule[out].loops]
        depth = max((around.index(loops[p]) + 1 for p in tiles), default=0)
        if depth == 0:
            plan.nest(extents_of(product), config).apply(schedule[block])
            return
        schedule[block].compute_at(out, around[depth - 1])
        names, extents = _own_loops(schedule, block, depth)
        plan.inside(names, extents, config).apply(schedule[block])


def _own_loops(
    schedule: Schedule, block: str, depth: int
) -> tuple[tuple[str, str, str], dict[str, int]]:
    """The loops y, x and k of the product by name, "" for one that there is not, and their
    iterations; without the `depth` loops of its reader around it."""
    extents = inner_extents(schedule, block, depth)
    site = find_site(schedule.mod, block)
    assert site is not None, "the product is a block of the schedule"
    used = [{v.name for v in variables(b)} for b in site.block.bindings]
    y, x, z = (next((n for n in extents if n in names), "") for names in used)
    return (y, x, z), extents


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One output of three inputs, with weights in either form, with and without relu."""
    out, given = outputs[0], inputs(outputs)
    ranks = [len(t.extents) for t in (out, *given)]
    if len(outputs) == 1 and ranks in ([2, 2, 2, 1], [2, 2, 3, 1]):
        (m, n), k = out.extents, given[0].extents[1]
        panel = given[1].extents[2] if ranks[2] == 3 else 0
        for relu in (False, True):
            yield {"m": m, "n": n, "k": k, "relu": relu, "panel": panel, "dtype": out.dtype}


OPERATOR = Operator(dense, DenseTemplate, ("m", "n", "k"), guesses)
