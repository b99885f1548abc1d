"""Schedules that a tuning run found, for the kernels of a graph."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab import targets
from tvmlab.graph.kernel import Choose, default_steps
from tvmlab.ops import recognise, template_for
from tvmlab.schedule import create_schedule
from tvmlab.schedule.step import Step
from tvmlab.schedule.trace import steps_of
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.te import Tensor
from tvmlab.te.graph import inputs
from tvmlab.te.promise import promise_constants, without_constants
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.record import Record
from tvmlab.tune.sketch_space import SKETCH
from tvmlab.tune.sketches import sketches


def best_steps(database: Database, target: str = "cpu") -> Choose:
    """The steps of an operator's fastest verified trial here, or else its template's default.

    An operator that is tuned by itself (`t.tune(t.ops.conv2d(...), db="run.db")`) serves every
    fused group that it anchors. Trials of it with constant weights, as a model has them
    (`tune_model`), come before those without. Trials of other machines do not count.

    Raises:
        DatabaseError: when an operator is looked up and the database cannot be read.
    """

    device = targets.get(target).device()

    def choose(out: Tensor) -> Sequence[Step]:
        for promised in (out, *without_constants(out)):
            record = database.best(to_json(expression_of(promised)), target, device)
            if record is not None:
                return _steps_for(promised, record)
        return default_steps(out)

    return choose


def _steps_for(out: Tensor, record: Record) -> Sequence[Step]:
    """The steps of a trial, said of `out`.

    What the library calls A has another name here, so the template or the sketch makes them anew of
    the trial's configuration; those of a schedule with holes are taken as they are.
    """
    config, template = dict(record.config), template_for(out, vectors=host_vectors())
    if SKETCH in config:
        template = sketches([out], host_vectors()).get(str(config.pop(SKETCH)), template)
    if {knob.name for knob in template.knobs([out])} != set(config):
        return steps_of({"steps": record.trace})
    schedule = create_schedule(out)
    template.apply(schedule, config)
    return schedule.trace.steps


def expression_of(out: Tensor) -> Tensor | Sequence[Tensor]:
    """The expression under which an operator of a graph is tuned: the library's own where it has
    one, with the same inputs constant, so that runs of either serve both."""
    workload = recognise(out)
    if workload is None:
        return out
    pairs = zip(inputs(workload.tensors), inputs([out]), strict=True)
    constants = [own.name for own, given in pairs if given.constant]
    return promise_constants(workload.tensors, constants) if constants else workload.tensors
