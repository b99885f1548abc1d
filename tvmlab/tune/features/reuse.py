"""How soon, after how much else, and how often an access meets the same elements again.

As in Ansor (`auto_scheduler/feature.cc`): going from the innermost loop outwards, the first loop
that does not move the access repeats it (*loop* reuse), unless another statement touches the buffer
within a loop before that (*serial* reuse).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tvmlab.tune.features.nests import Nests


class Reuse(NamedTuple):
    """All (n, S, A), zero where there is none.

    Attributes:
        is_loop, is_serial: which kind it is.
        iterations: between two uses.
        size_bytes: of all different elements that the statement touches between them.
        times: how often an element is used, one use after the other.
    """

    is_loop: np.ndarray
    is_serial: np.ndarray
    iterations: np.ndarray
    size_bytes: np.ndarray
    times: np.ndarray


def reuse_of(nests: Nests) -> Reuse:
    """The reuse of each access."""
    is_access = nests.element_bytes > 0
    loops = nests.extents.shape[-1]
    still = ~nests.moves & (nests.extents > 1)[:, :, None]
    repeated = np.where(still.any(axis=-1), still.argmax(axis=-1), loops)
    is_loop = is_access & (repeated < loops) & (repeated <= nests.meeting)
    is_serial = is_access & ~is_loop & (nests.meeting < loops)
    at = np.where(is_loop, repeated, np.where(is_serial, nests.meeting, 0)).astype(np.int64)
    extent = _at(nests.extents, at)
    within = _at(nests.inner, at) / extent
    once = nests.element_bytes.sum(axis=-1)[..., None]
    inside = _at(np.concatenate([once, nests.touched_bytes], axis=-1), at)
    met = is_loop | is_serial
    return Reuse(
        is_loop,
        is_serial,
        within * met,
        inside * met,
        np.where(is_loop, extent, 1.0) * met,
    )


def _at(values: np.ndarray, loop: np.ndarray) -> np.ndarray:
    """(n, S, A): of (n, S, L) values, those at the loop of each access."""
    found: np.ndarray = np.take_along_axis(values, loop, axis=-1)
    return found
