"""What every peer's module needs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tvmlab.ops import Workload
from tvmlab.ops.window import Window

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]
"""Runs the workload once and gives its output, as something `numpy.asarray` takes."""


def threads() -> int:
    """Threads every contender of this process is to use; ours reads the same variable."""
    return int(os.environ["TVMLAB_NUM_THREADS"])


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
    return int(workload.args["channels"]) if workload.name == "depthwise_conv2d" else 1
