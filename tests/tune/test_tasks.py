"""Several tasks of one model: the scheduler on synthetic gains, and turns on one runner."""

import math
import queue
from statistics import median

import numpy as np
import pytest

from tests.patience import PATIENCE_S
from tests.tune.spaces import WORKLOAD, matmul_space, medium_space, time_s
from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.measure.request import Request
from tvmlab.measure.synthetic import SyntheticRunner
from tvmlab.te.serial import to_json
from tvmlab.tune import model_client
from tvmlab.tune.database import Database
from tvmlab.tune.earlier import OWN
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.loop import Loop
from tvmlab.tune.model_client import start_tasks
from tvmlab.tune.session import Session
from tvmlab.tune.setup import Setup
from tvmlab.tune.similarity import kinds_of, work
from tvmlab.tune.task_loop import TaskRun, take_turns
from tvmlab.tune.task_scheduler import WINDOW, Task, TaskScheduler

# ---- the scheduler alone


class Imaginary:
    """Tasks whose best times fall by shares of their own from turn to turn, to a floor."""

    def __init__(self, seed):
        dice = np.random.default_rng(seed)
        self.count = 6
        self.weights = dice.integers(1, 10, self.count).astype(float)
        self.first_s = 10.0 ** dice.uniform(-5, -2, self.count)
        self.floor = dice.uniform(0.1, 0.9, self.count)
        self.fall = dice.uniform(0.3, 0.95, self.count)

    def best_s(self, task, turns):
        floor = self.floor[task]
        return float(self.first_s[task] * (floor + (1 - floor) * self.fall[task] ** (turns - 1)))

    def total_s(self, turns):
        return sum(w * self.best_s(n, max(1, turns[n])) for n, w in enumerate(self.weights))

    def scheduled(self, turns, seed=0):
        tasks = [Task(w, 1.0, n) for n, w in enumerate(self.weights)]
        scheduler, taken = TaskScheduler(tasks, seed), [0] * self.count
        for _ in range(turns):
            task = scheduler.next()
            taken[task] += 1
            scheduler.observe(task, self.best_s(task, taken[task]))
        return taken


def test_turns_by_gain_beat_turns_in_a_circle():
    """What is left to gain after 30 turns of 6 tasks, median of 10 sets of tasks."""
    excess = []
    for seed in range(10):
        model = Imaginary(seed)
        least_s = model.total_s([10_000] * 6)
        scheduled_s, circle_s = model.total_s(model.scheduled(30, seed)), model.total_s([5] * 6)
        excess.append((scheduled_s - least_s) / (circle_s - least_s))
    assert median(excess) < 0.7
    assert max(excess) < 1.05


def test_every_task_has_a_turn_and_equal_outcomes_give_equal_turns():
    model = Imaginary(3)
    assert min(model.scheduled(30)) >= 1
    assert model.scheduled(60, seed=5) == model.scheduled(60, seed=5)


def test_the_heavier_of_two_alike_goes_first():
    scheduler = TaskScheduler([Task(1, 1, 0), Task(3, 1, 1)])
    for task in (0, 1):
        assert scheduler.next() == task
        scheduler.observe(task, 1e-3)
    assert scheduler.gain_s(1) == pytest.approx(3 * scheduler.gain_s(0))
    assert scheduler.next() == 1


def test_a_task_slower_than_its_like_promises_more():
    scheduler = TaskScheduler([Task(1, 1, 0), Task(1, 1, 0), Task(1, 1, 2)])
    for _ in range(10):
        for task, best_s in ((0, 1e-3), (1, 8e-3), (2, 8e-3)):
            scheduler.observe(task, best_s)
    assert scheduler.gain_s(1) > 5 * scheduler.gain_s(2)


def test_what_the_last_turns_brought_counts():
    scheduler = TaskScheduler([Task(1, 1, 0), Task(1, 1, 1)])
    for turn in range(WINDOW + 2):
        scheduler.observe(0, 1e-3 * (2 - turn / 10))
        scheduler.observe(1, 1.6e-3)
    assert scheduler.gain_s(0) > scheduler.gain_s(1)


def test_a_task_of_failures_has_a_few_turns_and_a_finished_one_none():
    scheduler = TaskScheduler([Task(1, 1, 0), Task(1, 1, 1)])
    scheduler.observe(0, None)
    scheduler.observe(1, 1e-3)
    assert scheduler.gain_s(0) == math.inf
    for _ in range(WINDOW):
        scheduler.observe(0, None)
    assert scheduler.gain_s(0) == 0
    scheduler.observe(1, 1e-3, is_over=True)
    assert scheduler.next() == 0
    scheduler.observe(0, None, is_over=True)
    assert scheduler.next() is None


def test_alike_is_what_differs_in_sizes_alone():
    many = [ops.matmul(64, 64, 64), ops.softmax(8, 8), ops.matmul(32, 8, 64), ops.softmax(4, 9)]
    workloads = [to_json(each.tensors) for each in many]
    assert kinds_of(workloads) == [0, 1, 0, 1]
    assert work(workloads[0]) / work(workloads[2]) == pytest.approx(16, rel=0.2)


# ---- turns


