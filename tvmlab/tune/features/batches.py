"""Arrays of `Nests` for a batch, from those of one program with other extents and steps."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from tvmlab.tune.features.nests import Nests


def drop_short_loops(
    base: Nests, extents: np.ndarray, growth: np.ndarray, kept_share: np.ndarray
) -> Nests:
    """The nests of one program with other loops, of which those of one iteration are left out.

    Args:
        base: one program, with all its statements.
        extents: (n, S, L) iterations.
        growth: (n, S, L) how many times as far as in `base` an iteration moves indices.
        kept_share: (n, S) of executions, that predicates let through.
    """
    kept = extents > 1
    order = np.argsort(~kept, axis=-1, kind="stable")
    count, loops = len(extents), extents.shape[-1]

    def packed(values: np.ndarray, empty: float) -> np.ndarray:
        """(n, S, L) values of the loops that are left."""
        there = np.where(kept, values, empty)
        found: np.ndarray = np.take_along_axis(there, order, axis=-1)
        return found

    def moved(place: np.ndarray) -> np.ndarray:
        """(n, S, ...) where a loop of `base` stands now, or the next one outside that is left."""
        at = np.broadcast_to(place, (count, *place.shape[1:]))
        left = kept.reshape(*kept.shape[:2], *[1] * (at.ndim - 2), loops)
        inside = np.arange(loops) < at[..., None]
        is_any = (left & ~inside).any(axis=-1)
        found: np.ndarray = np.where(is_any, (left & inside).sum(axis=-1), loops)
        return found

    def same(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, (count, *values.shape[1:]))

    steps = np.where(kept[:, :, None, None], base.steps * growth[:, :, None, None], 0.0)
    work = (base.operations.sum(axis=-1).clip(min=1.0) * extents.prod(axis=-1)).sum(axis=-1)
    moving = np.take_along_axis(steps, order[:, :, None, None], axis=-1)
    unchanged = {field.name: same(getattr(base, field.name)) for field in fields(Nests)}
    other = {
        "extents": packed(extents, 1.0),
        "kinds": packed(base.kinds, 0.0),
        "positions": packed(base.positions, 0.0),
        "threads": packed(base.threads, 0.0),
        "kept": kept_share,
        "totals": np.stack([np.full(count, base.totals[0, 0]), work], axis=-1),
        "steps": moving,
        "own_steps": moving,  # closed forms have no digits
        "meeting": moved(base.meeting),
        "scratch_loop": moved(base.scratch_loop),
    }
    return Nests(**unchanged | other)


def first_by_work(nests: Nests, most: int) -> Nests:
    """The `most` statements of each program with the most work, the first of them first."""
    work = nests.operations.sum(axis=-1).clip(min=1.0) * nests.executions
    order = np.argsort(-work, axis=-1, kind="stable")[:, :most]
    rows = np.arange(len(order))[:, None]
    found = {f.name: getattr(nests, f.name) for f in fields(Nests)}
    return Nests(**{n: v if n == "totals" else v[rows, order] for n, v in found.items()})
