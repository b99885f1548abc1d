"""Attention: for each query the mean of values, weighted by how well their keys fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.ir import dtypes
from tvmlab.ops.attention_rows import attention_rows
from tvmlab.ops.checks import SUMS, float_dtype, size
from tvmlab.ops.choices import nearest, powers, switch
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.knobs import ChoiceKnob, Knob, Option
from tvmlab.ops.nest import Nest, Part, extents_inside, extents_of
from tvmlab.ops.operator import Operator
from tvmlab.ops.register_tile import best_tile, lane_choices, register_tiles, row_choices
from tvmlab.ops.schedule_template import ScheduleTemplate
from tvmlab.ops.workload import Array, Workload
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs

SOFTMAX_REGISTERS = 4
"""Vectors of queries that the softmax takes at once: folds of so many keep a unit busy."""

NARROW = ("float16", "bfloat16")
"""What TensorCores multiply of it."""

SCORES_BYTES = 1 << 16
"""Scores of a task: with the weights, as many again, half of the smallest second-level cache in use
(256 KiB). 2048 keys go 6 % faster by 16 queries than by 64, which take 512 KiB."""


def attention(
    batch: int,
    heads: int,
    queries: int,
    features: int,
    keys: int | None = None,
    dtype: str = "float32",
) -> Workload:
    """Scaled dot-product attention, softmax(Q K^T / sqrt(features)) V in every head.

    S[x, y] = sum over z of Q[y, z] * K[x, z]; M[y] = max over x of S[x, y];
    E[x, y] = exp((S[x, y] - M[y]) / sqrt(features)); T[y] = sum over x of E[x, y];
    Y[y, d] = (sum over x of E[x, y] * V[x, d]) * (1 / T[y]), each for every batch and head
    (Vaswani et al., Attention is all you need, 2017, without a mask).

    Args:
        batch, heads, queries, features: the shape of Q and of Y.
        keys: keys and values, as many as queries if left out; K and V have shape
            (batch, heads, keys, features).
        dtype: of Q, K, V and Y: float32 or float64; or float16 or bfloat16, whose products are
            summed up in float32, in which scores stay: E alone is rounded.

    Raises:
        UsageError: an argument is out of its range.
    """
    name = "attention"
    keys = queries if keys is None else keys
    b, h, m, n, d = (
        size(name, what, value)
        for what, value in (
            ("batch", batch), ("heads", heads), ("queries", queries), ("keys", keys),
            ("features", features),
        )
    )  # fmt: skip
    if dtype not in NARROW:
        float_dtype(name, dtype)
    scale = d**-0.5
    q, k, v = (
        te.placeholder((b, h, rows, d), dtype, name=what)
        for what, rows in (("Q", m), ("K", n), ("V", n))
    )
    args = {
        "batch": b, "heads": h, "queries": m, "features": d, "keys": n, "dtype": dtype,
    }  # fmt: skip
    flops = b * h * m * (n * (4 * d + 5) + d + 1)

    def compute(q: Array, k: Array, v: Array) -> tuple[Array, ...]:
        scores = q @ k.swapaxes(-1, -2)
        raised = np.exp((scores - scores.max(axis=-1, keepdims=True)) * scale)
        return (raised @ v / raised.sum(axis=-1, keepdims=True),)

    if dtype in NARROW:
        rows = attention_rows(q, k, v, scale, SUMS[dtype])
        return Workload(name, args, (rows,), flops, compute, {"cpu": GenericTemplate})
    out = _expression(q, k, v, scale)
    return Workload(name, args, (out,), flops, compute, {"cpu": AttentionTemplate})


def _expression(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
    """The output, with scores by key and then query: so a query is a lane of its softmax."""
    *outer, m, features = q.extents
    n = k.extents[2]
    z, j = te.reduce_axis((0, features), name="z"), te.reduce_axis((0, n), name="j")
    i, l = te.reduce_axis((0, n), name="i"), te.reduce_axis((0, n), name="l")  # noqa: E741
    scores = te.compute(
        (*outer, n, m), lambda b, h, x, y: te.sum(q[b, h, y, z] * k[b, h, x, z], axis=z), name="S"
    )
    largest = te.compute((*outer, m), lambda b, h, y: te.max(scores[b, h, j, y], axis=j), name="M")
    raised = te.compute(
        (*outer, n, m),
        lambda b, h, x, y: te.exp((scores[b, h, x, y] - largest[b, h, y]) * scale),
        name="E",
    )
    total = te.compute((*outer, m), lambda b, h, y: te.sum(raised[b, h, i, y], axis=i), name="T")
    share = te.compute((*outer, m), lambda b, h, y: 1 / total[b, h, y], name="R")
    mixed = te.compute(
        (*outer, m, features),
        lambda b, h, p, c: te.sum(raised[b, h, l, p] * v[b, h, l, c], axis=l),
        name="O",
    )
    return te.compute(
        (*outer, m, features),
        lambda b, h, y, d: mixed[b, h, y, d] * share[b, h, y],
        name="Y",
    )


class AttentionTemplate(ScheduleTemplate):
    """One kernel: some queries of a head a task, all keys for them, scores in the caches.

    The queries' copy is transposed, and they are the lanes of the scores and of their softmax;
    the second product has features in its lanes, broadcasts the weights, and scales its sums in
    registers. Neither product needs a copy of keys or values.
    """

    kind = "attention"

    def knobs(self, outputs: Sequence[Tensor]) -> tuple[Knob, ...]:
        """Queries of a task, the register tiles of both products, and whether tasks are shared."""
        *_, m, d, n, width = _sizes(outputs)
        return (
            ChoiceKnob("queries", powers(16, m)),
            ChoiceKnob("scores", self._tiles(n, m, width)),
            ChoiceKnob("values", self._tiles(m, d, width)),
            switch("parallel"),
        )

    def _tiles(self, rows: int, lanes: int, width: int) -> tuple[tuple[int, ...], ...]:
        """(rows, lanes) of a product that fit in the registers."""
        return register_tiles(
            [(r,) for r in row_choices(rows)],
            lane_choices(lanes, width, self.vectors),
            width,
            self.vectors,
        )

    def default(self, outputs: Sequence[Tensor]) -> dict[str, Option]:
        """Tiles that load least for each multiply-add; one to four vectors of queries a task."""
        *_, m, d, n, width = _sizes(outputs)
        lanes = self.vectors.lanes(width)
        vectors = min(max(1, SCORES_BYTES // (n * width * lanes)), SOFTMAX_REGISTERS)
        queries = nearest(powers(16, m), vectors * lanes)

        def tile(rows: int, columns: int, of: tuple[int, int]) -> tuple[int, ...]:
            every = [t for t in self._tiles(*of, width) if t[0] <= rows and t[1] <= columns]
            return best_tile(
                every or self._tiles(*of, width)[:1],
                (rows, columns),
                width,
                self.vectors,
                lambda t: t[0] / self.vectors.broadcasts + t[1] / lanes,
            )

        return {
            "queries": queries,
            "scores": tile(n, queries, (n, m)),
            "values": tile(queries, d, (m, d)),
            "parallel": True,
        }

    def apply(self, schedule: Schedule, config: Mapping[str, Any]) -> None:
        """The last block's nest; the sums in its tiles, all others in its loop over tasks."""
        (out,) = schedule.outputs
        schedule["S"].cache_read("Q")
        schedule["Q_cache"].transform_layout("Q_cache", "b, h, y, z -> b, h, z, y")
        rows, lanes = config["values"]
        loops = Nest(
            extents=extents_of(out),
            cuts={"y": (max(1, config["queries"] // rows), rows), "d": (lanes,)},
            order=[("b", 0), ("h", 0), ("y", 0), ("d", 0), ("y", 1), ("y", 2), ("d", 1)],
            parallel=3 if config["parallel"] else 0,
            unrolled=[("y", 2)],
            vectorized=("d", 1),
        ).apply(schedule[out])
        task = loops.get(("y", 0), loops["h", 0])
        tile = next(
            loops[part] for part in (("y", 1), ("d", 0), ("y", 0), ("h", 0)) if part in loops
        )
        schedule["O"].compute_at(out, tile)
        for block in ("R", "T", "E", "M", "S", "Q_cache"):
            schedule[block].compute_at(out, task)
        self._sums(schedule, "O", tile, ("l", "p", "c"))
        self._scores(schedule, task, config["scores"])
        self._softmax(schedule, task, dtypes.size_bytes(out.dtype))

    def _sums(self, schedule: Schedule, block: str, at: str, names: tuple[str, str, str]) -> None:
        """A tile of sums in registers: what is added up, rows written out, lanes."""
        z, rows, lanes = names
        Nest(
            extents=extents_inside(schedule, block, at),
            order=[(z, 0), (rows, 0), (lanes, 0)],
            unrolled=[(rows, 0)],
            vectorized=(lanes, 0),
        ).apply(schedule[block])

    def _scores(self, schedule: Schedule, task: str, tile: tuple[int, int]) -> None:
        """The queries' transpose in squares, and the product of keys with it."""
        rows, lanes = tile
        width = self.vectors.lanes(dtypes.size_bytes(schedule.outputs[0].dtype))
        copy = schedule["Q_cache"]
        loops = Nest(
            extents=extents_inside(schedule, "Q_cache", task),
            cuts={"i2": (width,), "i3": (width,)},
            order=[("i2", 0), ("i3", 0), ("i3", 1), ("i2", 1)],
            unrolled=[("i3", 1)],
        ).apply(copy)
        if ("i2", 1) in loops:
            copy.vectorize(loops["i2", 1])
        Nest(
            extents=extents_inside(schedule, "S", task),
            cuts={"x": (rows,), "y": (lanes,)},
            order=[("y", 0), ("x", 0), ("z", 0), ("x", 1), ("y", 1)],
            unrolled=[("x", 1)],
            vectorized=("y", 1),
        ).apply(schedule["S"])

    def _softmax(self, schedule: Schedule, task: str, element_bytes: int) -> None:
        """Folds over keys, with queries as lanes."""
        lanes = SOFTMAX_REGISTERS * self.vectors.lanes(element_bytes)
        over: dict[str, Part | None] = {"M": ("j", 0), "E": ("x", 0), "T": ("i", 0), "R": None}
        for block, keys in over.items():
            Nest(
                extents=extents_inside(schedule, block, task),
                cuts={"y": (lanes,)},
                order=[("y", 0), *([keys] if keys else []), ("y", 1)],
                vectorized=("y", 1),
            ).apply(schedule[block])


def _sizes(outputs: Sequence[Tensor]) -> tuple[int, int, int, int, int, int]:
    """Batch, heads, queries, features, keys, and bytes of an element."""
    (out,) = outputs
    b, h, m, d = out.extents
    keys = inputs(outputs)[1].extents[2]
    return b, h, m, d, keys, dtypes.size_bytes(out.dtype)


def guesses(outputs: Sequence[Tensor]) -> Iterator[dict[str, Any]]:
    """One output and three inputs of four dimensions."""
    out, given = outputs[0], inputs(outputs)
    if len(outputs) == 1 and [len(t.extents) for t in (out, *given)] == [4, 4, 4, 4]:
        batch, heads, queries, features = out.extents
        yield {
            "batch": batch, "heads": heads, "queries": queries, "features": features,
            "keys": given[1].extents[2], "dtype": out.dtype,
        }  # fmt: skip


OPERATOR = Operator(
    attention, AttentionTemplate, ("batch", "heads", "queries", "features", "keys"), guesses
)
