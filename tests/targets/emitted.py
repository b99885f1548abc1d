"""Programs compiled and run: what the tests of the emitter share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tvmlab.te as te
from tvmlab.ir import Program
from tvmlab.ir.expr import Expr
from tvmlab.lower import lower
from tvmlab.schedule import Schedule, State
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.emit_context import Machine
from tvmlab.targets.cpu.limits import cpu_features
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.target import Signature
from tvmlab.te.tensor import Tensor

Array = np.ndarray


def run_lowered(
    program: Program,
    *arrays: Array,
    preset: str = "explore",
    machine: Machine | None = None,
) -> Array:
    """The output of a lowered program with one output; elements not written are 77."""
    output = program.params[-1]
    result = np.full(output.extents, 77).astype(output.dtype)
    text = emit(program, machine or cpu_features())
    CpuKernel(text, Signature.of(program), preset)(*arrays, result)
    return result


def run(program: Program, *arrays: Array, preset: str = "explore") -> Array:
    """The output of a scheduled program with one output."""
    return run_lowered(lower(program), *arrays, preset=preset)


def schedule(tensor: Tensor) -> Schedule:
    """A schedule without steps."""
    return Schedule(State.start(tensor))


def elementwise(
    f: Callable[..., Expr], *arrays: Array, lanes: int = 1, preset: str = "explore"
) -> Array:
    """`f` of the elements of one-dimensional arrays, in vectors of `lanes`, the last one cut."""
    (length,) = arrays[0].shape
    inputs = [te.placeholder((length,), str(a.dtype), name=f"X{n}") for n, a in enumerate(arrays)]
    out = te.compute((length,), lambda i: f(*[x[i] for x in inputs]), name="Y")
    s = schedule(out)
    if 1 < lanes < length:
        s[out].split(s[out].loops[0], lanes)
    if lanes > 1:
        s[out].vectorize(s[out].loops[-1])
    return run(s.mod, *arrays, preset=preset)
