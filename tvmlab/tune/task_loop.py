"""The turns of several tasks on one runner: as the scheduler says, a batch at a time.

A turn whose trials are all known already costs nothing, so a run is resumed by going through its
turns again from the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tvmlab.tune.loop import Loop
from tvmlab.tune.session import Session
from tvmlab.tune.task_scheduler import TaskScheduler


@dataclass
class TaskRun:
    """One task: its search, what measures it, and how many trials it was given."""

    session: Session
    loop: Loop
    given: int = 0

    def best_s(self) -> float | None:
        """The fastest verified time among the trials given, in seconds."""
        records = (self.session.records.get(n) for n in range(self.given))
        times_s = (r.median_s for r in records if r is not None and r.can_be_best)
        return min((time_s for time_s in times_s if time_s), default=None)


def take_turns(tasks: Sequence[TaskRun], scheduler: TaskScheduler, trials: int) -> str:
    """Measure `trials` candidates of all tasks together, or fewer where there is nothing left to
    try or a stop was asked for; why it ended. Blocks."""
    while (left := trials - sum(task.given for task in tasks)) > 0:
        turn = scheduler.next()
        if turn is None:
            return "nothing is left to try"
        task = tasks[turn]
        session = task.session
        task.given = min(task.given + min(session.batch, left), session.trials)
        known = sum(number < task.given for number in session.records)
        task.loop.take_turn(task.given - known)
        if task.loop.is_stopped:
            return "stopped"
        is_over = session.finished is not None or task.given == session.trials
        scheduler.observe(turn, task.best_s(), is_over)
    return "every trial is done"
