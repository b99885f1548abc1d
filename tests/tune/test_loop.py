"""The loop with synthetic machines: deterministic, without a device."""

import queue
import threading
import time

import pytest

from tests.patience import PATIENCE_S
from tests.tune.spaces import WORKLOAD, grumpy, large_space, matmul_space, picky, time_s
from tvmlab.measure.faulty import FaultyRunner
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.replay import ReplayRunner
from tvmlab.measure.request import Request
from tvmlab.measure.synthetic import SyntheticRunner
from tvmlab.measure.timing import HOPELESS
from tvmlab.tune.database import Database
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.loop import Loop
from tvmlab.tune.model_guided import BEGINNING
from tvmlab.tune.record import Record
from tvmlab.tune.session import Session
from tvmlab.tune.setup import Setup
from tvmlab.tune.space import Space

SETUP = Setup(WORKLOAD, "imaginary", trials=40, batch=8)


class Killed(Exception):
    """Stands for the end of the process."""


def request(candidate):
    return Request(WORKLOAD, candidate.trace)


class Bench:
    """A loop with all its parts, and what it told."""

    def __init__(
        self,
        space=None,
        runner=None,
        database=None,
        row=None,
        trials=40,
        tell=None,
        explorer="model",
    ):
        space = space or large_space()
        self.database = database or Database.open(None)
        self.row = self.database.begin(SETUP, {}) if row is None else row
        self.session = Session(space, EXPLORERS[explorer](space, 0), trials, 8)
        self.session.restore(self.database.records(self.row))
        self.told = []
        self.runner = runner or SyntheticRunner(time_s)
        self.loop = Loop(
            self.session, self.runner, self.database, self.row, request, tell or self.told.append
        )

    def of(self, kind):
        return [message for message in self.told if message["type"] == kind]


def told_records(messages):
    return [Record.from_json(m["record"]) for m in messages if m["type"] == "record"]


def test_every_trial_is_stored_and_told():
    bench = Bench()
    assert bench.loop.run() == "every trial is done"
    stored = bench.database.records(bench.row)
    assert [r.number for r in stored] == list(range(40))
    assert sorted(told_records(bench.told), key=lambda r: r.number) == stored
    assert bench.database.best(WORKLOAD, "cpu") == bench.session.best
    last = bench.of("progress")[-1]
    assert (last["done"], last["trials"], last["failures"]) == (40, 40, {})
    assert last["best_s"] == bench.session.best.median_s
    assert last["left_s"] == 0


def test_the_share_of_time_that_the_device_measures_is_told():
    bench, now = Bench(), [0.0]

    def clock():
        now[0] += 0.1
        return now[0]

    bench.loop._clock = clock
    bench.loop.run()
    last = bench.loop.progress()
    measured_s = sum(r.outcome.device_s for r in bench.session.records.values())
    assert 0 < measured_s < last["elapsed_s"]
    assert last["device_share"] == pytest.approx(measured_s / last["elapsed_s"])
    bench.runner.devices = 2
    assert bench.loop.progress()["device_share"] == pytest.approx(last["device_share"] / 2)


@pytest.mark.parametrize("slowdown", [1.25, 0.8, 1.0])
def test_a_machine_that_slows_down_midway_has_the_same_winner(slowdown):
    """A quarter slower from the 16th measurement on, as TVM saw (#11465)."""
    asked = []

    def landscape(request):
        asked.append(request)
        pace = slowdown if len(asked) > 15 else 1.0
        sentinel_s = 0.002 * pace * (1 + 0.01 * (-1) ** len(asked))
        times_s = (time_s(request) * pace,) * 3
        return Outcome("ok", "time", times_s=times_s, verified=True, sentinel_s=sentinel_s)

    steady = Bench(runner=SyntheticRunner(time_s), explorer="random")
    steady.loop.run()
    bench = Bench(runner=SyntheticRunner(landscape), explorer="random")
    bench.loop.run()
    assert bench.session.best.number == steady.session.best.number
    assert bench.database.best(WORKLOAD, "cpu").number == steady.session.best.number
    stored = bench.database.records(bench.row)
    assert all(r.outcome.sentinel_s > 0 for r in stored)
    told = [m["slowdown"] for m in bench.of("drift")]
    assert told == ([] if slowdown == 1 else [pytest.approx(slowdown, rel=0.07)])
    resumed = Bench(database=bench.database, row=bench.row, explorer="random")
    assert resumed.loop._drifts[""].slowdown == pytest.approx(slowdown, rel=0.07)


def test_each_device_of_a_resumed_run_goes_on_at_its_own_pace():
    asked = []

    def landscape(request):
        asked.append(request)
        device = "ab"[len(asked) % 2]
        pace = 1.5 if device == "b" and len(asked) > 15 else 1.0
        sentinel_s = (0.001 if device == "a" else 0.003) * pace
        return Outcome(
            "ok", "time", times_s=(time_s(request) * pace,) * 3, verified=True,
            sentinel_s=sentinel_s, device=device,
        )  # fmt: skip

    bench = Bench(runner=SyntheticRunner(landscape), explorer="random")
    bench.loop.run()
    resumed = Bench(database=bench.database, row=bench.row, explorer="random").loop
    assert resumed._drifts["a"].slowdown == 1
    assert resumed._drifts["b"].slowdown == pytest.approx(1.5)


