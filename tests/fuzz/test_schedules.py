"""Random legal traces of random expressions: compiled code and interpreter against numpy.

Integers must come out exactly, floats within the bound that the reference computes. The number of
pairs is `TVMLAB_FUZZ` (2000 if not set); a failure prints the seed and the schedule, and the seeds
of failures that were found are pinned below.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import numpy as np
import pytest

from tests.fuzz.expressions import random_expression
from tests.fuzz.traces import random_call, random_state, try_call
from tvmlab import targets
from tvmlab.errors import ScheduleError
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Program
from tvmlab.lower.pipeline import lower_stages
from tvmlab.measure.compare import Disagreement, compare
from tvmlab.schedule import State, Trace
from tvmlab.targets.target import Signature
from tvmlab.te.evaluate import Evaluated, evaluate, random_inputs

PAIRS = int(os.environ.get("TVMLAB_FUZZ", "2000"))
PARTS = 20
PINNED = (2, 624, 2489)
INTERPRETED_SHARE = 8
"""One in so many pairs goes through the interpreter after every pass, the others after the last."""


def _agrees(expected: Sequence[Evaluated], outputs: Sequence[np.ndarray]) -> str:
    """The first disagreement in words; empty if there is none."""
    for got, want in zip(outputs, expected, strict=True):
        result = compare(got, want.value, want.bound, want.name)
        if isinstance(result, Disagreement):
            return str(result)
    return ""


def _outputs(program: Program) -> list[np.ndarray]:
    first = len(program.params) - program.outputs
    outputs = [np.empty(b.extents, b.dtype) for b in program.params[first:]]
    for array in outputs:
        array.view(np.uint8).fill(1 if array.dtype == np.bool_ else 0x7F)
    return outputs


def _judge(seed: int) -> None:
    rng = random.Random(seed)
    tensor = random_expression(rng)
    start = State.start(tensor)
    state = random_state(start, rng, rng.randint(1, 8))
    said = f"seed {seed}\n{start.program}\n{Trace(state)}\n{state.program}\n"
    given = random_inputs([tensor], seed)
    expected = evaluate([tensor], given)
    stages = lower_stages(state.program)
    program = stages[-1][1]
    machine = targets.get({"name": "cpu", "preset": "explore"})
    kernel = machine.build(machine.emit(program), Signature.of(program))
    outputs = _outputs(program)
    kernel(*given.values(), *outputs)
    assert not (wrong := _agrees(expected, outputs)), f"compiled: {wrong}\n{said}"
    for stage, staged in stages if seed % INTERPRETED_SHARE == 0 else stages[-1:]:
        outputs = _outputs(staged)
        interpret(staged, [*given.values(), *outputs])  # refuses accesses outside their buffers
        assert not (wrong := _agrees(expected, outputs)), f"{stage}: {wrong}\n{said}"


@pytest.mark.parametrize("part", range(PARTS))
def test_random_legal_traces_compute_the_same(part: int) -> None:
    for seed in range(part, PAIRS, PARTS):
        _judge(seed)


@pytest.mark.parametrize("seed", PINNED)
def test_what_failed_once(seed: int) -> None:
    _judge(seed)


@pytest.mark.parametrize("part", range(4))
def test_random_wrong_calls_are_refused_in_words(part: int) -> None:
    refused = 0
    for seed in range(part, PAIRS, 4):
        rng = random.Random(seed)
        state = random_state(State.start(random_expression(rng)), rng, rng.randint(0, 4))
        name, block, args = random_call(state, rng)
        result = try_call(state, name, block, args)
        if isinstance(result, ScheduleError):
            refused += 1
            refusal = result.refusal
            assert refusal.asked
            assert refusal.where.startswith("block ")
            assert refusal.why
            assert refusal.instead
            assert len(refusal.why.split()) <= 25, refusal
            assert "\n" not in str(result)
    assert refused > PAIRS // 8
