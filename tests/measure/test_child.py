"""The local runner against faults that really happen, and against the death of its owner."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.measure.jobs import (
    DeadlyJob,
    GreedyJob,
    LeavingJob,
    TimedJob,
    faulty_job,
    request,
    timed,
)
from tests.patience import PATIENCE_S, eventually
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.faults import FAULTS, fault_step
from tvmlab.measure.runner import measure_all

SHORT = Limits(run_s=2.0, memory_bytes=2 << 30)
"""For what never ends. A machine may be so busy that what does end takes nearly as long."""
PATIENT = replace(SHORT, run_s=PATIENCE_S)

EXPECTED = {
    "segfault": ("crash", "killed by SIGSEGV"),
    "abort": ("crash", "killed by SIGABRT"),
    "floating point exception": ("crash", "killed by SIGFPE"),
    "stack overflow": ("crash", "killed by SIGSEGV"),
    "native loop": ("timeout", "still busy after 2 s"),
    "python loop": ("timeout", "still busy after 2 s"),
    "out of memory": ("launch_error", "more than the 2 GiB"),
    "fork flood": ("timeout", "still busy after 2 s"),
    "output flood": ("crash", "exited with code 4"),
    "early exit": ("crash", "exited with code 3"),
    "stopped": ("timeout", "still busy after 2 s"),
    "garbage": ("crash", "its answer was garbage"),
}


def fault(kind: str):
    return request(fault_step(kind))


def processes_of_group(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(entry.name))
    return found


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("kind", list(FAULTS))
def test_a_fault_is_told_rightly_and_the_next_measurement_is_good(kind):
    status, words = EXPECTED[kind]
    limits = SHORT if status == "timeout" else PATIENT
    with LocalRunner(1, limits, faulty_job()) as runner:
        group = runner._workers[0].process.pid
        (good,) = measure_all(runner, [timed(0.5)])
        assert good.is_ok
        (outcome,) = measure_all(runner, [fault(kind)])
        assert (outcome.status, outcome.stage) == (status, "run")
        assert words in outcome.reason
        (good,) = measure_all(runner, [timed(0.5)])
        assert good.median_s == 0.5
        if status != "launch_error":
            eventually(lambda: not processes_of_group(group))


def test_faults_of_one_worker_leave_the_other_alone():
    with LocalRunner(2, PATIENT, faulty_job()) as runner:
        mixed = [timed(0.5), fault("segfault"), timed(0.25), fault("early exit"), timed(0.125)]
        outcomes = measure_all(runner, mixed * 3)
    assert [o.status for o in outcomes] == ["ok", "crash", "ok", "crash", "ok"] * 3


def test_a_cancelled_ticket_is_never_answered_and_its_worker_is_free_again():
    with LocalRunner(workers=1, limits=PATIENT, job=faulty_job()) as runner:
        held = runner.submit(request(fault_step("native loop")))
        waiting, last = runner.submit(timed(1.0)), runner.submit(timed(2.0))
        runner.poll(0.1)
        (before,) = runner.process_ids
        runner.cancel(waiting)
        runner.cancel(held)
        assert not processes_of_group(before)
        answers: list = []
        while runner.pending:
            answers += runner.poll(1.0)
    assert [(ticket, outcome.median_s) for ticket, outcome in answers] == [(last, 2.0)]


def test_waiting_for_a_turn_is_not_charged():
    """Two hang, one after the other: the last one waits longer than its limit, and is good."""
    began = time.monotonic()
    with LocalRunner(2, SHORT, faulty_job()) as runner:
        outcomes = measure_all(runner, [fault("native loop"), fault("python loop"), timed(0.5)])
    assert [o.status for o in outcomes] == ["timeout", "timeout", "ok"]
    # What they held, not what they waited: together no longer than both took.
    assert all(o.device_s >= SHORT.run_s for o in outcomes[:2])
    assert sum(o.device_s for o in outcomes[:2]) <= time.monotonic() - began


def test_a_worker_that_dies_idle_is_not_blamed_on_the_next_request():
    with LocalRunner(1, PATIENT, faulty_job()) as runner:
        measure_all(runner, [timed(0.5)])
        os.kill(runner._workers[0].process.pid, signal.SIGKILL)
        eventually(lambda: not runner._workers[0].process.is_alive())
        outcomes = measure_all(runner, [timed(0.5), fault("segfault"), timed(0.5)])
        assert [o.status for o in outcomes] == ["ok", "crash", "ok"]


def test_workers_that_cannot_even_start_are_crashes_and_no_endless_loop():
    with LocalRunner(1, PATIENT, DeadlyJob()) as runner:
        outcomes = measure_all(runner, [timed(0.5), timed(0.5)])
    assert [(o.status, o.stage) for o in outcomes] == [("crash", "submit")] * 2
    assert "exited with code 5" in outcomes[0].reason


def test_one_at_a_time_measures():
    with LocalRunner(2, job=TimedJob()) as runner:
        measure_all(runner, [timed(0.5)] * 20)
        log = (runner._scratch.path / "alone").read_text()
    assert log == "()" * 20


def test_processor_time_ends_what_no_clock_would():
    with LocalRunner(1, Limits(run_s=1000.0, cpu_s=0.5), GreedyJob()) as runner:
        outcomes = measure_all(runner, [request({"step": "time"}), request({"step": "nothing"})])
    assert [(o.status, o.reason) for o in outcomes] == [
        ("timeout", "it used up its processor time"),
        ("illegal", "took 0"),
    ]


@pytest.mark.parametrize(
    ("step", "words"), [("file", "File too large"), ("descriptors", "Too many open files")]
)
def test_files_are_limited_in_size_and_number(step, words):
    with LocalRunner(1, Limits(file_bytes=1 << 16), GreedyJob()) as runner:
        bad, good = measure_all(runner, [request({"step": step}), request({"step": "nothing"})])
    assert bad.status == "launch_error"
    assert words in bad.reason
    assert good.reason == "took 0"


def test_closing_leaves_neither_process_nor_file():
    runner = LocalRunner(2, PATIENT, faulty_job())
    for _ in range(2):
        runner.submit(fault("fork flood"))
    groups = [worker.process.pid for worker in runner._workers]
    eventually(lambda: any(len(processes_of_group(g)) > 1 for g in groups))
    runner.close()
    eventually(lambda: not any(processes_of_group(g) for g in groups))
    assert not runner._scratch.path.exists()


def test_nothing_that_a_worker_starts_leaves_its_group():
    with LocalRunner(1, SHORT, LeavingJob()) as runner:
        (outcome,) = measure_all(runner, [request()])
        left = int((runner._scratch.path / "left").read_text())
        assert outcome.status == "timeout"
        eventually(lambda: not is_alive(left))


@pytest.mark.parametrize("kind", ["native loop", "python loop", "stopped"])
def test_workers_die_with_their_owner(kind):
    script = textwrap.dedent(
        f"""
        from tests.measure.jobs import faulty_job, request
        from tvmlab.measure.child import LocalRunner
        from tvmlab.measure.faults import fault_step
        runner = LocalRunner(2, job=faulty_job())  # no main guard: none is needed
        print(*[worker.process.pid for worker in runner._workers], flush=True)
        runner.submit(request(fault_step({kind!r})))
        while True:
            runner.poll(1.0)
        """
    )
    root = Path(__file__).parents[2]
    owner = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root
    )
    groups = [int(pid) for pid in owner.stdout.readline().split()]
    time.sleep(0.5)
    assert all(processes_of_group(g) for g in groups)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    eventually(lambda: not any(processes_of_group(g) for g in groups))
