"""Jobs and requests for tests of runners: no compiler, no device, no noise."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from tvmlab.measure.faults import FaultyJob
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.turns import Turns

WORKLOAD = {"tvmlab_te": 1, "tensors": [], "outputs": []}


def request(*steps: dict) -> Request:
    """A request whose trace is `steps`."""
    return Request(WORKLOAD, list(steps))


def timed(time_s: float) -> Request:
    """A request whose kernel takes `time_s`, or is illegal where that is negative."""
    return request({"step": "timed", "time_s": time_s})


def landscape(asked: Request) -> float | Outcome:
    """The time a request asks for; negative ones are illegal."""
    time_s = asked.trace[0]["time_s"]
    return time_s if time_s >= 0 else failure("illegal", "replay", "time runs forwards")


class TimedJob:
    """Goes through the stages of a real job and answers what `landscape` says."""

    def __call__(self, asked: Request, turns: Turns, folder: Path) -> Outcome:
        with turns.sharing():
            turns.announce("replay")
        with turns.alone():
            turns.announce("run")
            log = folder / "alone"
            log.open("a").write("(")
            time.sleep(0.002)
            log.open("a").write(")")
        answer = landscape(asked)
        if isinstance(answer, Outcome):
            return answer
        return Outcome("ok", "time", times_s=(answer,) * 3, verified=True)


def faulty_job() -> FaultyJob:
    """A `TimedJob` that suffers real faults on request."""
    return FaultyJob(TimedJob())


class ThreadsJob:
    """Answers with the number of threads it was asked to use."""

    def __call__(self, asked: Request, turns: Turns, folder: Path) -> Outcome:
        return failure("illegal", "replay", str(asked.threads))


class DeadlyJob:
    """Ends the process that reads it, before it can take up anything."""

    def __reduce__(self):
        return os._exit, (5,)


class GreedyJob:
    """Takes more than it may of what the request's first step names, without a turn to measure."""

    def __call__(self, asked: Request, turns: Turns, folder: Path) -> Outcome:
        wanted = asked.trace[0]["step"]
        turns.announce("run")
        while wanted == "time":
            pass
        if wanted == "file":
            (folder / "big").write_bytes(b"x" * (1 << 20))
        kept = [os.dup(0) for _ in range(1000)] if wanted == "descriptors" else []
        return failure("illegal", "replay", f"took {len(kept)}")


class LeavingJob:
    """Starts a process that tries to leave its group in every way, tells its number, and hangs."""

    def __call__(self, asked: Request, turns: Turns, folder: Path) -> Outcome:
        turns.announce("run")
        if os.fork():
            time.sleep(60)
        for leave in (os.setsid, lambda: os.setpgid(0, 0)):
            with suppress(OSError):
                leave()
        (folder / "left").write_text(str(os.getpid()))
        time.sleep(60)
        os._exit(0)
