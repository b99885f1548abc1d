"""Random legal schedules for processors with many threads, against NumPy.

Lowered for a device, each is interpreted with the threads of a block in several orders between
barriers, and runs on OpenCL's processor device, in a process that may die. Integers must come out
exactly, floats within the bound that the reference computes. `TVMLAB_GPU_FUZZ` says how many seeds
are tried; `python -m tests.fuzz.test_gpu 500` tries that many and says what became of each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import product

import numpy as np
import pytest

from tests.fuzz.gpu_traces import random_gpu_schedule
from tests.fuzz.test_schedules import _agrees, _outputs
from tvmlab import targets
from tvmlab.errors import TargetError
from tvmlab.ir import Program
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.shuffle import SHUFFLES
from tvmlab.lower.device_pipeline import device_passes, lower_for_device
from tvmlab.schedule import Schedule, Trace
from tvmlab.targets.cuda.dialect import instructions_of
from tvmlab.targets.target import Signature
from tvmlab.te.evaluate import evaluate, random_inputs

SEEDS = int(os.environ.get("TVMLAB_GPU_FUZZ", "16"))
PARTS = 4
PINNED = (265, 429)
MISCOMPILED = (239, 656)
"""Seeds whose kernels a driver once got wrong: a branch that threads take differently, in loops."""
COMPILED = (6,)
"""Seeds whose text NVRTC once refused."""

ORDERS = ("forward", "backward", 7)
DIED = "died"


def _lowered(schedule: Schedule, instructions: Collection[str] = ()) -> Program | None:
    """The program for a device; None where its loops make no kernels."""
    try:
        return lower_for_device(schedule.mod, instructions)
    except TargetError:
        return None


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


def judge(seed: int) -> str:
    """What became of a seed in the interpreter of threads: `right` or `skipped`."""
    schedule = random_gpu_schedule(seed)
    program = None if schedule is None else _lowered(schedule)
    if schedule is None or program is None:
        return "skipped"
    given = random_inputs(schedule.outputs, seed)
    expected = evaluate(schedule.outputs, given)
    by_shuffles = _lowered(schedule, SHUFFLES)  # None: memory of a warp that its threads lack
    forms = (program, by_shuffles, _of_warps(schedule))
    every = {str(p): p for p in forms if p is not None}
    for order, lowered in product(ORDERS, every.values()):
        outputs = _outputs(schedule.outputs)
        interpret_threads(lowered, [*given.values(), *outputs], order)
        wrong = _agrees(expected, outputs)
        assert not wrong, f"{order}: {wrong}\nseed {seed}\n{Trace(schedule.state)}\n{lowered}"
    return "right"


def run_on_opencl(seed: int) -> str:
    """What became of a seed on the device: `right`, `skipped`, `refused` by limits, or what is
    wrong."""
    schedule = random_gpu_schedule(seed)
    program = None if schedule is None else _lowered(schedule)
    if schedule is None or program is None:
        return "skipped"
    machine = targets.get("opencl")
    given = random_inputs(schedule.outputs, seed)
    outputs = _outputs(schedule.outputs)
    try:
        kernel = machine.build(machine.emit(machine.lower(schedule.mod)), Signature.of(program))
        kernel(*given.values(), *outputs)
    except TargetError as refused:
        return f"refused: {refused}"
    return _agrees(evaluate(schedule.outputs, given), outputs) or "right"


def on_opencl(seeds: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Each seed and what became of it, in processes that may die."""
    left = list(seeds)
    while left:
        command = [sys.executable, "-m", "tests.fuzz.test_gpu", "--run", *map(str, left)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            seed, _, said = line.partition(" ")
            yield int(seed), said
            left.remove(int(seed))
        if left:
            yield left.pop(0), DIED


@pytest.mark.parametrize("part", range(PARTS))
def test_random_schedules_for_devices_compute_the_same_in_every_order(part: int) -> None:
    found = Counter(judge(seed) for seed in range(part, SEEDS, PARTS))
    assert found["right"] >= found["skipped"]


@pytest.mark.parametrize("seed", PINNED)
def test_what_failed_once(seed: int) -> None:
    assert judge(seed) == "right"


def test_random_schedules_compute_the_same_on_opencl() -> None:
    found = dict(on_opencl([*range(SEEDS), *MISCOMPILED]))
    wrong = {s: said for s, said in found.items() if not said.startswith(("right", "skip", "ref"))}
    assert not wrong
    assert sum(said == "right" for said in found.values()) >= SEEDS // 2


@pytest.mark.parametrize("seed", [*COMPILED, *range(40, 40 + SEEDS // 4)])
def test_random_schedules_compile_for_cuda(seed: int) -> None:
    schedule = random_gpu_schedule(seed)
    if schedule is None or _lowered(schedule) is None:
        return  # as other tests count them
    machine = targets.get({"name": "cuda", "architecture": "sm_80"})
    assert ".entry" in machine.code(machine.emit(machine.lower(schedule.mod)), "ptx")


def main(arguments: Sequence[str]) -> None:
    """`--run SEED...` runs these here; a number tries that many seeds, in other processes."""
    warnings.simplefilter("ignore")
    if arguments[0] == "--run":
        for seed in map(int, arguments[1:]):
            print(seed, run_on_opencl(seed).replace("\n", " "), flush=True)
        return
    count = Counter[str]()
    for seed, said in on_opencl(range(int(arguments[0]))):
        count[said.partition(":")[0] if said.startswith("refused") else said] += 1
        if said not in ("right", "skipped"):
            print(seed, said, flush=True)
    print(dict(count))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(sys.argv[1:])
