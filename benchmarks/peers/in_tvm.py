"""Workloads in Apache TVM: its operator library's definitions, compiled as they stand.

Without a schedule TVM's loops are still vectorized by LLVM and run on one thread. Its tuned and
hand-made schedules need a search, or a person, for each workload, and are left out.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from peers.call import Array, Contender, window_of
from tvmlab.ops import Workload
from tvmlab.targets.cpu.limits import cpu_features


def depthwise_conv2d(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    window = window_of(workload)
    return topi.nn.depthwise_conv2d_nchw(*given, window.stride, window.sides, (1, 1))


def multiply_add_relu(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    return topi.nn.relu(topi.add(topi.multiply(given[0], given[1]), given[2]))


def depthwise_bn_relu(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    sums = depthwise_conv2d(te, topi, workload, given[:2])
    scale, shift = (topi.reshape(a, (a.shape[0], 1, 1)) for a in given[2:])
    return topi.nn.relu(topi.add(topi.multiply(sums, scale), shift))


def transpose(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    return topi.transpose(given[0], list(workload.args["axes"]))


def reduce(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    folds = {"sum": topi.sum, "max": topi.max, "min": topi.min, "prod": topi.prod}
    fold = folds.get(workload.args["by"])
    return fold(given[0], axis=list(workload.args["axes"])) if fold else None


def softmax(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    return topi.nn.softmax(given[0], axis=1)


EXPRESSIONS: Mapping[str, Callable[[Any, Any, Workload, Sequence[Any]], Any]] = {
    "depthwise_conv2d": depthwise_conv2d,
    "multiply_add_relu": multiply_add_relu,
    "depthwise_bn_relu": depthwise_bn_relu,
    "transpose": transpose,
    "reduce": reduce,
    "softmax": softmax,
}


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as a contender, or None where it is not written here."""
    found = EXPRESSIONS.get(workload.name)
    if found is None:
        return None
    tvm = importlib.import_module("tvm")
    te, topi = importlib.import_module("tvm.te"), importlib.import_module("tvm.topi")
    if workload.name.startswith("depthwise"):
        arrays = [arrays[0], arrays[1][:, None], *arrays[2:]]
    given = [te.placeholder(a.shape, a.dtype.name) for a in arrays]
    out = found(te, topi, workload, given)
    if out is None:
        return None
    function = te.create_prim_func([*given, out])
    target = tvm.target.Target({"kind": "llvm", "mcpu": cpu_features().llvm_cpu})
    run = tvm.compile(function, target)["main"]
    tensors = [tvm.runtime.tensor(np.ascontiguousarray(a)) for a in arrays]
    result = tvm.runtime.tensor(np.empty(workload.tensors[0].extents, workload.tensors[0].dtype))
    return Contender(lambda: run(*tensors, result), result=lambda _: result.numpy())
