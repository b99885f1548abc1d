"""Workloads in PyTorch, eager."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peers.call import Array, Call, groups_of, threads, window_of
from tvmlab.ops import Workload
from tvmlab.ops.layer_norm import EPSILON


def matmul(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    left = given[0].T if workload.args["transpose_a"] else given[0]
    out = torch.empty(workload.tensors[0].extents)
    return lambda: torch.matmul(left, given[1], out=out)


def multiply_add_relu(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    out = torch.empty(workload.tensors[0].extents)
    return lambda: torch.relu_(torch.addcmul(given[2], given[0], given[1], out=out))


def softmax(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    return lambda: torch.softmax(given[0], 1)


def layer_norm(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    x, gamma, beta = given
    return lambda: torch.nn.functional.layer_norm(x, x.shape[1:], gamma, beta, EPSILON)


def conv2d(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    window, groups = window_of(workload), groups_of(workload)
    top, left, bottom, right = window.sides
    weights = given[1].unsqueeze(1) if groups > 1 else given[1]
    functional = torch.nn.functional

    def call() -> Any:
        image = given[0]
        if (top, left) == (bottom, right):
            return functional.conv2d(
                image, weights, stride=window.stride, padding=(top, left), groups=groups
            )
        padded = functional.pad(image, (left, right, top, bottom))
        return functional.conv2d(padded, weights, stride=window.stride, groups=groups)

    return call


def batch_matmul(torch: Any, workload: Workload, given: Sequence[Any]) -> Call:
    out = torch.empty(workload.tensors[0].extents)
    return lambda: torch.bmm(*given, out=out)


CALLS: Mapping[str, Callable[[Any, Workload, Sequence[Any]], Call]] = {
    "matmul": matmul,
    "batch_matmul": batch_matmul,
    "multiply_add_relu": multiply_add_relu,
    "softmax": softmax,
    "layer_norm": layer_norm,
    "conv2d": conv2d,
    "depthwise_conv2d": conv2d,
}


def make(workload: Workload, arrays: Sequence[Array]) -> Call | None:
    """The workload as a call, or None where it is not written here."""
    found = CALLS.get(workload.name)
    if found is None:
        return None
    torch = importlib.import_module("torch")
    torch.set_num_threads(threads())
    torch.set_grad_enabled(False)
    return found(torch, workload, [torch.from_numpy(a) for a in arrays])
