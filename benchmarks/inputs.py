"""The inputs of a workload, in a form that every contender can be given."""

from __future__ import annotations

import numpy as np
from peers.call import Array

from tvmlab.ops import Workload
from tvmlab.te.evaluate import random_inputs

PANELS = "panel"
"""The argument that says how many columns stand together in weights that come in panels."""

RECURRENT = ("lstm", "gru")


def arrays_for(workload: Workload, seed: int = 0) -> list[Array]:
    """Random arrays, one for each input.

    What a recurrent layer is given of its input is an outer product: other libraries begin with the
    input itself, and so may begin with one feature, whose share of the work is 1 / hidden, instead
    of a second product as large as the recurrence.
    """
    arrays = list(random_inputs(workload.tensors, seed=seed).values())
    if workload.name in RECURRENT:
        given = arrays[0]
        steps = np.linspace(-1, 1, given.shape[0], dtype=given.dtype)
        arrays[0] = (steps[:, None, None, None] * given[:1]).astype(given.dtype)
    return arrays


def arrays_for_peers(workload: Workload, arrays: list[Array]) -> list[Array]:
    """The same inputs as other libraries take them: weights as a matrix."""
    if not workload.args.get(PANELS):
        return arrays
    x, panels, b = arrays
    weights = panels.transpose(1, 0, 2).reshape(x.shape[1], -1)[:, : len(b)]
    return [x, np.ascontiguousarray(weights), b]
