"""How long a user waits: from a step to its text, its code and its first time.

    .venv/bin/python benchmarks/latency.py [--samples 20] [--json FILE]

Each action is timed on many different schedules with a cold cache of compiled objects, so that
nothing is answered from memory. The 50th and the 95th percentile are printed beside the budget,
which is for the 95th on two ordinary cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from statistics import median, quantiles

import numpy as np

import tvmlab as t
from tvmlab import ops
from tvmlab.api import Schedule, create_schedule
from tvmlab.errors import ScheduleError
from tvmlab.measure.timing import duration
from tvmlab.schedule import Step
from tvmlab.schedule.primitives import Reorder, Split, Unroll, Vectorize
from tvmlab.targets import get
from tvmlab.targets.cpu.threads import num_threads
from tvmlab.targets.target import Signature


@dataclass(frozen=True)
class Action:
    """Something a user waits for.

    Attributes:
        name: what she did, and what she waits for.
        budget_s: the longest wait at the 95th percentile.
        why: where the budget comes from.
        calls: the timed calls, one for each sample.
        times: how often each call does it.
    """

    name: str
    budget_s: float
    why: str
    calls: Iterator[Callable[[], object]]
    times: int = 1


def tiled(size: int, rows: int, lanes: int, depth: int) -> tuple[Schedule, Step]:
    """A tiled product of size cubed but for its last step, and that step."""
    schedule = create_schedule(ops.matmul(size, size, size, transpose_a=True))
    stage = schedule["C"]
    _, _, y, x = stage.tile("y", "x", rows, lanes)
    _, k = stage.split("k", depth)
    stage.reorder("yo", "xo", "ko", k, y, x)
    stage.vectorize(x)
    return schedule, Unroll("C", str(y))


def variants(size: int) -> Iterator[tuple[Schedule, Step]]:
    """Schedules of a product that differ in their tiles, good ones first."""
    for rows, lanes, depth in product((8, 4, 16, 2, 6), (32, 16, 64, 48), (256, 128, 64, 32)):
        yield tiled(size, rows, lanes, depth)


def texts() -> Iterator[Callable[[], object]]:
    """A step on a schedule of four, then the program's text."""
    for schedule, step in variants(1024):
        yield lambda schedule=schedule, step=step: str(applied(schedule, step))


def applied(schedule: Schedule, step: Step) -> Schedule:
    """The schedule with one more step."""
    schedule.apply(step)
    return schedule


def undos() -> Iterator[Callable[[], object]]:
    """The last step taken back, then the text."""
    for schedule, step in variants(1024):
        applied(schedule, step)
        yield lambda schedule=schedule: (schedule.undo(), str(schedule))


def refusals() -> Iterator[Callable[[], object]]:
    """Steps that are illegal for different reasons."""
    wrong: tuple[Step, ...] = (
        Vectorize("C", "ki"),
        Vectorize("C", "yo"),
        Reorder("C", ("yo", "yo")),
        Split("C", "xi", (None, 8)),
        Unroll("C", "nowhere"),
    )
    for (schedule, _), step in zip(variants(1024), wrong * 16, strict=False):
        yield lambda schedule=schedule, step=step: refused(schedule, step)


def refused(schedule: Schedule, step: Step) -> str:
    """The words with which the step is refused."""
    try:
        schedule.apply(step)
    except ScheduleError as error:
        return str(error.refusal)
    raise AssertionError(f"{step} was to be refused")


def move_lists() -> Iterator[Callable[[], object]]:
    """The legal moves at every loop of the schedule."""
    for schedule, step in variants(1024):
        applied(schedule, step)
        loops = list(schedule["C"].loops)
        yield lambda schedule=schedule, loops=loops: [schedule.moves(loop) for loop in loops]


def several_blocks(rows: int) -> Schedule:
    """Five blocks in one nest, 150 nodes: stencils with halos, a product, an elementwise end."""
    a, w = t.placeholder((104, 96), name="A"), t.placeholder((96, 96), name="W")
    k = t.reduce_axis((0, 96), name="k")
    b = t.compute((102, 96), lambda y, x: (a[y, x] + a[y + 1, x] + a[y + 2, x]) * 0.3, name="B")
    c = t.compute((100, 96), lambda y, x: (b[y, x] + b[y + 1, x] + b[y + 2, x]) * 0.3, name="C")
    d = t.compute((96, 96), lambda y, x: t.sum(c[y, k] * w[k, x], axis=k), name="D")
    e = t.compute((96, 96), lambda y, x: t.exp(d[y, x]) + c[y + 1, x], name="E")
    s = create_schedule(t.compute((96, 96), lambda y, x: e[y, x] * 2.0 - b[y, x], name="F"))
    yo, xo, _, xi = s["F"].tile("y", "x", rows, 16)
    for block, consumer, loop in (("E", "F", xo), ("D", "E", "y"), ("C", "F", yo), ("B", "F", yo)):
        s[block].compute_at(consumer, str(loop))
    s["F"].vectorize(xi)
    s["F"].parallel(yo)
    return s


def steps_among_blocks() -> Iterator[Callable[[], object]]:
    """A step of each kind in a nest of five blocks, then the program's text."""
    while True:
        for rows in (16, 8, 32):
            asked = several_blocks(rows)
            for loop in asked["C"].loops[-2:]:
                for step in asked.moves(loop):
                    schedule = several_blocks(rows)
                    yield lambda schedule=schedule, step=step: str(applied(schedule, step))


