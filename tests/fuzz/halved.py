"""Random programs in two halves, some inputs taken for constants: the second runs twice."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import numpy as np

from tvmlab import targets
from tvmlab.analysis.constant_part import halves
from tvmlab.ir.program import Program
from tvmlab.ir.shapes import sizes_of, value_of
from tvmlab.targets.target import Kernel, Signature
from tvmlab.te.evaluate import random_inputs
from tvmlab.te.tensor import Tensor


def run_halved(
    program: Program,
    tensors: Sequence[Tensor],
    values: Mapping[str, int],
    outputs: Sequence[np.ndarray],
    seed: int,
) -> bool:
    """Write what a program computes of the inputs of `seed` to `outputs`, by its halves.

    The program's sizes have `values`, at which `tensors` are what it computes. The second half runs
    on other inputs first, of which nothing may be left. False, and nothing is
    done, where the program makes nothing of the constants that the seed chooses.
    """
    rng = random.Random(seed)
    inputs = program.params[: -program.outputs]
    constants = [b for b in inputs if rng.random() < 0.5]
    parts = halves(program, constants)
    if parts is None:
        return False
    given, others = (random_inputs(tensors, s) for s in (seed, seed + 1))
    held = {b.name for b in constants}
    others = {name: given[name] if name in held else other for name, other in others.items()}
    sizes = {s: values[s.name] for s in sizes_of(program)}
    kept = {b.name: np.empty([value_of(e, sizes) for e in b.shape], b.dtype) for b in parts.kept}
    once, rest = (_compiled(p) for p in (parts.once, parts.rest))
    once(*_arrays(parts.once, given | kept, ()))
    for inputs_now in (others, given):
        rest(*_arrays(parts.rest, inputs_now | kept, outputs))
    return True


def _compiled(program: Program) -> Kernel:
    machine = targets.get({"name": "cpu", "preset": "explore"})
    lowered = machine.lower(program)
    return machine.build(machine.emit(lowered), Signature.of(lowered))


def _arrays(
    program: Program, given: Mapping[str, np.ndarray], outputs: Sequence[np.ndarray]
) -> list[np.ndarray]:
    inputs = program.params[: len(program.params) - len(outputs)]
    return [*(given[b.name] for b in inputs), *outputs]
