"""The handle on a tuner of several operators at once, which shares its trials out among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.te import Tensor
from tvmlab.tune.client import setup_of
from tvmlab.tune.record import Record
from tvmlab.tune.run import Message, Run
from tvmlab.tune.setup import Setup
from tvmlab.tune.title import title

PROGRAM = ["-m", "tvmlab.tune.task_process"]
"""What Python runs in the process."""

LEAST_TURN, MOST_TURN = 4, 32
"""Trials of a turn: enough to learn from, and few enough that the scheduler has a say."""


@dataclass
class TaskState:
    """What is known of one task.

    Attributes:
        setup: what is searched.
        weight: how often the model runs it.
        trials: its records so far, in order of arrival.
        best: the fastest verified of them.
        started: the message that told of its space; empty before.
    """

    setup: Setup
    weight: float
    trials: list[Record] = field(default_factory=list)
    best: Record | None = None
    started: Message = field(default_factory=dict)

    def __str__(self) -> str:
        return title(self.setup.workload)


class ModelRun(Run):
    """A tuning run of a model's operators; as `Run`, with `tasks` in place of one `best`.

    Attributes:
        tasks: one for each operator, in the order given.
    """

    def __init__(
        self, tasks: Sequence[TaskState], trials: int, db: str | Path | None, resume: bool
    ) -> None:
        self.tasks = tuple(tasks)
        super().__init__(replace(tasks[0].setup, trials=trials), db, resume)

    def __repr__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return (
            f"ModelRun({len(self.trials)} of {self.setup.trials} trials of {len(self.tasks)} "
            f"tasks, {self.status}{reason})"
        )

    @property
    def total_s(self) -> float | None:
        """Seconds of all tasks at their best, each as often as the model runs it; None while one
        has no verified trial."""
        times_s = [t.weight * t.best.median_s for t in self.tasks if t.best and t.best.median_s]
        return sum(times_s) if len(times_s) == len(self.tasks) else None

    def _program(self) -> list[str]:
        return PROGRAM

    def _asked(self) -> Message:
        tasks = [{"setup": task.setup.to_json(), "weight": task.weight} for task in self.tasks]
        asked = {"trials": self.setup.trials, "seed": self.setup.seed}
        return {"type": "tasks", "tasks": tasks, **asked}

    def _take(self, message: Message) -> None:
        super()._take(message)
        if "task" not in message:
            return
        task = self.tasks[message["task"]]
        with self._lock:
            if message["type"] == "started":
                task.started = message
            elif message["type"] == "record":
                record = self.trials[-1]
                task.trials.append(record)
                if record.is_better_than(task.best):
                    task.best = record


def start_tasks(
    workloads: Sequence[tuple[Tensor | Sequence[Tensor], float]],
    target: str = "cpu",
    trials: int = 64,
    seed: int = 0,
    db: str | Path | None = None,
    resume: bool = False,
    **options: Any,
) -> ModelRun:
    """Begin a search for fast schedules of several expressions; returns at once.

    Args:
        workloads: each with its weight, how often it is run; equal ones are one task.
        target, seed, db, resume, options: as `tvmlab.tune.client.start` takes them, `transfer` and
            `space` among them.
        trials: how many candidates are tried, of all expressions together.

    Raises:
        UsageError: nothing to tune, a weight that is not above 0, or no such option.
    """
    weights: dict[str, float] = {}
    setups: dict[str, Setup] = {}
    turn = max(LEAST_TURN, min(MOST_TURN, trials // (4 * max(1, len(workloads)))))
    given: dict[str, Any] = {"target": target, "trials": trials, "seed": seed, "batch": turn}
    for outputs, weight in workloads:
        if not weight > 0:
            raise UsageError(f"a weight of {weight} was given; a weight is a number above 0.")
        setup = setup_of(outputs, db, **given | options)
        key = repr(setup.workload)
        setups.setdefault(key, setup)
        weights[key] = weights.get(key, 0.0) + weight
    if not setups:
        raise UsageError("there is nothing to tune; give at least one workload.")
    tasks = [TaskState(setup, weights[key]) for key, setup in setups.items()]
    return ModelRun(tasks, trials, db, resume)
