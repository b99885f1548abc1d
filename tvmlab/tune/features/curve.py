"""Relations between what loops do to a buffer, which do not depend on how many loops there are.

AutoTVM's relation features (paper, section 4): with Z[k, i] the i-th number of loop k,

    R[t, i, j] = max of Z[k, i] over the loops k with Z[k, j] < beta[t]

says how much of i comes before j exceeds beta: how often elements are used again while no more
than beta of them were touched, for one, which is what a cache of that size gains. The thresholds
are powers of two. Of each access there are four relations, as in the code (v0.10,
`touch_extractor.cc`): touched and reuse, touched and top-down, both ways round.
"""

from __future__ import annotations

import numpy as np

from tvmlab.tune.features.feature import Feature
from tvmlab.tune.features.nests import ACCESSES, STATEMENTS, Nests
from tvmlab.tune.features.scale import LOG, first, logarithm

THRESHOLDS = tuple(2.0**n for n in range(1, 31, 2))
"""2 to 2 ** 29 iterations: every second power, where the code has every one up to 2 ** 29."""

_RELATIONS = (
    ("reuse", "touched"),
    ("touched", "reuse"),
    ("top-down", "touched"),
    ("touched", "top-down"),
)
"""(i, j) of the formula."""


class RelationCurves:
    """The `curve` features of programs."""

    name = "curve"
    statements = STATEMENTS
    columns = tuple(
        Feature(f"statement {s} access {a} {i} at {j} < {beta:.0f}", f"{LOG} iterations")
        for s in range(STATEMENTS)
        for a in range(ACCESSES)
        for i, j in _RELATIONS
        for beta in THRESHOLDS
    )

    @staticmethod
    def rows(nests: Nests) -> np.ndarray:
        """(n, columns) float32."""
        is_touched = (nests.kinds > 0)[:, :, None] & (nests.element_bytes > 0)[..., None]
        numbers = {
            "touched": nests.counts,
            "reuse": nests.reuses,
            "top-down": np.broadcast_to(nests.outer[:, :, None], nests.counts.shape),
        }
        curves = []
        for i, j in _RELATIONS:
            known = np.where(is_touched, numbers[j], np.inf)[..., None] < np.array(THRESHOLDS)
            curves.append(np.where(known, numbers[i][..., None], 0.0).max(axis=3))
        rows = first(logarithm(np.stack(curves, axis=3)).astype(np.float32), STATEMENTS, axis=1)
        return rows.reshape(len(rows), -1)
