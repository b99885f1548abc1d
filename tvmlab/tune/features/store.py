"""What each statement computes, touches and keeps: the features of Ansor.

After Zheng et al., "Ansor: Generating High-Performance Tensor Programs for Deep Learning" (OSDI
2020), appendix B, and `auto_scheduler/feature.cc` of TVM. Differences: Ansor's model predicts a
score for every statement and adds them up, ours sees the statements with the most work side by
side; positions of annotations are known here, from the blocks, where Ansor's code says "mixed"; a
reduction's update stands for its initialisation; columns of graphics processors are left out.
"""

from __future__ import annotations

import numpy as np

from tvmlab.ir.program import LOOP_KINDS
from tvmlab.tune.features.feature import Feature
from tvmlab.tune.features.nests import ACCESSES, STATEMENTS, Nests
from tvmlab.tune.features.operations import OPERATIONS
from tvmlab.tune.features.reuse import reuse_of
from tvmlab.tune.features.scale import LOG, first, logarithm
from tvmlab.tune.features.statement import POSITIONS

LINE_BYTES = 64
"""Of a cache line, on every processor meant here."""

SAMPLES = 10
"""Points of the curve of arithmetic intensity."""

ANNOTATED = ("vectorized", "unrolled", "parallel")

NO_REUSE = 0.5
"""What bytes and lines are divided by where nothing is used again: they count twice."""

_OF_PROGRAM = (Feature("statements", "count"), Feature("work", f"{LOG} operations"))
_OF_ACCESS = (
    Feature("is read", "0 or 1"),
    Feature("is written", "0 or 1"),
    Feature("is updated", "0 or 1"),
    Feature("bytes", f"{LOG} bytes, each time"),
    Feature("unique bytes", f"{LOG} bytes"),
    Feature("lines", f"{LOG} cache lines, each time"),
    Feature("unique lines", f"{LOG} cache lines"),
    Feature("is reused by a loop", "0 or 1"),
    Feature("is reused by a statement", "0 or 1"),
    Feature("is not reused", "0 or 1"),
    Feature("reuse distance", f"{LOG} iterations"),
    Feature("reuse distance in bytes", f"{LOG} bytes"),
    Feature("reuse", f"{LOG} uses"),
    Feature("bytes / reuse", f"{LOG} bytes"),
    Feature("unique bytes / reuse", f"{LOG} bytes"),
    Feature("lines / reuse", f"{LOG} cache lines"),
    Feature("unique lines / reuse", f"{LOG} cache lines"),
    Feature("stride", f"{LOG} elements"),
)
_OF_STATEMENT = (
    *(Feature(name, f"{LOG} operations") for name in OPERATIONS),
    *(
        Feature(f"{kind} {name}", unit)
        for kind in ANNOTATED
        for name, unit in (
            ("loops", f"{LOG} loops"),
            ("product", f"{LOG} iterations"),
            ("innermost", f"{LOG} iterations"),
            *((f"at {position}", "0 or 1") for position in POSITIONS),
        )
    ),
    *(Feature(f"access {a} {f.name}", f.unit) for a in range(ACCESSES) for f in _OF_ACCESS),
    *(
        Feature(f"intensity at {n + 1}/{SAMPLES}", f"{LOG} operations per byte")
        for n in range(SAMPLES)
    ),
    Feature("scratch", f"{LOG} bytes"),
    Feature("scratch outside", f"{LOG} iterations around its uses"),
    Feature("scratch inside", f"{LOG} iterations within that"),
    Feature("scratch in all", f"{LOG} bytes * iterations around its uses"),
    Feature("executions", f"{LOG} iterations"),
    Feature("loops", f"{LOG} loops"),
)


class StoreContext:
    """The `store` features of programs."""

    name = "store"
    statements = STATEMENTS
    columns = (
        *_OF_PROGRAM,
        *(
            Feature(f"statement {s} {column.name}", column.unit)
            for s in range(STATEMENTS)
            for column in _OF_STATEMENT
        ),
    )

    @staticmethod
    def rows(nests: Nests) -> np.ndarray:
        """(n, columns) float32."""
        count = len(nests.extents)
        scratch, outer = nests.scratch_bytes, nests.scratch_outer
        inner = np.where(outer > 0, nests.executions / np.maximum(outer, 1.0), 0.0)
        of_scratch = (scratch, outer, inner, scratch * outer)
        loops = (nests.kinds > 0).sum(axis=-1)
        parts = [
            logarithm(nests.operations * nests.executions[..., None]),
            _annotations(nests),
            _accesses(nests).reshape(*nests.is_there.shape, -1),
            logarithm(_intensity(nests)),
            logarithm(np.stack([*of_scratch, nests.executions, loops], axis=-1)),
        ]
        statements = np.concatenate(parts, axis=-1) * nests.is_there[..., None]
        filled = first(statements.astype(np.float32), STATEMENTS, axis=1)
        whole = np.stack([nests.totals[:, 0], logarithm(nests.totals[:, 1])], axis=-1)
        return np.concatenate([whole.astype(np.float32), filled.reshape(count, -1)], axis=-1)


