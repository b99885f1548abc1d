"""The tuner of a whole model in a process of its own: `python -m tvmlab.tune.task_process`.

As `tvmlab.tune.process`, but for the first message,

    {"type": "tasks", "tasks": [{"setup": {...}, "weight": 2.0}, ...], "trials": 500, "seed": 0,
     "db": "run.db" or null, "resume": false}

and for what is told of one of the tasks: it says `"task": 0`, its place among them.
"""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.tune.database import Database
from tvmlab.tune.loop import Commands, Tell
from tvmlab.tune.process import begin, keep_best, listen, loop_of, main, runner_for
from tvmlab.tune.similarity import kinds_of, work
from tvmlab.tune.task_loop import TaskRun, take_turns
from tvmlab.tune.task_scheduler import Task, TaskScheduler


def tune_tasks(start: dict[str, Any], messages: Iterator[dict[str, Any]], tell: Tell) -> None:
    """Tune the tasks of the first message, each turn that which promises most."""
    if start.get("type") != "tasks":
        raise UsageError(f"the tuner was told {start.get('type')!r} first; begin with 'tasks'.")
    with Database.open(start.get("db")) as database:
        asked = [
            {"type": "start", "setup": task["setup"], "resume": start.get("resume")}
            for task in start["tasks"]
        ]
        tells = [_about(n, tell) for n in range(len(asked))]
        begun = [begin(each, database, told) for each, told in zip(asked, tells, strict=True)]
        tell({"type": "state", "state": "running"})
        with runner_for(begun[0].setup) as runner:
            commands: Commands = queue.SimpleQueue()
            runs = [
                TaskRun(each.search.session, loop_of(each, runner, database, told, commands))
                for each, told in zip(begun, tells, strict=True)
            ]
            listen(messages, commands)
            scheduler = TaskScheduler(_tasks(start["tasks"]), int(start.get("seed", 0)))
            ending = take_turns(runs, scheduler, int(start["trials"]))
            for each, run in zip(begun, runs, strict=True):
                run.loop.end()
                keep_best(each, database)
        tell({"type": "done", "reason": ending})


def _tasks(asked: list[Mapping[str, Any]]) -> list[Task]:
    workloads = [task["setup"]["workload"] for task in asked]
    weights = [float(task["weight"]) for task in asked]
    return [
        Task(weight, work(workload), kind)
        for weight, workload, kind in zip(weights, workloads, kinds_of(workloads), strict=True)
    ]


def _about(task: int, tell: Tell) -> Tell:
    """Tells what concerns one task; the state is that of all."""

    def told(message: dict[str, Any]) -> None:
        tell(message if message["type"] == "state" else message | {"task": task})

    return told


if __name__ == "__main__":
    sys.exit(main(tune_tasks))
