"""The job of a worker, done here: every way it can end, with the stage it ended in."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.measure.jobs import ThreadsJob
from tvmlab import ops
from tvmlab.errors import TargetError
from tvmlab.lower import lower
from tvmlab.measure import doubt, job, reference
from tvmlab.measure.child import LocalRunner
from tvmlab.measure.job import CandidateJob
from tvmlab.measure.request import Request
from tvmlab.measure.runner import measure_all
from tvmlab.measure.timing import Protocol
from tvmlab.measure.turns import Turns
from tvmlab.targets.cpu.target import CpuTarget
from tvmlab.te.serial import to_json

WORKLOAD = to_json(ops.matmul(8, 16, 4).tensors)
QUICKLY = Protocol(warmup_s=0.0, min_repeat_s=0.0, limit_s=0.0)
SPLIT = {"step": "split", "block": "C", "loop": "x", "factors": [None, 4]}
STAGES = ["replay", "lower", "build", "prepare", "prepare", "run", "compare", "prepare"]
STAGES += ["submit", "prepare", "time"]


def asked(*trace, **options):
    return Request(WORKLOAD, list(trace), protocol=QUICKLY, **options)


@pytest.fixture
def stages():
    return []


@pytest.fixture
def do(tmp_path, stages):
    turns = Turns(tmp_path / "turns", stages.append)
    done = CandidateJob()
    return lambda request: done(request, turns, tmp_path)


class FakeTarget:
    """A target whose kernel is a Python function over arrays."""

    def __init__(self, kernel):
        self.kernel = kernel

    def lower(self, program):
        return lower(program)

    def emit(self, program):
        return ""

    def build(self, text, signature):
        kernel = self.kernel

        class Kernel:
            def __call__(self, *arrays):
                kernel(*arrays)

            def prepare(self, *arrays):
                return lambda: kernel(*arrays)

        made = Kernel()
        made.signature = signature
        return made


@pytest.fixture
def kernel(monkeypatch):
    def use(function):
        monkeypatch.setattr(job.targets, "get", lambda name: FakeTarget(function))

    return use


def test_a_good_candidate(do, stages):
    outcome = do(asked(SPLIT))
    assert (outcome.status, outcome.reason, outcome.verified) == ("ok", "", True)
    assert len(outcome.times_s) == 3
    assert 0 < outcome.build_s < outcome.total_s
    assert stages == ["submit", *STAGES]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (SPLIT | {"loop": "z"}, "z"),
        (SPLIT | {"step": "fold"}, "fold"),
        ({"loop": "x"}, "step"),
        ("split", "split"),
    ],
)
def test_steps_that_are_refused_or_unknown_are_illegal(do, step, words):
    outcome = do(asked(step))
    assert (outcome.status, outcome.stage) == ("illegal", "replay")
    assert words in outcome.reason
    assert "\n" not in outcome.reason


def test_a_workload_that_cannot_be_read_is_illegal(do):
    outcome = do(Request({"tvmlab_te": 99}, []))
    assert (outcome.status, outcome.stage) == ("illegal", "replay")


def test_an_unknown_target_is_a_build_error(do):
    outcome = do(asked(target="abacus"))
    assert (outcome.status, outcome.stage) == ("build_error", "lower")
    assert "'abacus' is not known" in outcome.reason


def test_a_defect_in_lowering_is_a_build_error(do, monkeypatch):
    def lower(target, program):
        raise KeyError("x")

    monkeypatch.setattr(CpuTarget, "lower", lower)
    outcome = do(asked())
    assert (outcome.status, outcome.stage) == ("build_error", "lower")
    assert outcome.reason == "KeyError: 'x'"


def test_a_kernel_that_cannot_be_called_is_a_launch_error(do, kernel):
    def refuse(*arrays):
        raise TargetError("the device is busy.")

    kernel(refuse)
    outcome = do(asked())
    assert (outcome.status, outcome.stage) == ("launch_error", "run")
    assert outcome.reason == "the device is busy."


def test_a_wrong_element_is_a_wrong_answer(do, kernel):
    def wrong(a, b, c):
        np.matmul(a, b, out=c)
        c[3, 5] += 0.5

    kernel(wrong)
    outcome = do(asked())
    assert (outcome.status, outcome.stage, outcome.verified) == ("wrong_answer", "compare", False)
    assert outcome.reason.startswith("1 of 128 elements of C are wrong; the worst is C[3, 5]")
    assert 0 < outcome.build_s < outcome.total_s
    assert outcome.device_s == 0  # nothing was timed


def test_poison_shows_an_element_that_was_left_out(do, kernel):
    def forgetful(a, b, c):
        c[:7] = a[:7] @ b

    def right(a, b, c):
        np.matmul(a, b, out=c)

    kernel(right)
    assert do(asked()).is_ok
    kernel(forgetful)
    assert do(asked(poison=False)).is_ok  # the last row is still there from the call before
    assert do(asked()).status == "wrong_answer"


def test_a_time_beyond_the_machine_is_implausible(do, monkeypatch):
    monkeypatch.setattr(doubt, "is_plausible", lambda *args: False)
    refreshed = []
    peaks = doubt.cpu_peaks()
    monkeypatch.setattr(
        doubt, "cpu_peaks", lambda refresh=False: refreshed.append(refresh) or peaks
    )
    doubt._measured_again.cache_clear()
    outcome = do(asked())
    doubt._measured_again.cache_clear()
    assert (outcome.status, outcome.stage) == ("implausible", "time")
    assert "never seen to do that much" in outcome.reason
    assert len(outcome.times_s) == 3
    assert refreshed[-1] is True  # doubted only after a second look at the limits


def test_limits_of_other_targets_are_not_known():
    assert doubt.doubt(1e-12, doubt.Work(1e9, 1e9), "float32", "opencl") is None


def test_the_reference_is_computed_once_per_workload_and_seed(tmp_path, monkeypatch):
    calls = []
    evaluate = reference.evaluate
    monkeypatch.setattr(reference, "evaluate", lambda *args: calls.append(args) or evaluate(*args))
    turns = Turns(tmp_path / "turns", lambda stage: None)
    for worker in (CandidateJob(), CandidateJob()):  # the second stands for one after a crash
        for seed in (0, 0, 1):
            assert worker(asked(seed=seed), turns, tmp_path).is_ok
    assert len(calls) == 2


def test_a_large_reference_takes_less_than_a_second(tmp_path):
    workload = to_json(ops.matmul(1024, 1024, 1024).tensors)
    begin = time.process_time()
    reference.Trials().of(Request(workload, []), tmp_path)
    assert time.process_time() - begin < 2.0  # on all cores; a second of the clock


def test_the_local_runner_does_this_job():
    with LocalRunner() as runner:
        outcomes = measure_all(runner, [asked(), asked(SPLIT), asked(SPLIT | {"loop": "z"})])
    assert [o.status for o in outcomes] == ["ok", "ok", "illegal"]


def test_parallel_loops_run_on_the_threads_asked_for(do, monkeypatch):
    asked_for = []
    monkeypatch.setattr(job, "set_num_threads", asked_for.append)
    do(asked(threads=1))
    do(asked())
    assert asked_for == [1, None]


def test_the_local_runner_measures_with_the_threads_of_its_owner(monkeypatch):
    monkeypatch.setattr("tvmlab.measure.runner.num_threads", lambda: 7)
    with LocalRunner(1, job=ThreadsJob()) as runner:
        outcomes = measure_all(runner, [asked(), asked(threads=3)])
    assert [outcome.reason for outcome in outcomes] == ["7", "3"]
