"""How far swizzled rows of shared memory move what the lanes of a warp ask for.

The order of a row's chunks is that of `tvmlab.ir.swizzle`, of a buffer as long as lowering leaves
it: the box that a block of threads has of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tvmlab.ir.swizzle import BANKS_BYTES
from tvmlab.tune.features.nests import Nests


def moved(
    nests: Nests, box: np.ndarray, lanes: Sequence[np.ndarray], bound: Sequence[np.ndarray]
) -> np.ndarray:
    """(n, S, A, WARP) elements by which swizzles move what each lane asks for.

    Args:
        box: (n, S, A, D) elements of each buffer.
        lanes: for each axis of a block of threads (n, S, 1, WARP), where on it each lane is.
        bound: for each of them (n, S, L), whether a loop is bound to it.
    """
    found = np.zeros((*box.shape[:3], lanes[0].shape[-1]))
    at = np.nonzero(nests.swizzles.any(axis=-1))
    if not len(at[0]):
        return found
    program, statement, _ = at
    indices = nests.digits[at][..., :-1].copy()
    for place, is_along in zip(lanes, bound, strict=True):
        step = np.where(is_along[program, statement][:, None], nests.own_steps[at], 0.0).sum(
            axis=-1
        )
        indices += step[..., None] * place[program, statement]
    is_column = nests.swizzles[at] > 0
    is_row = np.roll(is_column, -1, axis=-1)
    row, column = (
        np.where(picked[..., None], indices, 0.0).sum(axis=1).astype(np.int64)
        for picked in (is_row, is_column)
    )
    length = np.where(is_column, box[at], 0.0).sum(axis=-1).astype(np.int64)
    chunk = nests.swizzles[at].max(axis=-1).astype(np.int64)
    chunks = length // chunk
    is_whole = length % chunk == 0
    most = np.maximum(1, BANKS_BYTES // (chunk * nests.element_bytes[at]).astype(np.int64))
    ways = np.where(is_whole, np.minimum(chunks & -chunks, most), 1)
    alike = 1 << np.log2(np.maximum(1, most // np.maximum(chunks, 1))).astype(np.int64)
    own, turn = column // chunk[:, None], row // alike[:, None] % np.maximum(ways, 1)[:, None]
    found[at] = ((own ^ turn) - own) * chunk[:, None]
    return found
