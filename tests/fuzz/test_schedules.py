"""Random legal traces of random expressions: compiled code and interpreter against numpy.

Integers must come out exactly, floats within the bound that the reference computes. The number of
pairs is `TVMLAB_FUZZ` (2000 if not set); a failure prints the seed and the schedule, and the seeds
of failures that were found are pinned below.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Sequence

import numpy as np
import pytest

from tests.fuzz.expressions import random_expression
from tests.fuzz.halved import run_halved
from tests.fuzz.sized import random_sized_expression, random_values
from tests.fuzz.traces import random_call, random_state, try_call
from tvmlab import targets
from tvmlab.errors import Refusal
from tvmlab.ir.interpret import interpret
from tvmlab.lower.pipeline import lower_stages
from tvmlab.measure.compare import Disagreement, compare
from tvmlab.schedule import State, Trace
from tvmlab.targets.target import Signature
from tvmlab.te.evaluate import Evaluated, evaluate, random_inputs
from tvmlab.te.specialise import specialise_tensors
from tvmlab.te.tensor import Tensor

PAIRS = int(os.environ.get("TVMLAB_FUZZ", "2000"))
PARTS = 20
WRONG_PARTS = 8
PINNED = (2, 624, 2489)
VALUES = 4
"""How many values the sizes of an expression are tried at."""
HALVED_SHARE = 2
"""One in so many pairs runs in two halves too."""
INTERPRETED_SHARE = 8
"""One in so many pairs goes through the interpreter after every pass, the others after the last."""


def _agrees(expected: Sequence[Evaluated], outputs: Sequence[np.ndarray]) -> str:
    """The first disagreement in words; empty if there is none."""
    for got, want in zip(outputs, expected, strict=True):
        result = compare(got, want.value, want.bound, want.name)
        if isinstance(result, Disagreement):
            return str(result)
    return ""


def _outputs(tensors: Sequence[Tensor]) -> list[np.ndarray]:
    outputs = [np.empty(t.extents, t.dtype) for t in tensors]
    for array in outputs:
        array.view(np.uint8).fill(1 if array.dtype == np.bool_ else 0x7F)
    return outputs


def _judge(seed: int) -> None:
    rng = random.Random(seed)
    start = State.start(random_expression(rng).results)
    judge_state(random_state(start, rng, rng.randint(1, 8)), seed)


def judge_state(state: State, seed: int) -> None:
    """Compile and interpret what the state computes, and compare it with the reference."""
    said = f"seed {seed}\n{state.first.program}\n{Trace(state)}\n{state.program}\n"
    stages = lower_stages(state.program)
    program = stages[-1][1]
    machine = targets.get({"name": "cpu", "preset": "explore"})
    kernel = machine.build(machine.emit(program), Signature.of(program))
    for values in random_values(random.Random(seed), state.outputs, VALUES):
        tensors = specialise_tensors(state.outputs, values)
        given = random_inputs(tensors, seed)
        expected = evaluate(state.outputs, given)
        outputs = _outputs(tensors)
        kernel(*given.values(), *outputs)
        at = f"{values} {said}"
        assert not (wrong := _agrees(expected, outputs)), f"compiled: {wrong}\n{at}"
        for stage, staged in stages if seed % INTERPRETED_SHARE == 0 else stages[-1:]:
            outputs = _outputs(tensors)
            interpret(staged, [*given.values(), *outputs])  # refuses accesses outside buffers
            assert not (wrong := _agrees(expected, outputs)), f"{stage}: {wrong}\n{at}"
        outputs = _outputs(tensors)
        if seed % HALVED_SHARE == 0 and run_halved(state.program, tensors, values, outputs, seed):
            assert not (wrong := _agrees(expected, outputs)), f"in two halves: {wrong}\n{at}"


@pytest.mark.parametrize("part", range(PARTS))
def test_random_legal_traces_compute_the_same(part: int) -> None:
    for seed in range(part, PAIRS, PARTS):
        _judge(seed)


def judge_sized(seed: int) -> None:
    """As `_judge`, of an expression over sizes, at several of their values."""
    rng = random.Random(seed)
    start = State.start(random_sized_expression(rng))
    judge_state(random_state(start, rng, rng.randint(1, 8)), seed)


@pytest.mark.parametrize("part", range(PARTS))
def test_random_legal_traces_compute_the_same_at_every_size(part: int) -> None:
    for seed in range(part, PAIRS // 4, PARTS):
        judge_sized(seed)


@pytest.mark.parametrize("seed", PINNED)
def test_what_failed_once(seed: int) -> None:
    _judge(seed)


@pytest.mark.parametrize("part", range(WRONG_PARTS))
def test_random_wrong_calls_are_refused_in_words(part: int) -> None:
    """What is not refused must be legal after all: its program is judged like any other."""
    refused = 0
    for seed in itertools.count(part, WRONG_PARTS):
        rng = random.Random(seed)
        tensor = random_sized_expression(rng) if seed % 5 == 4 else random_expression(rng)
        state = random_state(State.start(tensor), rng, rng.randint(0, 4))
        call = random_call(state, rng)
        result = try_call(state, call)
        if isinstance(result, State):
            judge_state(result, seed)
            continue
        _check_words(result.refusal, f"seed {seed}: {call}")
        refused += 1
        if refused >= PAIRS // WRONG_PARTS:
            return


def _check_words(refusal: Refusal, said: str) -> None:
    assert refusal.asked, said
    assert refusal.where.startswith("block "), said
    assert refusal.why, said
    assert refusal.instead, said
    assert len(refusal.why.split()) <= 25, f"{said}\n{refusal}"
    assert "\n" not in str(refusal), said
