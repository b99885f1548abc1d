"""One step of a long short-term memory: the gates' products and the new states in one kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr, select
from tvmlab.ops.checks import float_dtype, size
from tvmlab.ops.choices import nearest, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, extents_inside, extents_of, inner_extents
from tvmlab.ops.operator import Operator
from tvmlab.ops.recurrent import lstm_states
from tvmlab.ops.register_tile import lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

GATES = 4


def lstm_cell(
    hidden: int, inputs: int | None = None, batch: int = 1, dtype: str = "float32"
) -> Workload:
    """The states of a long short-term memory after one step.

    With Z = [X, H] side by side and P[g] = Z @ W[:, g] + B[g]: S[1] = sigmoid(P[1]) * C +
    sigmoid(P[0]) * tanh(P[2]), the cell state, and S[0] = sigmoid(P[3]) * tanh(S[1]), the hidden
    state. The gates are those of `lstm`; one matrix holds the weights of input and state, as in
    TensorFlow.

    Args:
        hidden: the size of a state; H and C have shape (batch, hidden), S (2, batch, hidden).
        inputs: the size of an input, that of a state if left out; X has shape (batch, inputs),
            W (inputs + hidden, 4, hidden), B (4, hidden).
        batch: sequences at a time.
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """
    name = "lstm_cell"
    inputs = hidden if inputs is None else inputs
    n, m, rows = (
        size(name, "hidden", hidden),
        size(name, "inputs", inputs),
        size(name, "batch", batch),
    )
    float_dtype(name, dtype)
    x, h, c = (
        te.placeholder((rows, wide), dtype, name=what)
        for what, wide in (("X", m), ("H", n), ("C", n))
    )
    w = te.placeholder((m + n, GATES, n), dtype, name="W")
    bias = te.placeholder((GATES, n), dtype, name="B")
    z = te.compute((rows, m + n), lambda b, i: select(i < m, x[b, i], h[b, i - m]), name="Z")
    k = te.reduce_axis((0, m + n), name="k")
    gates = te.compute(
        (GATES, rows, n), lambda g, r, i: te.sum(z[r, k] * w[k, g, i], axis=k), name="P"
    )

    def element(s: Expr, b: Expr, j: Expr) -> Expr:
        sums = [gates[g, b, j] + bias[g, j] for g in range(GATES)]
        new, kept = lstm_states(sums, c[b, j])
        return select(s < 1, new, kept)

    out = te.compute((2, rows, n), element, name="S")

    def compute(x: Array, h: Array, w: Array, bias: Array, c: Array) -> tuple[Array, ...]:
        sums = np.einsum("bk,kgj->gbj", np.concatenate([x, h], axis=1), w) + bias[:, None]
        i, f, o = 1 / (1 + np.exp(-sums[[0, 1, 3]]))
        kept = f * c + i * np.tanh(sums[2])
        return (np.stack([o * np.tanh(kept), kept]),)

    args = {"hidden": n, "inputs": m, "batch": rows, "dtype": dtype}
    # Elements each: 4 sums, 3 sigmoids of 4 operations, 2 tanh, 3 products and a sum.
    flops = rows * n * (2 * GATES * (m + n) + 22)
    return Workload(name, args, (out,), flops, compute, {"cpu": LstmCellTemplate})


class LstmCellTemplate(ScheduleTemplate):
    """All gates of some elements of the state in registers, and the states made of them there.

    A panel of the state is a task; the weights are read once for some rows of the batch.
    """

    kind = "lstm_cell"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Rows of the batch and lanes of the state at once, steps written out, and sharing."""
        out = outputs[0]
        return (
            ChoiceKnob("tile", self._tiles(out)),
            ChoiceKnob("depth", (1, 2, 4)),
            switch("parallel"),
        )

    def _tiles(self, out: Tensor) -> tuple[tuple[int, ...], ...]:
        """(rows, lanes) of a state, of which all gates fit in the registers."""
        _, rows, hidden = out.extents
        width = dtypes.size_bytes(out.dtype)
        each = register_tiles(
            [(GATES, r) for r in row_choices(rows)],
            lane_choices(hidden, width, self.vectors),
            width,
            self.vectors,
        )
        return tuple(tile[1:] for tile in each)

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """As many rows as fit, which share the weights; then as many lanes."""
        out = outputs[0]
        width = dtypes.size_bytes(out.dtype)
        tiles = self._tiles(out)
        rows = nearest([r for r, _ in tiles], out.extents[1])
        lanes = [n for r, n in tiles if r == rows]
        return {
            "tile": (rows, nearest(lanes, GATES * self.vectors.lanes(width))),
            "depth": 2,
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The states' nest, and the gates' inside its tiles."""
        (out,) = schedule.outputs
        rows, lanes = config["tile"]
        loops = Nest(
            extents=extents_of(out),
            cuts={"b": (rows,), "j": (lanes,)},
            order=[("j", 0), ("b", 0), ("b", 1), ("s", 0), ("j", 1)],
            parallel=1 if config["parallel"] else 0,
            unrolled=[("b", 1), ("s", 0)],
            vectorized=("j", 1),
        ).apply(schedule[out])
        tile = next((loops[part] for part in (("b", 0), ("j", 0)) if part in loops), "")
        if tile:
            schedule["P"].compute_at(out, tile)
        extents = extents_inside(schedule, "P", tile) if tile else inner_extents(schedule, "P", 0)
        Nest(
            extents=extents,
            cuts={"k": (config["depth"],)},
            order=[("k", 0), ("k", 1), ("g", 0), ("r", 0), ("i", 0)],
            unrolled=[("k", 1), ("g", 0), ("r", 0)],
            vectorized=("i", 0),
        ).apply(schedule["P"])


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One output of three dimensions, and five inputs."""
    out, given = outputs[0], inputs(outputs)
    ranks = [len(t.extents) for t in (out, *given)]
    if len(outputs) == 1 and ranks == [3, 2, 2, 3, 2, 2]:
        _, batch, hidden = out.extents
        yield {
            "hidden": hidden, "inputs": given[0].extents[1], "batch": batch, "dtype": out.dtype,
        }  # fmt: skip


OPERATOR = Operator(lstm_cell, LstmCellTemplate, ("hidden", "inputs", "batch"), guesses)