class Bench:
    """Two tasks over one synthetic runner and one database."""

    def __init__(self, database, trials, rows=None):
        self.told = []
        self.runner = SyntheticRunner(time_s)
        commands = queue.SimpleQueue()
        self.rows = rows or [
            database.begin(Setup(WORKLOAD, f"imaginary {n}", batch=4), {}) for n in range(2)
        ]
        self.runs = []
        for n, (row, space) in enumerate(
            zip(self.rows, (matmul_space(), medium_space()), strict=True)
        ):
            session = Session(space, EXPLORERS["model"](space, n), 200, 4, ahead=2)
            session.restore(database.records(row))
            loop = Loop(
                session, self.runner, database, row, self.request,
                lambda m, n=n: self.tell(m | {"task": n}), commands=commands,
            )  # fmt: skip
            self.runs.append(TaskRun(session, loop))
        self.commands, self.trials = commands, trials

    def request(self, candidate):
        return Request(WORKLOAD, candidate.trace)

    def tell(self, message):
        self.told.append(message)

    def run(self):
        scheduler = TaskScheduler([Task(1, 1, 0), Task(5, 1, 1)])
        return take_turns(self.runs, scheduler, self.trials)

    def trajectory(self):
        return [
            [(r.number, r.index, r.predicted_s) for _, r in sorted(run.session.records.items())]
            for run in self.runs
        ]


def test_the_trials_of_all_tasks_together_are_as_many_as_were_asked_for():
    with Database.open(None) as database:
        bench = Bench(database, 42)
        assert bench.run() == "every trial is done"
        done = [len(run.session.records) for run in bench.runs]
        assert sum(done) == 42
        assert 4 <= done[0] < done[1]  # five times the weight, more knobs
        assert [len(database.records(row)) for row in bench.rows] == done
        assert {m["task"] for m in bench.told} == {0, 1}


@pytest.mark.parametrize("kept", [0, 5, 17, 30])
def test_a_model_goes_on_where_it_was_cut(kept):
    with Database.open(None) as database:
        whole = Bench(database, 42)
        whole.run()
    order = [(m["task"], m["record"]) for m in whole.told if m["type"] == "record"]

    class Killed(Exception):
        pass

    with Database.open(None) as database:
        first = Bench(database, 42)

        def tell(message):
            first.told.append(message)
            if sum(m["type"] == "record" for m in first.told) > kept:
                raise Killed

        first.tell = tell
        with pytest.raises(Killed):
            first.run()
        again = Bench(database, 42, first.rows)
        assert sum(len(run.session.records) for run in again.runs) >= kept
        assert again.run() == "every trial is done"
        assert again.trajectory() == whole.trajectory()
        assert len(order) == 42


def test_a_stop_ends_all_tasks():
    with Database.open(None) as database:
        bench = Bench(database, 42)
        bench.commands.put("stop")
        assert bench.run() == "stopped"


def test_small_spaces_end_the_run():
    with Database.open(None) as database:
        bench = Bench(database, 10_000)
        bench.runs = bench.runs[:1]
        bench.trials = 300
        scheduler = TaskScheduler([Task(1, 1, 0)])
        assert take_turns(bench.runs, scheduler, 300) == "nothing is left to try"
        assert bench.runs[0].session.finished == "every trial is done"


# ---- the process


def test_a_models_operators_are_tuned_in_one_process_and_resumed(tmp_path):
    pairs = [(ops.matmul(8, 8, 8).tensors, 2), (ops.softmax(4, 8).tensors, 1)]
    pairs += [(ops.matmul(8, 8, 8).tensors, 3)]
    path = tmp_path / "run.db"
    for trials in (9, 12):
        run = start_tasks(pairs, trials=trials, db=path, resume=True, batch=4)
        try:
            run.wait(PATIENCE_S)
            assert (run.status, run.reason) == ("done", "every trial is done")
            assert [task.weight for task in run.tasks] == [5, 1]
            assert str(run.tasks[1]).startswith("softmax")
            assert sum(len(task.trials) for task in run.tasks) == len(run.trials) == trials
            assert run.total_s == sum(t.weight * t.best.median_s for t in run.tasks)
            assert f"{trials} of {trials} trials of 2 tasks" in repr(run)
        finally:
            run.close()
    with Database.open(path) as database:
        assert len(database.sessions()) == 2
        assert sum(len(database.records(s.id)) for s in database.sessions()) == 12


def test_a_models_operators_are_asked_for_as_a_single_one_is(monkeypatch, tmp_path):
    monkeypatch.setattr(model_client, "ModelRun", lambda tasks, *_: tasks)
    pairs = [(ops.matmul(8, 8, 8).tensors, 1)]
    (plain,) = start_tasks(pairs)
    assert plain.setup.template.startswith("matmul/cpu/")
    (derived,) = start_tasks(pairs, space="sketch", transfer=True, db=tmp_path / "run.db")
    assert derived.setup.template.startswith("sketches/cpu/")
    assert derived.setup.transfer == [OWN]


def test_mistakes_are_told_before_anything_starts():
    with pytest.raises(UsageError, match="transfer=True learns from the runs in the database"):
        start_tasks([(ops.matmul(8, 8, 8).tensors, 1)], transfer=True)
    with pytest.raises(UsageError, match="not encrypted"):
        start_tasks([(ops.matmul(8, 8, 8).tensors, 1)], cluster="tcp://10.0.0.7:8786")
    with pytest.raises(UsageError, match="nothing to tune"):
        start_tasks([])
    with pytest.raises(UsageError, match="a weight of 0 was given"):
        start_tasks([(ops.matmul(8, 8, 8).tensors, 0)])
