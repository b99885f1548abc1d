"""Random legal schedules for processors with many threads, against NumPy.

Lowered for a device, each is interpreted with the threads of a block in several orders between
barriers, and runs on OpenCL's processor device, in a process that may die. Integers must come out
exactly, floats within the bound that the reference computes. `TVMLAB_GPU_FUZZ` says how many seeds
are tried; `python -m tests.fuzz.gpu_proof --target opencl` tries 500 and says what became of each.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import product

import pytest

from tests.fuzz.gpu_cases import PINNED, lowered, pinned, schedule_of, seed_of
from tests.fuzz.gpu_proof import RIGHT, SKIPPED, compiled, is_good, outcomes
from tests.fuzz.gpu_traces import STAGED
from tests.fuzz.test_schedules import _agrees, _outputs
from tvmlab import targets
from tvmlab.errors import ScheduleError, TargetError
from tvmlab.ir import Program
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.shuffle import SHUFFLES
from tvmlab.lower.device_pipeline import device_passes
from tvmlab.schedule import Schedule, Trace
from tvmlab.targets.cuda.dialect import instructions_of
from tvmlab.te.evaluate import evaluate, random_inputs

SEEDS = int(os.environ.get("TVMLAB_GPU_FUZZ", "16"))
PARTS = 4
ORDERS = ("forward", "backward", 7)


def _of_warps(schedule: Schedule) -> Program | None:
    """The program with TensorCores' instructions and copies that go on by themselves, each warp's
    last thread standing for it; None where it makes no kernels for them."""
    program = schedule.mod
    try:
        for step in device_passes(instructions_of((8, 0))):
            program = program if step.name == "warps" else step.run(program)
    except TargetError:
        return None
    return program


def judge(name: str) -> str:
    """What became of a schedule in the interpreter of threads: `right` or `skipped`."""
    schedule = schedule_of(name)
    program = None if schedule is None else lowered(schedule)
    if schedule is None or program is None:
        return SKIPPED
    given = random_inputs(schedule.outputs, seed_of(name))
    expected = evaluate(schedule.outputs, given)
    by_shuffles = lowered(schedule, SHUFFLES)  # None: memory of a warp that its threads lack
    forms = (program, by_shuffles, _of_warps(schedule))
    every = {str(p): p for p in forms if p is not None}
    for order, made in product(ORDERS, every.values()):
        outputs = _outputs(schedule.outputs)
        interpret_threads(made, [*given.values(), *outputs], order)
        wrong = _agrees(expected, outputs)
        assert not wrong, f"{order}: {wrong}\n{name}\n{Trace(schedule.state)}\n{made}"
    return RIGHT


@pytest.mark.parametrize("part", range(PARTS))
def test_random_schedules_for_devices_compute_the_same_in_every_order(part: int) -> None:
    found = Counter(judge(str(seed)) for seed in range(part, SEEDS, PARTS))
    assert found[RIGHT] >= found[SKIPPED]


@pytest.mark.parametrize("name", PINNED)
def test_what_failed_once(name: str) -> None:
    schedule, refused = pinned(name)
    if refused:
        with pytest.raises(ScheduleError):
            schedule.apply_python(refused)
    assert judge(name) == RIGHT
    assert compiled(name) == RIGHT


@pytest.mark.parametrize("part", range(PARTS))
def test_random_schedules_compute_the_same_on_opencl(part: int) -> None:
    names = [*PINNED, *map(str, range(SEEDS))][part::PARTS]
    found = dict(outcomes(names, "opencl"))
    assert set(found) == set(names)
    assert not {name: said for name, said in found.items() if not is_good(said)}
    assert all(found[name] == RIGHT for name in names if name in PINNED)
    assert sum(said == RIGHT for said in found.values()) >= SEEDS // 2 // PARTS


@pytest.mark.parametrize("seed", range(40, 40 + SEEDS // 4))
def test_random_schedules_compile_for_cuda(seed: int) -> None:
    assert compiled(str(seed)) in (RIGHT, SKIPPED)


def test_no_loop_with_hidden_conditions_is_written_out_on_a_processor() -> None:
    """PoCL 3.0 took minutes for such a kernel: each copy of a condition is a branch and memory."""
    schedule = schedule_of(str(STAGED // 2))
    assert schedule is not None
    machine = targets.get("opencl")
    said = [line.strip() for line in machine.emit(machine.lower(schedule.mod)).splitlines()]
    before = {said[n - 1] for n, line in enumerate(said) if line == "#pragma unroll"}
    assert before == {"#ifndef THREADS_IN_TURN"}
