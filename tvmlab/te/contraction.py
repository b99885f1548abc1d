"""Sums of products as matrix products: what makes the reference of a large product quick.

Operands are arrays over the axes of one box, with extent 1 along the axes they do not depend on;
strided views of padded images and kernels are such arrays, so convolutions are covered.
"""

from __future__ import annotations

from math import prod

import numpy as np

from tvmlab.ir import dtypes
from tvmlab.te.bounded import Array, Bounded, Error, is_exact, precision, wide

EXACT = 2.0**53
"""Integers below it are sums without rounding in float64."""


def multiply(x: Array, y: Array, box: tuple[int, ...], rank: int) -> Array:
    """`sum over axes rank.. of x * y` as one (batched) matrix product, of shape `box[:rank]`."""
    in_x = [d for d in range(len(box)) if x.shape[d] > 1]
    in_y = [d for d in range(len(box)) if y.shape[d] > 1]
    batch = [d for d in in_x if d in in_y and d < rank]
    rows = [d for d in in_x if d not in in_y and d < rank]
    columns = [d for d in in_y if d not in in_x and d < rank]
    folded = [d for d in in_x if d in in_y and d >= rank]
    repeated = prod(box[d] for d in range(rank, len(box)) if d not in in_x and d not in in_y)
    left = _matrices(x, batch, rows, folded, rank)
    right = _matrices(y, batch, columns, folded, rank)
    product = left @ right.swapaxes(-1, -2)
    if repeated > 1:
        product = product * product.dtype.type(repeated)
    order = [*batch, *rows, *columns]
    product = product.reshape([box[d] for d in order])
    product = product.transpose(np.argsort(order)) if order else product
    within = [box[d] if d in order else 1 for d in range(rank)]
    return np.broadcast_to(product.reshape(within), box[:rank])


def _matrices(x: Array, batch: list[int], rows: list[int], folded: list[int], rank: int) -> Array:
    """`x` as an array [batch, rows, folded], summed over what only it is reduced over."""
    kept = [*batch, *rows, *folded]
    alone = tuple(d for d in range(rank, x.ndim) if d not in folded)
    if any(x.shape[d] > 1 for d in alone):
        x = x.sum(axis=alone, keepdims=True, dtype=x.dtype)
    extents = x.shape
    x = x.transpose([*kept, *(d for d in range(x.ndim) if d not in kept)])
    sizes = [prod(extents[d] for d in part) for part in (batch, rows, folded)]
    return np.ascontiguousarray(x).reshape(sizes)


def contract(a: Bounded, b: Bounded, box: tuple[int, ...], rank: int) -> tuple[Array, Error, Error]:
    """A box's sum of `a * b` as `Folding.merge` takes it: value, terms' error, magnitude.

    The terms' error holds the rounding of the products; integers must be exact.
    """
    x, y = wide(a), wide(b)
    if not dtypes.is_float(a.dtype):
        largest = float(np.abs(x.astype(np.float64)).max()) * float(
            np.abs(y.astype(np.float64)).max()
        )
        if largest * prod(box[rank:]) >= EXACT:
            return multiply(x, y, box, rank), 0.0, 0.0
        exact = multiply(x.astype(np.float64), y.astype(np.float64), box, rank)
        return exact.astype(np.int64).astype(a.dtype), 0.0, 0.0
    value = multiply(x, y, box, rank)
    size = multiply(np.abs(x), np.abs(y), box, rank)
    p = precision(a.dtype)
    terms = prod(box[rank:])
    if is_exact(a.error) and is_exact(b.error):
        return value, size * p.unit + terms * p.tiny, size
    grown = multiply(np.abs(x) + a.error, np.abs(y) + b.error, box, rank)
    # The last addend is the rounding of this difference of two sums of positive terms.
    lost = 2 * terms * np.finfo(np.float64).eps
    return value, (grown - size) + grown * (p.unit + lost) + terms * p.tiny, grown
