"""`tvmlab tune --model-file`: search for fast schedules of all operators of an ONNX model."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TextIO

from tvmlab.cli.arguments import Parser, whole_number
from tvmlab.cli.entry import INTERRUPTED
from tvmlab.cli.interrupt import LOOK_S, cut_short
from tvmlab.errors import UsageError
from tvmlab.graph.onnx_import import import_onnx
from tvmlab.graph.tasks import tune_model
from tvmlab.tune.database import Database
from tvmlab.tune.model_client import ModelRun, TaskState

INTERVAL_S = 5.0
"""Seconds between two looks at all tasks."""

USAGE = "--model-file MODEL.onnx --db run.db [--trials 64] [--seed 0] [--resume]"
MORE = """\
The trials are shared out among the operators: each turn goes to the one that promises to take most
off a run of the model. A graph compiled with best_steps(database) then takes what was found.

exit codes: 0 done, 1 an operator has nothing right, 2 bad arguments or files, 130 interrupted"""


def run(words: list[str]) -> int:
    """Tune, show how every task goes, and end with what was found of each."""
    given = _parser().parse_args(words)
    if given.resume:
        Database.open(given.db, create=False).close()
    graph = import_onnx(given.model_file)
    tuning = tune_model(graph, "cpu", given.trials, given.seed, given.db, given.resume)
    print(f"tuning {len(tuning.tasks)} operators, {given.trials} trials, kept in {given.db}")
    is_whole = follow(tuning, sys.stdout)
    if tuning.status == "failed":
        raise UsageError(tuning.reason)
    print(f"\n{len(tuning.trials)} trials ({tuning.reason})")
    print("\n".join(map(said, tuning.tasks)))
    if tuning.total_s is not None:
        print(f"all operators at their best: {tuning.total_s * 1e6:.4g} us a run of the model")
    if not is_whole:
        more = [] if given.resume else ["--resume"]
        print(f"go on with: {shlex.join(['tvmlab', 'tune', *words, *more])}")
        return INTERRUPTED
    return 0 if tuning.total_s is not None else 1


def follow(tuning: ModelRun, stream: TextIO) -> bool:
    """Show the run until it is over, a line for each task that moved; False if interrupted."""
    shown: dict[int, str] = {}

    def show() -> None:
        for place, task in enumerate(tuning.tasks):
            if task.trials and said(task) != shown.get(place):
                shown[place] = said(task)
                print(f"[{len(tuning.trials)}/{tuning.setup.trials}] {said(task)}", file=stream)

    try:
        next_s = time.monotonic() + INTERVAL_S
        while not tuning.is_over:
            tuning.wait(LOOK_S)
            if time.monotonic() >= next_s:
                show()
                next_s = time.monotonic() + INTERVAL_S
        return True
    except KeyboardInterrupt:
        cut_short(tuning)
        return False
    finally:
        tuning.close()


def said(task: TaskState) -> str:
    """How a task stands, in one line."""
    failed = sum(not record.outcome.is_ok for record in task.trials)
    best = "nothing right yet"
    if task.best is not None and task.best.median_s is not None:
        best = f"best {task.best.median_s * 1e6:.4g} us"
    failures = f", {failed} failed" if failed else ""
    return f"{task.weight:g} x {task}: {len(task.trials)} trials{failures}, {best}"


def _parser() -> Parser:
    parser = Parser("tune", USAGE, "Search for fast schedules of a model's operators.", MORE)
    parser.add_argument("--model-file", type=Path, required=True, help="an ONNX model")
    parser.add_argument("--db", required=True, help="the database that keeps every trial")
    number = whole_number("--trials", 1)
    parser.add_argument("--trials", default=64, type=number, help="of all operators together (64)")
    number = whole_number("--seed", 0)
    parser.add_argument("--seed", default=0, type=number, help="of the searches and inputs (0)")
    parser.add_argument("--resume", action="store_true", help="go on with the last run in --db")
    return parser
