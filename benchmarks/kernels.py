"""Our kernels beside other libraries and the machine's limits, in interleaved rounds.

    .venv/bin/python benchmarks/kernels.py [names] [--class dense] [--goals] [--threads 1,2]
                                           [--rounds 15] [--json FILE]

Every contender is called in turn, round after round, so that what the machine does meanwhile hits
all alike; compare least times, and take 5 % on one thread or 10 % on two for noise. Ours is the
default schedule of the operator's template, without any search. Every result is checked against a
reference in float64 first. Each number of threads is measured in a process of its own, kept to so
many cores, because libraries take it from their surroundings when they are loaded.

The limit is the longer of flops / peak and compulsory bytes / bandwidth of the nearest memory that
holds them, both measured by code of our own (`tvmlab.targets.cpu.limits`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from contest import broken, measure, pin
from goals import GOALS, Row
from peers import missing
from table import goals_table, workload_table

from tvmlab import ops
from tvmlab.errors import TvmlabError
from tvmlab.schedule.caution import ScheduleWarning
from tvmlab.targets.cpu.limits import cpu_features, cpu_peaks
from tvmlab.version import __version__

DEFAULT = ("headline", "C6", "D7", "softmax", "chain")
THREAD_VARIABLES = (
    "TVMLAB_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "HL_NUM_THREADS",
    "TVM_NUM_THREADS",
)


def run_in_processes(names: Sequence[str], threads: Sequence[str], rounds: int) -> list[Row]:
    """The rows of every number of threads, each from a process that was started with it."""
    rows: list[Row] = []
    for count in threads:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, count)
        command = [sys.executable, __file__, *names, "--rounds", str(rounds), "--child", count]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if not line.startswith("{"):
                    continue  # a library greets its user
                found = json.loads(line)
                print("\n".join(workload_table(found["rows"], found["absent"])), flush=True)
                rows += found["rows"]
        if child.returncode:
            sys.exit(
                f"the measurements on {count} thread(s) ended with exit code {child.returncode}."
            )
    return rows


def run_here(names: Sequence[str], count: int, rounds: int) -> None:
    """The measurements of this process, one line of JSON for each workload."""
    pin(count)
    cpu_peaks(refresh=True)  # the better figures stay, so a busy moment does no lasting harm
    warnings.simplefilter("ignore", ScheduleWarning)  # said in the lab, not between figures
    for name in names:
        try:
            found = measure(name, ops.named(name), rounds)
        except TvmlabError as error:
            found = broken(name, error)
        print(json.dumps(found), flush=True)


def document(rows: Sequence[Row]) -> dict[str, Any]:
    """What `--json` keeps: the figures, and what they were measured with."""
    features = cpu_features()
    return {
        "tvmlab_benchmark": 1,
        "version": __version__,
        "machine": {
            "model": features.model,
            "cores": features.cores,
            "instruction_sets": list(features.instruction_sets),
            "peaks": asdict(cpu_peaks()),
        },
        "missing": missing(),
        "rows": list(rows),
    }


def cores() -> int:
    """Cores that this process may use."""
    return cpu_features().cores


def chosen(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The workloads asked for that there are, and those of a class that there are not."""
    classes = list(GOALS) if args.goals and not args.classes and not args.names else args.classes
    wanted = list(args.names)
    for name in classes:
        wanted += [w for w in GOALS[name].workloads if w not in wanted]
    if not wanted:
        wanted = list(DEFAULT)
    unknown = [w for w in wanted if w not in ops.NAMED and w not in args.names]
    return [w for w in wanted if w not in unknown], unknown


def parser() -> argparse.ArgumentParser:
    both = "1,2" if cores() > 1 else "1"
    found = argparse.ArgumentParser(description="Our kernels beside other libraries.")
    found.add_argument("names", nargs="*", help="workloads of tvmlab.ops.NAMED")
    found.add_argument(
        "--class", dest="classes", action="append", default=[], choices=list(GOALS),
        help="all workloads of this class; may be given several times",
    )  # fmt: skip
    found.add_argument(
        "--goals", action="store_true", help="say which goals are met; of all classes by default"
    )
    found.add_argument("--threads", default=both, help="numbers of threads, with commas")
    found.add_argument("--rounds", type=int, default=15, help="turns of every contender")
    found.add_argument("--json", help="also write the figures to this file")
    found.add_argument("--child", type=int, help=argparse.SUPPRESS)
    return found


def main() -> None:
    args = parser().parse_args()
    names, unknown = chosen(args)
    try:
        for name in names:
            ops.named(name)
    except TvmlabError as error:
        parser().error(str(error))
    threads = args.threads.split(",")
    wrong = [n for n in threads if n not in map(str, range(1, cores() + 1))]
    if wrong:
        parser().error(f"--threads {wrong[0]} is not possible: this machine has {cores()} core(s).")
    if args.child:
        run_here(names, args.child, args.rounds)
        return
    for peer, package in missing().items():
        print(f"{peer} is missing: install {package} to have it beside us.")
    rows = run_in_processes(names, threads, args.rounds)
    if args.goals:
        print("\n".join(goals_table(rows, unknown)))
    elif unknown:
        print(f"\nno such workload yet: {', '.join(unknown)}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(document(rows), file, indent=1)


if __name__ == "__main__":
    main()
