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


def softmax(te: Any, topi: Any, workload: Workload, given: Sequence[Any]) -> Any:
    return topi.nn.softmax(given[0], axis=1)


EXPRESSIONS: Mapping[str, Callable[[Any, Any, Workload, Sequence[Any]], Any]] = {
    "depthwise_conv2d": depthwise_conv2d,
    "multiply_add_relu": multiply_add_relu,
    "softmax": softmax,
}


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as a contender, or None where it is not written here."""
    found = EXPRESSIONS.get(workload.name)
    if found is None:
        return None
    tvm = importlib.import_module("tvm")
    te, topi = importlib.import_module("tvm.te"), importlib.import_module("tvm.topi")
    if workload.name == "depthwise_conv2d":
        arrays = [arrays[0], arrays[1][:, None]]
    given = [te.placeholder(a.shape, a.dtype.name) for a in arrays]
    out = found(te, topi, workload, given)
    function = te.create_prim_func([*given, out])
    target = tvm.target.Target({"kind": "llvm", "mcpu": cpu_features().llvm_cpu})
    run = tvm.compile(function, target)["main"]
    tensors = [tvm.runtime.tensor(np.ascontiguousarray(a)) for a in arrays]
    result = tvm.runtime.tensor(np.empty(workload.tensors[0].extents, workload.tensors[0].dtype))
    return Contender(lambda: run(*tensors, result), result=lambda _: result.numpy())
