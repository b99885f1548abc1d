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
    piece = min(1 << 16, int(workload.args["n"]))
    out.split(x, xo, xi, piece).vectorize(xi, lanes).parallel(xo)
    return out


def blur(hl: Any, workload: Workload, given: Sequence[Any], lanes: int) -> Any:
    """Strips of rows, in which the sums across slide down (apps/blur of Halide)."""
    (image,) = given
    x, y, yi = hl.Var("x"), hl.Var("y"), hl.Var("yi")
    across, out = hl.Func("across"), hl.Func("out")
    across[x, y] = image[x, y] + image[x + 1, y] + image[x + 2, y]
    total = across[x, y] + across[x, y + 1] + across[x, y + 2]
    out[x, y] = total * hl.f32(1 / 9)
    out.split(y, y, yi, 32).parallel(y).vectorize(x, lanes)
    across.store_at(out, y).compute_at(out, yi).vectorize(x, lanes)
    return out


PIPELINES: Mapping[str, Pipeline] = {"multiply_add_relu": multiply_add_relu, "blur": blur}


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
