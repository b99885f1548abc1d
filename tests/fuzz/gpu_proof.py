"""The proof of a GPU in one command: random legal schedules on the device, against NumPy.

    python -m tests.fuzz.gpu_proof [--target cuda] [--seeds 500] [--first 0] [--sanitize 24]

Runs the schedules of so many seeds, and all that failed once, on a device of the target, integers
exactly and floats within the bound that the reference computes; compiles the same for CUDA, with or
without a device; and on a CUDA device runs some of them once more under NVIDIA's compute-sanitizer,
where it is installed. Schedules run in processes that may die: what touches memory that is not
there ends all work of its process. In the end it says how many of the schedules tried each step.
Ends with 0 if all is right, 1 if something is not, and 2 in one sentence where there is no device.
`--target opencl` needs no GPU: PoCL makes the processor one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from tests.fuzz.gpu_cases import PINNED, lowered, met, schedule_of, seed_of
from tests.fuzz.test_schedules import _agrees, _outputs
from tvmlab import targets
from tvmlab.errors import TargetError
from tvmlab.targets.cuda.limits import cuda_devices
from tvmlab.targets.opencl.limits import opencl_devices
from tvmlab.targets.target import Signature
from tvmlab.te.evaluate import evaluate, random_inputs

DEVICES: dict[str, Callable[[], tuple[Sequence[object], str]]] = {
    "opencl": opencl_devices,
    "cuda": cuda_devices,
}
"""What is on this machine, by target, and where that is nothing, a sentence of why."""

ARCHITECTURE = "sm_80"
"""The oldest with all instructions and copies that schedules ask for."""

RIGHT, SKIPPED, BEYOND = "right", "skipped", "beyond"
"""What may become of a schedule; `skipped`: none for a device; `beyond`: the device's limits."""

LIMITS = ("threads a block, and", "more threads along", "in shared memory, and", "not compute in")
"""Words of a refusal that says a limit of the device."""

DIED = "died"
BATCH = 20
"""Schedules that one process runs."""

SANITIZER = "compute-sanitizer"
TOOLS = ("memcheck", "racecheck", "synccheck")
FOUND = 86
"""The exit status by which the sanitizer says that it found something."""

Outcome = tuple[str, str]
"""A schedule's name, and what became of it."""


def run(name: str, target: str) -> str:
    """What became of a schedule on the device: `right`, `skipped`, `beyond` the device's limits, or
    in words what is wrong."""
    schedule = schedule_of(name)
    program = None if schedule is None else lowered(schedule)
    if schedule is None or program is None:
        return SKIPPED
    machine = targets.get(target)
    given = random_inputs(schedule.outputs, seed_of(name))
    outputs = _outputs(schedule.outputs)
    try:
        kernel = machine.build(machine.emit(machine.lower(schedule.mod)), Signature.of(program))
        kernel(*given.values(), *outputs)
    except TargetError as error:
        return f"{BEYOND}: {error}" if any(w in str(error) for w in LIMITS) else f"failed: {error}"
    return _agrees(evaluate(schedule.outputs, given), outputs) or RIGHT


def compiled(name: str) -> str:
    """What NVIDIA's compiler makes of a schedule: `right`, `skipped`, or in words what is wrong."""
    schedule = schedule_of(name)
    if schedule is None or lowered(schedule) is None:
        return SKIPPED
    machine = targets.get({"name": "cuda", "architecture": ARCHITECTURE})
    try:
        text = machine.code(machine.emit(machine.lower(schedule.mod)), "ptx")
    except TargetError as error:
        return f"failed: {error}"
    return RIGHT if ".entry" in text else "failed: there is no kernel in it"


def is_good(said: str) -> bool:
    """Whether what became of a schedule is no defect."""
    return said.startswith((RIGHT, SKIPPED, BEYOND))