def _annotations(nests: Nests) -> np.ndarray:
    """(n, S, columns): loops of each kind that is asked for, and where the innermost stands."""
    found = []
    for kind in ANNOTATED:
        has = nests.kinds == LOOP_KINDS.index(kind) + 1
        number = has.sum(axis=-1)
        product = np.where(has, nests.extents, 1.0).prod(axis=-1) * (number > 0)
        at = has.argmax(axis=-1)[..., None]
        innermost = np.take_along_axis(nests.extents * has, at, axis=-1)[..., 0]
        place = np.take_along_axis(nests.positions * has, at, axis=-1)
        counts = logarithm(np.stack([number, product, innermost], axis=-1))
        found += [counts, place == np.arange(1, len(POSITIONS) + 1)]
    return np.concatenate(found, axis=-1)


def _accesses(nests: Nests) -> np.ndarray:
    """(n, S, A, columns of an access)."""
    size = nests.element_bytes
    reuse = reuse_of(nests)
    total = nests.executions[..., None] * size
    unique = nests.regions[..., -1] * size
    moving = nests.moves.argmax(axis=-1)[..., None]
    jump = np.abs(nests.jumps)
    nearest = np.take_along_axis(jump, moving, axis=-1)[..., 0]
    around = np.take_along_axis(np.broadcast_to(
        nests.inner[:, :, None] / nests.extents[:, :, None], nests.moves.shape
    ), moving, axis=-1)[..., 0]  # fmt: skip
    repeats = np.where(nests.moves.any(axis=-1), around, nests.executions[..., None])
    step = np.minimum(1.0, nearest * size / LINE_BYTES)
    is_access = size > 0
    lines = np.maximum(nests.executions[..., None] / repeats * step, 1.0) * is_access
    run = np.minimum(np.maximum(_run(nests) * size, 1.0), LINE_BYTES)
    unique_lines = np.maximum(unique / run, 1.0) * is_access
    divisor = np.where(reuse.times > 0, reuse.times, NO_REUSE)
    sizes = (total, unique, lines, unique_lines)
    updated = nests.reads * nests.writes
    columns = [
        nests.reads - updated,
        nests.writes - updated,
        updated,
        *map(logarithm, sizes),
        reuse.is_loop,
        reuse.is_serial,
        is_access & ~(reuse.is_loop | reuse.is_serial),
        *map(logarithm, (reuse.iterations, reuse.size_bytes, reuse.times)),
        *(logarithm(each / divisor) for each in sizes),
        logarithm(jump[..., 0]),
    ]
    return np.stack(columns, axis=-1)


def _run(nests: Nests) -> np.ndarray:
    """(n, S, A) elements side by side in memory, of those that are touched."""
    reach = (np.abs(nests.steps) * (nests.extents[:, :, None, None] - 1)).sum(axis=-1)
    spans = np.minimum(nests.widths + reach, nests.limits)
    run: np.ndarray = np.where(nests.strides == 1, spans, 1.0).prod(axis=-1)
    return run


def _intensity(nests: Nests) -> np.ndarray:
    """(n, S, SAMPLES) operations a byte, where a share of all operations is done.

    Between two loops the curve is a straight line, as in Ansor.
    """
    done = nests.operations.sum(axis=-1)[..., None] * nests.inner
    intensity = done / np.maximum(nests.touched_bytes, 1.0)
    share = nests.inner / nests.executions[..., None]
    samples = np.arange(1, SAMPLES + 1) / SAMPLES
    after = (share[..., None, :] < samples[:, None] - 1e-9).sum(axis=-1)
    before = np.maximum(after - 1, 0)
    x0, x1 = (np.take_along_axis(share, at, axis=-1) for at in (before, after))
    y0, y1 = (np.take_along_axis(intensity, at, axis=-1) for at in (before, after))
    along = np.where(x1 > x0, (samples - x0) / np.where(x1 > x0, x1 - x0, 1.0), 0.0)
    curve: np.ndarray = y0 + (y1 - y0) * along
    return curve