def moves_among_blocks() -> Iterator[Callable[[], object]]:
    """The legal moves at one loop of a nest of five blocks."""
    while True:
        for rows in (16, 8, 32, 12, 24, 48):
            schedule = several_blocks(rows)
            for loop in schedule["F"].loops:
                yield lambda schedule=schedule, loop=loop: schedule.moves(loop)


def codes(size: int, kind: str) -> Iterator[Callable[[], object]]:
    """A step, then generated text of `kind`."""
    for schedule, step in variants(size):
        yield lambda schedule=schedule, step=step: applied(schedule, step).code(kind)


def builds(size: int, preset: str) -> Iterator[Callable[[], object]]:
    """A step, then a kernel that could be called."""
    machine = get({"name": "cpu", "preset": preset})

    def build(schedule: Schedule, step: Step) -> object:
        program = applied(schedule, step).lowered()
        return machine.build(machine.emit(program), Signature.of(program))

    for schedule, step in variants(size):
        yield lambda schedule=schedule, step=step: build(schedule, step)


def first_times(size: int) -> Iterator[Callable[[], object]]:
    """A step, then its kernel's time by the quick protocol: inputs, code, 10 + 100 ms of runs."""
    for schedule, step in variants(size):
        yield lambda schedule=schedule, step=step: applied(schedule, step).time()


HOT = 1000
"""Launches in a row, in machine code."""


def launches(idle_s: float | None) -> Iterator[Callable[[], object]]:
    """A parallel loop of one addition a thread, after workers had nothing to do for `idle_s`.

    None: `HOT` of them one after the other.
    """
    threads = num_threads()
    a = t.placeholder((threads,), name="A")
    s = create_schedule(t.compute((threads,), lambda i: a[i] + 1.0, name="B"))
    s["B"].parallel("i", chunks="static")
    program = s.lowered()
    machine = get("cpu")
    arrays = np.zeros((2, threads), np.float32)
    call = machine.build(machine.emit(program), Signature.of(program)).prepare(*arrays)
    call.repeat(HOT)
    while True:
        if idle_s is None:
            yield lambda: call.repeat(HOT)
        else:
            time.sleep(idle_s)
            yield call


def imports() -> Iterator[Callable[[], object]]:
    """`import tvmlab` in a fresh interpreter, with all that an expression needs."""
    command = [sys.executable, "-c", "import tvmlab; tvmlab.placeholder; tvmlab.compute"]
    while True:
        yield lambda: subprocess.run(command, check=True)


def actions() -> list[Action]:
    """Everything that has a budget."""
    return [
        Action("import tvmlab", 0.3, "less than one notices", imports()),
        Action("step -> IR text", 0.020, "engine's part of 100 ms on screen", texts()),
        Action("undo -> IR text", 0.050, "a switch of view", undos()),
        Action("illegal step -> reason", 0.100, "before the thought is over", refusals()),
        Action("moves of every loop", 0.250, "the menu of all visible loops", move_lists()),
        Action("step among five blocks", 0.020, "as in a program of one", steps_among_blocks()),
        Action("moves of a loop of five", 0.050, "the menu of a loop", moves_among_blocks()),
        Action("step -> LLVM IR, 1024^3", 0.100, "a tab that fills at once", codes(1024, "llvm")),
        Action("step -> assembly, 1024^3", 0.250, "a tab that fills soon", codes(1024, "asm")),
        Action("step -> kernel, 1024^3", 0.025, "TVM 0.27's figure", builds(1024, "explore")),
        Action("same, all LLVM passes", 0.150, "any workload", builds(1024, "full")),
        Action("launch, hot", 1e-6, "a share of 10 us of work", launches(None), HOT),
        Action("launch after 1 ms", 100e-6, "a worker's wake-up", launches(0.001)),
        Action("launch after 20 ms", 200e-6, "a worker's wake-up", launches(0.020)),
        Action("step -> first time, 256^3", 1.0, "0.4 s typically", first_times(256)),
        Action("step -> first time, 1024^3", 1.0, "0.4 s typically", first_times(1024)),
    ]


def timed(call: Callable[[], object]) -> float:
    """Seconds the call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a user waits.")
    parser.add_argument("--samples", type=int, default=20, help="of every action, at most 80")
    parser.add_argument("--json", help="also write the figures to this file")
    args = parser.parse_args()
    rows = []
    print(f"{'':28} {'p50':>9} {'p95':>9} {'budget':>9}")
    for action in actions():
        first = next(action.calls)
        first()  # libraries that load when first needed are not what is asked about
        calls = zip(range(args.samples), action.calls, strict=False)
        times_s = [timed(call) / action.times for _, call in calls]
        p50, p95 = median(times_s), quantiles(times_s, n=20, method="inclusive")[-1]
        verdict = "" if p95 <= action.budget_s else "  MISSED"
        print(
            f"{action.name:28} {duration(p50):>9} {duration(p95):>9} "
            f"{duration(action.budget_s):>9}{verdict}  ({action.why})",
            flush=True,
        )
        rows.append(
            {"action": action.name, "p50_s": p50, "p95_s": p95, "budget_s": action.budget_s}
        )
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cold:
        os.environ["XDG_CACHE_HOME"] = cold
        main()
