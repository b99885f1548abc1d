"""A tuned operator serves the fused groups that it anchors."""

from __future__ import annotations

import numpy as np

from tests.graph.arrays import draw
from tvmlab import graph, ops, targets
from tvmlab.measure.outcome import Outcome
from tvmlab.schedule import create_schedule
from tvmlab.schedule.primitives import Vectorize
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.targets.halved_kernel import PreparedKernel
from tvmlab.te.promise import promise_constants
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import SKETCHES, space_of
from tvmlab.tune.sketch_space import SKETCH

TILE = (4, 16)
BEST = Outcome("ok", "time", times_s=(1e-6,), verified=True)


def tuned(database: Database) -> None:
    """Put a trial of the product of 16 x 24 and 24 x 32 in the database."""
    workload = ops.matmul(16, 32, 24)
    template = workload.template()
    config = template.default(workload.tensors) | {"tile": TILE}
    schedule = create_schedule(workload.tensors)
    template.apply(schedule, config)
    trace = [step.to_json() for step in schedule.trace.steps]
    here = targets.get("cpu").device()
    session = database.begin(Setup(to_json(workload.tensors), template.name), {}, here)
    database.append(session, [Record(0, 0, dict(config), trace, None, BEST)])


def test_the_best_trial_of_an_operator_schedules_its_group() -> None:
    weight, bias, rows = draw(0, 24, 32), draw(1, 32), draw(2, 16, 24)
    y = graph.relu(graph.dense(graph.input((16, 24)), weight, bias))
    with Database.open(None) as database:
        before = graph.compile_graph(y, choose=graph.best_steps(database))
        tuned(database)
        after = graph.compile_graph(y, choose=graph.best_steps(database))
    default, found = (e.calls[0].schedule.trace.to_python() for e in (before, after))
    assert default == graph.compile_graph(y).calls[0].schedule.trace.to_python()
    assert f's["C"].split("x", {TILE[1]})' in found
    assert f's["C"].split("y", {TILE[0]})' in found
    assert "reverse_compute_at" in found
    assert found != default
    np.testing.assert_allclose(after(rows), before(rows), rtol=1e-4, atol=1e-5)


def test_a_sketch_with_packed_operands_schedules_its_group() -> None:
    """Its trace names the operands as the library does, which are called otherwise here."""
    workload = ops.matmul(16, 32, 24)
    setup = Setup(to_json(workload.tensors), f"{SKETCHES}{host_vectors()}")
    space, first = space_of(setup)
    config = next(c for c in first if c[SKETCH] == "tile(C, packed)")
    trial = Record(0, 0, config, space.trace(config), None, BEST)
    weight, rows = draw(0, 24, 32), draw(2, 16, 24)
    y = graph.relu(graph.dense(graph.input((16, 24)), weight))
    with Database.open(None) as database:
        session = database.begin(setup, {}, targets.get("cpu").device())
        database.append(session, [trial])
        found = graph.compile_graph(y, choose=graph.best_steps(database))
    assert 's["C"].cache_read("' in str(found.calls[0].schedule.trace.to_python())
    np.testing.assert_allclose(found(rows), graph.compile_graph(y)(rows), rtol=1e-4, atol=1e-5)


def test_weights_are_laid_out_when_the_graph_is_compiled() -> None:
    """By a trial of the product with a constant matrix, which comes before others."""
    constant = promise_constants(ops.matmul(16, 32, 24).tensors, ["B"])
    setup = Setup(to_json(constant), f"{SKETCHES}{host_vectors()}")
    space, first = space_of(setup)
    config = next(c for c in first if c[SKETCH] == "tile(C, laid out)")
    trial = Record(0, 0, config, space.trace(config), None, BEST)
    weight, rows = draw(0, 24, 32), draw(2, 16, 24)
    y = graph.relu(graph.dense(graph.input((16, 24)), weight))
    assert [to_json(e) for e, _ in graph.tasks_of(y)] == [to_json(constant)]
    with Database.open(None) as database:
        tuned(database)
        session = database.begin(setup, {}, targets.get("cpu").device())
        database.append(session, [trial])
        found = graph.compile_graph(y, choose=graph.best_steps(database))
    kernel = found.calls[0].kernel
    assert isinstance(kernel, PreparedKernel)
    assert kernel.constants == ("x1",)
    np.testing.assert_allclose(found(rows), graph.compile_graph(y)(rows), rtol=1e-4, atol=1e-5)


def test_steps_that_make_no_sense_in_company_give_way_to_the_librarys() -> None:
    weight, rows = draw(0, 24, 32), draw(2, 16, 24)
    y = graph.relu(graph.dense(graph.input((16, 24)), weight))
    wrong = [Vectorize("C", "no such loop")]
    found = graph.compile_graph(y, choose=lambda out: wrong)
    np.testing.assert_array_equal(found(rows), graph.compile_graph(y)(rows))