def outcomes(names: Sequence[str], what: str) -> Iterator[Outcome]:
    """Each schedule and what became of it on the device of target `what`, or, if that is `compile`,
    in the compiler; in processes that may die, and do after what is wrong."""
    left = list(names)
    while left:
        batch = left[:BATCH]
        done = subprocess.run(_command(batch, what), capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            name, _, said = line.partition(" ")
            if name in left:
                left.remove(name)
                yield name, said
        untold = [name for name in batch if name in left]
        if done.returncode and untold:
            left.remove(untold[0])
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            yield untold[0], f"{DIED} with {done.returncode}: {last}"


def _command(names: Sequence[str], what: str) -> list[str]:
    return [sys.executable, "-m", "tests.fuzz.gpu_proof", "--each", what, *names]


def _each(what: str, names: Sequence[str]) -> None:
    """Say of each schedule what becomes of it, up to the first that may have harmed the device."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    for name in names:
        said = _compiled_and_met(name) if what == "compile" else run(name, what)
        print(name, said.replace("\n", " "), flush=True)
        if not is_good(said):
            return


def _compiled_and_met(name: str) -> str:
    """What NVIDIA's compiler makes of a schedule, and if it is right, what the schedule tries."""
    said, schedule = compiled(name), schedule_of(name)
    return f"{said}: {', '.join(met(schedule))}" if said == RIGHT and schedule else said


def sanitized(names: Sequence[str], tool: str, target: str = "cuda") -> str:
    """What a tool of compute-sanitizer says against schedules on the device; empty if nothing."""
    command = [SANITIZER, "--tool", tool, "--error-exitcode", str(FOUND)]
    done = subprocess.run(
        [*command, *_command(names, target)], capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return ""
    told = [line for line in done.stdout.splitlines() if line.startswith("=====")]
    return "\n".join(told or [f"it ended with {done.returncode}: {done.stderr.strip()[-500:]}"])


def _sanitized(names: Sequence[str]) -> bool:
    """Print what compute-sanitizer says; whether it says nothing."""
    if shutil.which(SANITIZER) is None:
        print(f"{SANITIZER} is not installed, and was left out; it comes with the CUDA toolkit.")
        return True
    wrong = {tool: said for tool in TOOLS if (said := sanitized(names, tool))}
    for tool in TOOLS:
        print(f"{SANITIZER} {tool}, {len(names)} schedules: {wrong.get(tool, 'nothing found')}")
    return not wrong


def _proved(title: str, names: Sequence[str], found: Iterable[Outcome]) -> bool:
    """Print what is wrong, and the sum; whether nothing is."""
    begin_s = time.perf_counter()
    count, tried, wrong = Counter[str](), Counter[str](), 0
    for name, said in found:
        count[said.partition(":")[0] if is_good(said) else "wrong"] += 1
        if said.startswith(RIGHT):
            tried.update(filter(None, said.partition(": ")[2].split(", ")))
        if not is_good(said):
            wrong += 1
            print(f"{name}: {said}", flush=True)
    sums = ", ".join(f"{n} {word}" for word, n in count.most_common())
    taken_s = time.perf_counter() - begin_s
    print(f"{title}, {len(names)} schedules: {sums}; {taken_s:.0f} s", flush=True)
    for step, schedules in tried.most_common():
        print(f"{schedules:6} {step}")
    return not wrong


def main(arguments: Sequence[str]) -> int:
    """Prove and print."""
    parser = argparse.ArgumentParser(description="Random schedules on a device, against NumPy.")
    parser.add_argument("--target", choices=DEVICES, default="cuda")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--sanitize", type=int, default=24, help="seeds for compute-sanitizer")
    parser.add_argument("--each", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.each:
        _each(asked.each[0], asked.each[1:])
        return 0
    devices, why = DEVICES[asked.target]()
    if not devices:
        print(f"nothing to prove on: {why}", file=sys.stderr)
        return 2
    seeds = [str(seed) for seed in range(asked.first, asked.first + asked.seeds)]
    names = [*PINNED, *seeds]
    good = [
        _proved(f"on {asked.target}", names, outcomes(names, asked.target)),
        _proved(f"compiled for {ARCHITECTURE}", names, outcomes(names, "compile")),
    ]
    if asked.target == "cuda" and asked.sanitize:
        good.append(_sanitized([*PINNED, *seeds[: asked.sanitize]]))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
