"""Workloads in Halide, with the schedules that its own applications and tutorials show.

Its threads are `HL_NUM_THREADS`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from peers.call import Array, Contender
from tvmlab.ops import Workload
from tvmlab.targets.cpu.limits import cpu_features

Pipeline = Callable[[Any, Workload, Sequence[Any], int], Any]


def multiply_add_relu(hl: Any, workload: Workload, given: Sequence[Any], lanes: int) -> Any:
    """One vectorized loop, shared out in pieces (tutorial, lesson 5)."""
    a, b, c = given
    x, xo, xi, out = hl.Var("x"), hl.Var("xo"), hl.Var("xi"), hl.Func("out")
    out[x] = hl.max(a[x] * b[x] + c[x], hl.f32(0))
    out.split(x, xo, xi, 1 << 16).vectorize(xi, lanes).parallel(xo)
    return out


PIPELINES: Mapping[str, Pipeline] = {"multiply_add_relu": multiply_add_relu}


def make(workload: Workload, arrays: Sequence[Array]) -> Contender | None:
    """The workload as a contender, or None where it is not written here."""
    found = PIPELINES.get(workload.name)
    if found is None:
        return None
    hl = importlib.import_module("halide")
    out = np.empty(workload.tensors[0].extents, workload.tensors[0].dtype)
    pipeline = found(hl, workload, [hl.Buffer(a) for a in arrays], cpu_features().lanes(32))
    target = hl.get_jit_target_from_environment()
    buffer = hl.Buffer(out)
    pipeline.compile_jit(target)
    return Contender(lambda: pipeline.realize(buffer), result=lambda _: out)