def test_a_candidate_is_held_against_the_best_at_the_pace_of_now():
    asked = []

    def landscape(request):
        pace = 1.0 if len(asked) < 10 else 2.0
        asked.append(request)
        return Outcome(
            "ok", "time", times_s=(1e-3 * pace,) * 3, verified=True, sentinel_s=0.002 * pace
        )

    Bench(runner=SyntheticRunner(landscape, slots=1), explorer="random").loop.run()
    limits_s = [request.protocol.hopeless_s for request in asked]
    assert limits_s[0] is None
    assert limits_s[5] == pytest.approx(HOPELESS * 1e-3)
    assert limits_s[-1] == pytest.approx(HOPELESS * 2e-3)


def test_the_model_is_judged_after_each_batch():
    bench = Bench()
    bench.loop.run()
    reports = bench.of("model")
    assert [r["batches"] for r in reports] == [1, 2, 3, 4, 5]
    assert reports[0]["compared"] == 0
    assert reports[0]["rank_correlation"] is None
    assert reports[-1]["compared"] == 40 - BEGINNING
    assert -1 <= reports[-1]["rank_correlation"] <= 1


def test_failures_are_counted_by_kind_and_illegal_ones_never_measured():
    asked = []

    def landscape(request):
        asked.append(request)
        return grumpy(request)

    space = Space(matmul_space().knobs, picky)
    bench = Bench(space, SyntheticRunner(landscape), trials=50)
    bench.loop.run()
    records = bench.database.records(bench.row)
    failures = bench.of("progress")[-1]["failures"]
    assert failures["illegal"] == sum(r.config["x"][1] > 16 for r in records) > 0
    assert failures["crash"] == sum(r.outcome.status == "crash" for r in records) > 0
    assert len(asked) == len(records) - failures["illegal"]


def test_a_replayed_run_takes_the_same_course():
    first = Bench()
    first.loop.run()
    records = first.database.records(first.row)
    recorded = {Request(WORKLOAD, r.trace).key: r.outcome for r in records}
    second = Bench(runner=ReplayRunner(recorded))
    second.loop.run()
    assert second.database.records(second.row) == records


@pytest.mark.parametrize("end", [3, 4, 9, 17, 30, 57, 64])
def test_a_run_killed_anywhere_loses_nothing_and_goes_on_as_if_nothing_had_been(end):
    whole = Bench()
    whole.loop.run()
    told = []

    def tell(message):
        told.append(message)
        if len(told) == end:
            raise Killed

    cut = Bench(tell=tell)
    with pytest.raises(Killed):
        cut.loop.run()
    stored = cut.database.records(cut.row)
    assert {r.number for r in told_records(told)} <= {r.number for r in stored}
    assert all(record in stored for record in told_records(told))
    resumed = Bench(database=cut.database, row=cut.row)
    assert resumed.loop.run() == "every trial is done"
    assert resumed.database.records(cut.row) == whole.database.records(whole.row)
    new = {r.number for r in told_records(resumed.told)}
    assert not new & {r.number for r in stored}


def test_a_finished_run_can_go_on_with_more_trials():
    whole = Bench(trials=61)
    whole.loop.run()
    short = Bench(trials=43)
    short.loop.run()
    longer = Bench(database=short.database, row=short.row, trials=61)
    longer.loop.run()
    assert longer.database.records(short.row) == whole.database.records(whole.row)


def test_twenty_failures_end_the_run_and_say_why():
    broken = failure("build_error", "build", "no such register")
    bench = Bench(runner=FaultyRunner(SyntheticRunner(time_s), lambda n, request: broken))
    ending = bench.loop.run()
    assert ending.startswith("20 candidates in a row failed: 2")
    assert "x build_error at build: no such register" in ending


class SteppedRunner(SyntheticRunner):
    """Answers one request each time it is allowed to."""

    def __init__(self):
        super().__init__(time_s, slots=1)
        self.allowed = threading.Semaphore(0)

    def poll(self, timeout_s):
        return super().poll(timeout_s) if self.allowed.acquire(timeout=0.01) else []


def test_pause_resume_and_stop():
    runner = SteppedRunner()
    paused, running, measured = threading.Event(), threading.Event(), threading.Semaphore(0)

    def tell(message):
        if message["type"] == "record":
            measured.release()
        elif message["type"] == "state":
            (paused if message["state"] == "paused" else running).set()

    made = queue.Queue()

    def life():  # all in one thread, as a database wants it
        bench = Bench(runner=runner, tell=tell)
        made.put(bench)
        bench.loop.run()
        made.put(bench.database.records(bench.row))

    thread = threading.Thread(target=life)
    thread.start()
    bench = made.get(timeout=PATIENCE_S)
    runner.allowed.release()
    assert measured.acquire(timeout=PATIENCE_S)
    bench.loop.command("pause")
    bench.loop.command("pause")
    bench.loop.command("dance")
    assert paused.wait(PATIENCE_S)
    for _ in range(3):  # one may be under way, the rest must wait
        runner.allowed.release()
    time.sleep(0.4)
    measured.acquire(blocking=False)
    assert not measured.acquire(blocking=False)
    running.clear()
    bench.loop.command("resume")
    assert running.wait(PATIENCE_S)
    assert measured.acquire(timeout=PATIENCE_S)
    bench.loop.command("pause")
    bench.loop.command("stop")
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert bench.session.finished == "stopped"
    assert 2 <= len(made.get(timeout=PATIENCE_S)) < 10
