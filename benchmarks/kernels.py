"""Our kernels beside other libraries and the machine's limits, in interleaved rounds.

    .venv/bin/python benchmarks/kernels.py [names] [--threads 1,2] [--rounds 15] [--json FILE]

Every contender is called in turn, round after round, so that what the machine does meanwhile hits
all alike; compare least times, and take 5 % on one thread or 10 % on two for noise. Ours is the
default schedule of the operator's template, without any search. Every result is checked against a
reference in float64 first. Each number of threads is measured in a process of its own, because
NumPy's BLAS takes it from the environment when it is loaded.

The limit is the longer of flops / peak and compulsory bytes / memory bandwidth, both measured by
code of our own (`tvmlab.targets.cpu.limits`); data that stay in the caches may beat it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from peers import PEERS, Call, missing, threads

from tvmlab import ops
from tvmlab.api import Function, create_schedule
from tvmlab.errors import TvmlabError
from tvmlab.measure.timing import Protocol, duration, spread, time_callable
from tvmlab.ops import VectorUnit, Workload
from tvmlab.targets.cpu.limits import cpu_features, cpu_peaks
from tvmlab.te.evaluate import random_inputs

DEFAULT = ("headline", "C6", "D7", "softmax", "chain")
THREAD_VARIABLES = ("TVMLAB_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
ROUND = Protocol(warmup_s=0.01, min_repeat_s=0.01, min_repeats=1, max_repeats=1)
"""One contender's turn: warm again, then a mean over at least 10 ms."""
SETTLE_S = 0.2
"""Pause before each turn: worker threads of the contender before spin on (OpenBLAS's for 2**26
cycles and more: 30 ms was too little) and would take a core from the next."""
TOLERANCE = 1e-5
"""Largest error allowed, as a share of the result's largest element: float32 rounds to 6e-8, and
the sums here have up to 4608 terms."""

Row = dict[str, Any]


def our_function(workload: Workload) -> Function:
    """Our kernel under the default knobs of its template."""
    features = cpu_features()
    vectors = VectorUnit(features.vector_registers, features.vector_bits)
    template = workload.template("cpu", vectors)
    schedule = create_schedule(workload)
    template.apply(schedule, template.default(workload.tensors))
    return schedule.build()


def contenders(
    workload: Workload, arrays: list[np.ndarray]
) -> dict[str, tuple[Call, Callable[[], float]]]:
    """For each contender a call that gives its result, and one that gives its seconds."""
    function = our_function(workload)
    out = np.full(workload.tensors[0].extents, np.nan, workload.tensors[0].dtype)

    def ours() -> np.ndarray:
        function(*arrays, out)
        return out

    found = {"tvmlab": (ours, lambda: function.time(*arrays, out, protocol=ROUND).min_s)}
    lacks = missing()
    for name, (make, _) in PEERS.items():
        if name not in lacks:
            call = make(workload, arrays)
            if call is None:
                print(f"{name} has no {workload.name} here.", file=sys.stderr)
                continue
            found[name] = (call, lambda call=call: time_callable(call, ROUND).min_s)
    return found


def measure(name: str, rounds: int) -> list[Row]:
    """The contenders' times for one workload, as plain data."""
    workload = ops.named(name)
    arrays = list(random_inputs(workload.tensors, seed=0).values())
    (expected,) = workload.reference(*arrays)
    every = contenders(workload, arrays)
    errors = {who: relative_error(call(), expected) for who, (call, _) in every.items()}
    times_s: dict[str, list[float]] = {who: [] for who in every}
    for _ in range(rounds):
        for who, (_, timed_s) in every.items():
            time.sleep(SETTLE_S)
            times_s[who].append(timed_s())
    limit_s = least_time_s(workload)
    return [
        {
            "workload": name,
            "threads": threads(),
            "who": who,
            "min_s": min(taken),
            "median_s": median(taken),
            "spread": spread(taken),
            "flops": workload.flops,
            "share_of_limit": limit_s / min(taken),
            "relative_error": errors[who],
        }
        for who, taken in times_s.items()
    ]


def relative_error(result: Any, expected: np.ndarray) -> float:
    """The largest error as a share of the largest element; NaN where an element is NaN."""
    got = np.asarray(result)
    assert got.shape == expected.shape, f"{got.shape} instead of {expected.shape}"
    return float(np.abs(got - expected).max() / np.abs(expected).max())


def least_time_s(workload: Workload) -> float:
    """The time below which the machine's limits do not let the workload go."""
    peaks, every = cpu_peaks(), threads() > 1
    compute_s = workload.flops / peaks.flop_per_s[workload.tensors[0].dtype][every]
    return max(compute_s, workload.bytes / peaks.read_bytes_per_s["DRAM"][every])


def show(rows: list[Row]) -> None:
    """The table of one workload on so many threads."""
    best_peer_s = min(r["min_s"] for r in rows if r["who"] != "tvmlab")
    print(f"\n{rows[0]['workload']}, {rows[0]['threads']} thread(s)")
    print(
        f"  {'':12} {'min':>9} {'median':>9} {'spread':>7} {'GFLOP/s':>8} {'of limit':>8} "
        f"{'/ best peer':>11} {'error':>8}"
    )
    for r in rows:
        doubt = "" if r["relative_error"] <= TOLERANCE else "  WRONG"
        print(
            f"  {r['who']:12} {duration(r['min_s']):>9} {duration(r['median_s']):>9} "
            f"{r['spread']:7.0%} {r['flops'] / r['min_s'] / 1e9:8.1f} {r['share_of_limit']:8.0%} "
            f"{r['min_s'] / best_peer_s:11.2f} {r['relative_error']:8.1e}{doubt}",
            flush=True,
        )


def run_in_processes(args: argparse.Namespace) -> list[Row]:
    """The rows of every number of threads, each from a process that was started with it."""
    rows: list[Row] = []
    for count in args.threads.split(","):
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, count)
        command = [sys.executable, __file__, *args.names, "--rounds", str(args.rounds), "--child"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                found = json.loads(line)
                show(found)
                rows += found
        if child.returncode:
            sys.exit(
                f"the measurements on {count} thread(s) ended with exit code {child.returncode}."
            )
    return rows


def cores() -> int:
    """Cores that this process may use."""
    return cpu_features().cores


def default_threads() -> str:
    """One thread, and two where there are two cores."""
    return "1,2" if cores() > 1 else "1"


def main() -> None:
    parser = argparse.ArgumentParser(description="Our kernels beside other libraries.")
    parser.add_argument("names", nargs="*", default=DEFAULT, help="workloads of tvmlab.ops.NAMED")
    parser.add_argument(
        "--threads", default=default_threads(), help="numbers of threads, with commas"
    )
    parser.add_argument("--rounds", type=int, default=15, help="turns of every contender")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        for name in args.names:
            ops.named(name)
    except TvmlabError as error:
        parser.error(str(error))
    wrong = [n for n in args.threads.split(",") if n not in map(str, range(1, cores() + 1))]
    if wrong:
        parser.error(f"--threads {wrong[0]} is not possible: this machine has {cores()} core(s).")
    if args.child:
        for name in args.names:
            print(json.dumps(measure(name, args.rounds)), flush=True)
        return
    for peer, package in missing().items():
        print(f"{peer} is missing: install {package} to have it beside us.")
    rows = run_in_processes(args)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"missing": missing(), "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
