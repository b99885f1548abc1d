"""What every peer's module needs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvmlab.ir.arrays import empty
from tvmlab.ops import Workload
from tvmlab.ops.window import Window

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]
"""Runs the workload once and gives its output."""


@dataclass(frozen=True)
class Contender:
    """One way to run a workload.

    Attributes:
        call: what is timed.
        ready: what was laid out before, so outside the timing: `weights`, say; "" nothing.
        result: makes an array of the workload's shape of what `call` gives, outside the timing.
    """

    call: Call
    ready: str = ""
    result: Callable[[Any], Array] = np.asarray


def threads() -> int:
    """Threads every contender of this process is to use; ours reads the same variable."""
    return int(os.environ["TVMLAB_NUM_THREADS"])


def result_array(workload: Workload) -> Array:
    """Memory for a result that begins at a multiple of 64 bytes, as other libraries allocate it."""
    out = workload.tensors[0]
    return empty(out.extents, out.dtype)


def window_of(workload: Workload) -> Window:
    """The window of a convolution."""
    args = workload.args
    kernel, stride = args["kernel"], args["stride"]
    return Window.fit(
        workload.name, (args["height"], args["width"]), (kernel, kernel), (stride, stride),
        args["padding"],
    )  # fmt: skip


def groups_of(workload: Workload) -> int:
    """Groups of a convolution, as other libraries count them."""
    return int(workload.args["channels"]) if workload.name.startswith("depthwise") else 1


def has_weights(workload: Workload) -> bool:
    """Whether a product's right operand stays the same from call to call, as weights do.

    So are narrow products, and those of a few rows: a layer of a network at a small batch.
    """
    if workload.name in ("narrow_matmul", "dense"):
        return True
    return workload.name == "matmul" and int(workload.args["m"]) <= 16


def first_factors(given: Array) -> tuple[Array, Array]:
    """x and w of an array made as x[s] * w[...]: see `inputs.arrays_for`."""
    biggest = np.unravel_index(np.abs(given).argmax(), given.shape)
    w = given[biggest[0]]
    x = given[(slice(None), *biggest[1:])] / given[biggest]
    return x.astype(given.dtype), w


def with_first_state(states: Any) -> Array:
    """The states of a recurrence with the zero it began with, as a row before them."""
    found = np.asarray(states)
    return np.concatenate([np.zeros_like(found[:1]), found])
