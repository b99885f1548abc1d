"""Recurrent layers over a sequence: LSTM and GRU, whose gates are products with the last state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr, const
from tvmlab.ops.checks import float_dtype, size
from tvmlab.ops.choices import nearest, switch
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, inner_extents
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import lane_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

Cell = Callable[[list[Expr], list[Expr], list[Expr]], tuple[Expr, ...]]
"""From the input's and the state's parts of the gates, and the states before, to the new states."""


def lstm(steps: int, hidden: int, batch: int = 1, dtype: str = "float32") -> Workload:
    """The hidden state of a long short-term memory at every step.

    With P[g] = X[s - 1, g] + H[s - 1] @ W[:, g]: C[s] = sigmoid(P[1]) * C[s - 1] +
    sigmoid(P[0]) * tanh(P[2]), H[s] = sigmoid(P[3]) * tanh(C[s]); H[0] = C[0] = 0. The gates are
    the input, forget, cell and output gate, in this order (Hochreiter and Schmidhuber 1997, with
    the forget gate of Gers et al. 2000).

    Args:
        steps: the length of the sequence; H has `steps + 1` rows.
        hidden: the size of a state; W has shape (hidden, 4, hidden).
        batch: sequences at a time; X, the input's part of the gates with the bias, has shape
            (steps, 4, batch, hidden).
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """

    def cell(given: list[Expr], found: list[Expr], before: list[Expr]) -> tuple[Expr, ...]:
        return lstm_states([x + y for x, y in zip(given, found, strict=True)], before[1])

    def compute(x: Array, w: Array) -> tuple[Array, ...]:
        h, c = (np.zeros((len(x) + 1, *x.shape[2:])) for _ in range(2))
        for s, given in enumerate(x):
            i, f, u, o = given + np.einsum("bk,kgj->gbj", h[s], w)
            c[s + 1] = _sigmoid(f) * c[s] + _sigmoid(i) * np.tanh(u)
            h[s + 1] = _sigmoid(o) * np.tanh(c[s + 1])
        return (h,)

    # Elements each: 4 sums, 3 sigmoids of 4 operations, 2 tanh, 3 products and a sum.
    return _workload(LstmTemplate, (steps, hidden, batch, dtype), 4, ("H", "C"), cell, compute, 22)


def lstm_states(gates: Sequence[Expr], cell: Expr) -> tuple[Expr, Expr]:
    """The hidden and the cell state after a step.

    Args:
        gates: the sums of the input, forget, cell and output gate.
        cell: the cell state before the step.
    """
    i, f, u, o = gates
    kept = te.sigmoid(f) * cell + te.sigmoid(i) * te.tanh(u)
    return te.sigmoid(o) * te.tanh(kept), kept


def gru(steps: int, hidden: int, batch: int = 1, dtype: str = "float32") -> Workload:
    """The hidden state of a gated recurrent unit at every step.

    With P[g] = H[s - 1] @ W[:, g]: R = sigmoid(X[s - 1, 0] + P[0]), Z = sigmoid(X[s - 1, 1] +
    P[1]), N = tanh(X[s - 1, 2] + R * P[2]), H[s] = (1 - Z) * N + Z * H[s - 1]; H[0] = 0. The reset
    gate works on the product, as in cuDNN and PyTorch (Cho et al. 2014 have it inside).

    Args:
        steps: the length of the sequence; H has `steps + 1` rows.
        hidden: the size of the state; W has shape (hidden, 3, hidden).
        batch: sequences at a time; X, the input's part of the gates with the bias, has shape
            (steps, 3, batch, hidden).
        dtype: of everything: float32 or float64.

    Raises:
        UsageError: an argument is out of its range.
    """

    def cell(given: list[Expr], found: list[Expr], before: list[Expr]) -> tuple[Expr, ...]:
        r, z = (te.sigmoid(given[n] + found[n]) for n in range(2))
        n = te.tanh(given[2] + r * found[2])
        return ((1 - z) * n + z * before[0],)

    def compute(x: Array, w: Array) -> tuple[Array, ...]:
        h = np.zeros((len(x) + 1, *x.shape[2:]))
        for s, given in enumerate(x):
            found = np.einsum("bk,kgj->gbj", h[s], w)
            r, z = _sigmoid(given[0] + found[0]), _sigmoid(given[1] + found[1])
            h[s + 1] = (1 - z) * np.tanh(given[2] + r * found[2]) + z * h[s]
        return (h,)

    # Elements each: 3 sums, 2 sigmoids of 4 operations, tanh, 3 products, a sum, a difference.
    return _workload(GruTemplate, (steps, hidden, batch, dtype), 3, ("H",), cell, compute, 17)


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _workload(
    template: type[RecurrentTemplate],
    given: tuple[Any, Any, Any, str],
    gates: int,
    states: tuple[str, ...],
    cell: Cell,
    compute: Callable[[Array, Array], tuple[Array, ...]],
    each: int,
) -> Workload:
    """A layer of `gates` gates and some states, of which the first is the output.

    Args:
        cell: the states' expressions at one element.
        each: operations of the cell for each element of a state.
    """
    name, words = template.kind, ("steps", "hidden", "batch")
    steps, hidden, batch = (size(name, w, v) for w, v in zip(words, given, strict=False))
    dtype = given[-1]
    float_dtype(name, dtype)
    x = te.placeholder((steps, gates, batch, hidden), dtype, name="X")
    w = te.placeholder((hidden, gates, hidden), dtype, name="W")
    shape = (steps + 1, batch, hidden)
    held = [te.placeholder(shape, dtype, name=state) for state in states]
    zeros = [
        te.compute((1, batch, hidden), lambda s, b, j: const(0, dtype), name=f"{state}_first")
        for state in states
    ]
    k = te.reduce_axis((0, hidden), name="k")
    product = te.compute(
        (steps + 1, gates, batch, hidden),
        lambda s, g, b, j: te.sum(held[0][s - 1, b, k] * w[k, g, j], axis=k),
        name="gates",
    )

    def element(s: Expr, b: Expr, j: Expr) -> tuple[Expr, ...]:
        numbers = range(gates)
        return cell(
            [x[s - 1, g, b, j] for g in numbers],
            [product[s, g, b, j] for g in numbers],
            [state[s - 1, b, j] for state in held],
        )

    updates = te.compute(shape, element, name=[f"{state}_next" for state in states])
    out = te.scan(zeros, updates, held)[0]
    args = {"steps": steps, "hidden": hidden, "batch": batch, "dtype": dtype}
    flops = steps * batch * hidden * (2 * gates * hidden + each)
    return Workload(name, args, (out,), flops, compute, {"cpu": template})


class RecurrentTemplate(ScheduleTemplate):
    """Threads share out the hidden state within a step, and compute all gates of their part.

    A step is one product of a vector (`batch` vectors) and the weights, bound by reading these; so
    they are packed once into panels as wide as the registers that accumulate, read in order, and in
    every second step in reverse: what the cache still holds of the step before comes first.
    """

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Lanes of a panel, steps of the sum written out, and whether to pack and to share."""
        out = outputs[0]
        lanes = lane_choices(out.extents[-1], dtypes.size_bytes(out.dtype), self.vectors)
        return (
            ChoiceKnob("lanes", lanes),
            ChoiceKnob("depth", tuple(d for d in (1, 2, 4) if d <= out.extents[-1])),
            switch("packed"),
            switch("parallel"),
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Four registers of each gate; weights packed where enough steps read them."""
        out = outputs[0]
        width = dtypes.size_bytes(out.dtype)
        lanes = lane_choices(out.extents[-1], width, self.vectors)
        return {
            "lanes": nearest(lanes, 4 * self.vectors.lanes(width)),
            "depth": min(2, out.extents[-1]),
            "packed": out.extents[0] > 8,
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The cell's nest, the gates inside its part of the state, and the packed weights."""
        (out,) = schedule.outputs
        cell, lanes = schedule[out], config["lanes"]
        _, b, j = map(str, cell.loops)
        if config["packed"]:
            schedule["gates"].cache_read("W")
        loops = Nest(
            extents={b: out.extents[1], j: out.extents[2]},
            cuts={j: (lanes,)},
            order=[(j, 0), (b, 0), (j, 1)],
            vectorized=(j, 1),
        ).apply(cell)
        panel = loops.get((j, 0))
        gates = schedule["gates"]
        if panel:
            gates.compute_at(cell, panel)
        extents = inner_extents(schedule, "gates", 2 if panel else 1)
        Nest(
            extents=extents,
            cuts={"k": (config["depth"],)},
            order=[("b", 0), ("k", 0), ("k", 1), ("g", 0), ("j", 0)],
            unrolled=[("k", 1), ("g", 0)],
            vectorized=("j", 0),
        ).apply(gates)
        if config["packed"]:
            _pack(schedule, lanes, bool(config["parallel"]))
        if config["parallel"] and panel:
            cell.parallel(panel, chunks="turning")


class LstmTemplate(RecurrentTemplate):
    """Four gates and two states."""

    kind = "lstm"


class GruTemplate(RecurrentTemplate):
    """Three gates and one state."""

    kind = "gru"


def _pack(schedule: Schedule, lanes: int, is_shared: bool) -> None:
    """The weights of `lanes` elements side by side, in the order in which a thread reads them."""
    copy = schedule["W_cache"]
    copy.transform_layout("W_cache", f"k, g, j -> j // {lanes}, k, g, j % {lanes}")
    extents = inner_extents(schedule, "W_cache", 0)
    if "i2" not in extents:
        return
    loops = Nest(
        extents=extents,
        cuts={"i2": (lanes,)},
        order=[("i2", 0), ("i0", 0), ("i1", 0), ("i2", 1)],
        vectorized=("i2", 1),
    ).apply(copy)
    if is_shared and ("i2", 0) in loops:
        copy.parallel(loops["i2", 0])


def _guesses(gates: int) -> Callable[[Sequence[Tensor]], Iterator[dict[str, Any]]]:
    """What reads off a layer of so many gates."""

    def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
        out, given = outputs[0], inputs(outputs)
        ranks = [len(t.extents) for t in (out, *given)]
        if len(outputs) == 1 and ranks == [3, 4, 3] and given[0].extents[1] == gates:
            rows, batch, hidden = out.extents
            if rows > 1:
                yield {"steps": rows - 1, "hidden": hidden, "batch": batch, "dtype": out.dtype}

    return guesses


SHAPE = ("steps", "hidden", "batch")
LSTM = Operator(lstm, LstmTemplate, SHAPE, _guesses(4))
GRU = Operator(gru, GruTemplate, SHAPE, _guesses(3))
