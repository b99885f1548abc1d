"""Attention of narrow numbers, with scores by query and then key: rows that TensorCores make."""

from __future__ import annotations

from tvmlab import te
from tvmlab.te import Tensor


def attention_rows(q: Tensor, k: Tensor, v: Tensor, scale: float, wide: str) -> Tensor:
    """softmax(Q K^T * scale) V, both products of narrow numbers and everything else in `wide`.

    The weights are rounded to the dtype of the values before they are summed and multiplied with
    them, so that each row's weights add up to what they are divided by.

    Args:
        q, k, v: of shape (batch, heads, queries or keys, features).
    """
    *outer, m, features = q.extents
    n, dtype = k.extents[2], q.dtype
    z, j = te.reduce_axis((0, features), name="z"), te.reduce_axis((0, n), name="j")
    i, l = te.reduce_axis((0, n), name="i"), te.reduce_axis((0, n), name="l")  # noqa: E741
    scores = te.compute(
        (*outer, m, n),
        lambda b, h, y, x: te.sum(q[b, h, y, z].astype(wide) * k[b, h, x, z].astype(wide), axis=z),
        name="S",
    )
    largest = te.compute((*outer, m), lambda b, h, y: te.max(scores[b, h, y, j], axis=j), name="M")
    raised = te.compute(
        (*outer, m, n),
        lambda b, h, y, x: te.exp((scores[b, h, y, x] - largest[b, h, y]) * scale).astype(dtype),
        name="E",
    )
    total = te.compute(
        (*outer, m), lambda b, h, y: te.sum(raised[b, h, y, i].astype(wide), axis=i), name="T"
    )
    mixed = te.compute(
        (*outer, m, features),
        lambda b, h, p, c: te.sum(
            raised[b, h, p, l].astype(wide) * v[b, h, l, c].astype(wide), axis=l
        ),
        name="O",
    )
    return te.compute(
        (*outer, m, features),
        lambda b, h, y, d: (1 / total[b, h, y] * mixed[b, h, y, d]).astype(dtype),
        name="Y",
    )
