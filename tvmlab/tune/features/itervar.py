"""The context of every loop: how long it is, what it encloses, and what it does to each buffer.

As AutoTVM's `itervar` features (paper section 4, table 2 in the appendix; code v0.10,
`touch_extractor.cc`), but for the order of the columns. There it is that of the program, so a loop
more moves everything after it; here statements stand by their work and loops from the innermost
on, with zeros for what there is not, so that a column means the same in every program.
"""

from __future__ import annotations

import numpy as np

from tvmlab.ir.program import LOOP_KINDS
from tvmlab.tune.features.feature import Feature
from tvmlab.tune.features.nests import ACCESSES, STATEMENTS, Nests
from tvmlab.tune.features.scale import LOG, first, logarithm

LOOPS = 10
"""Loops of a statement with columns of their own, from the innermost; products count them all."""

_OF_LOOP = (
    Feature("length", f"{LOG} iterations"),
    Feature("depth", "loops around it"),
    Feature("top-down", f"{LOG} iterations of it and all around it"),
    Feature("bottom-up", f"{LOG} iterations of it and all inside it"),
    *(Feature(kind, "0 or 1") for kind in LOOP_KINDS),
)
_OF_ACCESS = (
    Feature("stride", f"{LOG} elements"),
    Feature("touched", f"{LOG} iterations of it and inside that move the access"),
    Feature("reuse", f"{LOG} iterations of it and inside that do not"),
)


class LoopContext:
    """The `itervar` features of programs."""

    name = "itervar"
    statements = STATEMENTS
    columns = tuple(
        Feature(f"statement {s} loop {n} {column.name}", column.unit)
        for s in range(STATEMENTS)
        for n in range(LOOPS)
        for column in (
            *_OF_LOOP,
            *(
                Feature(f"access {a} {each.name}", each.unit)
                for a in range(ACCESSES)
                for each in _OF_ACCESS
            ),
        )
    )

    @staticmethod
    def rows(nests: Nests) -> np.ndarray:
        """(n, columns) float32."""
        is_loop = nests.kinds > 0
        around = is_loop.sum(axis=-1, keepdims=True) - np.cumsum(is_loop, axis=-1)
        of_loop = [nests.extents, around, nests.outer, nests.inner]
        scaled = [logarithm(of_loop[0]), around, *map(logarithm, of_loop[2:])]
        scaled += [nests.kinds == n for n in range(1, len(LOOP_KINDS) + 1)]
        is_touched = (nests.element_bytes > 0)[..., None]
        of_access = [
            logarithm(each) * is_touched for each in (nests.jumps, nests.counts, nests.reuses)
        ]
        per_loop = np.stack(scaled, axis=-1) * is_loop[..., None]
        per_access = np.stack(of_access, axis=-1).transpose(0, 1, 3, 2, 4)
        flat = per_access.reshape(*per_access.shape[:3], -1) * is_loop[..., None]
        whole = first(np.concatenate([per_loop, flat], axis=-1), LOOPS, axis=2)
        rows = first(whole.astype(np.float32), STATEMENTS, axis=1)
        return rows.reshape(len(rows), -1)
