"""The inputs of a workload, in a form that every contender can be given."""

from __future__ import annotations

import numpy as np
from peers.call import Array

from tvmlab.ops import Workload
from tvmlab.te.evaluate import random_inputs

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
