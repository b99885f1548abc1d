"""Schedules that a tuning run found, for the kernels of a graph."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab import targets
from tvmlab.graph.kernel import Choose, default_steps
from tvmlab.ops import recognise
from tvmlab.schedule.step import Step
from tvmlab.schedule.trace import steps_of
from tvmlab.te import Tensor
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database


def best_steps(database: Database, target: str = "cpu") -> Choose:
    """The steps of an operator's fastest verified trial here, or else its template's default.

    An operator that is tuned by itself (`t.tune(t.ops.conv2d(...), db="run.db")`) serves every
    fused group that it anchors. Trials of other machines do not count.

    Raises:
        DatabaseError: when an operator is looked up and the database cannot be read.
    """

    device = targets.get(target).device()

    def choose(out: Tensor) -> Sequence[Step]:
        workload = recognise(out)
        expression = to_json(out if workload is None else workload.tensors)
        record = database.best(expression, target, device)
        return default_steps(out) if record is None else steps_of({"steps": record.trace})

    return choose
