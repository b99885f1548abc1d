"""Measuring on this machine, in processes that may crash, hang or run out of memory.

Workers come from a fork server, which costs some 40 ms each, also after a crash. Every worker has
one pipe; its end of file tells of its death and its exit code tells why. Each stage has a limit
whose clock starts when the worker says that the stage begins: time spent waiting for a turn counts
for nobody. Whatever goes wrong takes one road: kill the group, answer the ticket, start a new one.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tvmlab.errors import MeasureError
from tvmlab.measure.job import CandidateJob
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.runner import on_threads, refuse_closed
from tvmlab.measure.sandbox import Allowance, default_memory_bytes
from tvmlab.measure.scratch import Scratch
from tvmlab.measure.worker import Job, serve

MAX_ANSWER_BYTES = 1 << 20
"""A longer answer is taken for garbage."""

_MAIN_LOCK = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """What a candidate may use.

    Attributes:
        build_s: seconds from the trace to the built kernel.
        run_s: seconds to run it and compare, and again to time it.
        prepare_s: seconds to compute inputs and reference, once per workload and seed.
        start_s: seconds for a worker to take up a request.
        memory_bytes: address space of a worker; None for half of the machine's memory.
        file_bytes: what a file that it writes may grow to; None for as much as its memory.
        cpu_s: processor time of all its threads for one request; None for what every core can
            spend in the seconds above.
    """

    build_s: float = 10.0
    run_s: float = 10.0
    prepare_s: float = 300.0
    start_s: float = 60.0
    memory_bytes: int | None = None
    file_bytes: int | None = None
    cpu_s: float | None = None

    def of_stage(self, stage: str) -> float | None:
        """Seconds allowed from the beginning of `stage`; None where no new clock starts."""
        return {
            "replay": self.build_s,
            "prepare": self.prepare_s,
            "run": self.run_s,
            "time": self.run_s,
        }.get(stage)

    @property
    def allowance(self) -> Allowance:
        """What a worker may use, in figures."""
        memory_bytes = self.memory_bytes or default_memory_bytes()
        stages_s = self.build_s + self.prepare_s + self.run_s
        return Allowance(
            memory_bytes,
            self.file_bytes or memory_bytes,
            self.cpu_s or stages_s * (os.cpu_count() or 1),
        )


class LocalRunner:
    """Measures with `workers` processes on this machine; a context manager that closes them.

    One at a time measures, alone; the others meanwhile wait to build. More than two workers only
    help where building takes much longer than measuring.
    """

    devices = 1

    def __init__(
        self, workers: int | None = None, limits: Limits | None = None, job: Job | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._job = CandidateJob() if job is None else job
        self._scratch = Scratch()
        self._waiting: deque[tuple[int, Request]] = deque()
        self._answered: list[tuple[int, Outcome]] = []
        self._tickets = 0
        self._closed = False
        count = min(2, os.cpu_count() or 1) if workers is None else workers
        self._workers = [self._start() for _ in range(count)]

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def slots(self) -> int:
        """One request per worker, and one each to take up at once."""
        return 2 * len(self._workers)

    @property
    def pending(self) -> int:
        """Tickets not yet handed out by `poll`."""
        busy = sum(worker.ticket is not None for worker in self._workers)
        return len(self._waiting) + busy + len(self._answered)

    @property
    def process_ids(self) -> list[int]:
        """The workers' processes, each the leader of the process group of what it starts."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def submit(self, request: Request) -> int:
        """Queue the request, or hand it to an idle worker at once.

        Parallel loops run on as many threads as in this process, unless the request says.
        """
        refuse_closed(self._closed)
        ticket, self._tickets = self._tickets, self._tickets + 1
        self._waiting.append((ticket, on_threads(request)))
        self._dispatch()
        return ticket

    def poll(self, timeout_s: float) -> list[tuple[int, Outcome]]:
        """Tickets answered; waits up to `timeout_s` for the first."""
        end = time.monotonic() + timeout_s
        while True:
            self._dispatch()
            busy = {w.connection: w for w in self._workers if w.ticket is not None}
            now = time.monotonic()
            until = min([end, *(w.deadline for w in busy.values())])
            patience = 0.0 if self._answered or not busy else max(0.0, until - now)
            for ready in wait(list(busy), patience):
                self._hear(busy[ready])  # type: ignore[index]
            self._enforce()
            if self._answered or not busy or time.monotonic() >= end:
                self._dispatch()
                answered, self._answered = self._answered, []
                return answered

    def cancel(self, ticket: int) -> None:
        """Give `ticket` up: it is not answered any more. A worker that is at it is replaced."""
        self._waiting = deque(item for item in self._waiting if item[0] != ticket)
        self._answered = [answer for answer in self._answered if answer[0] != ticket]
        for place, worker in enumerate(self._workers):
            if worker.ticket == ticket:
                worker.kill()
                self._workers[place] = self._start()

    def close(self) -> None:
        """Kill every worker and remove the runner's files."""
        if self._closed:
            return
        self._closed = True
        self._waiting.clear()
        self._answered.clear()
        for worker in self._workers:
            worker.kill()
        self._workers = []
        self._scratch.remove()

    # ---- inside

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([serve.__module__, type(self._job).__module__])
        ours, theirs = context.Pipe()
        arguments = (theirs, self._job, self._scratch.path, self._limits.allowance)
        process = context.Process(target=serve, args=arguments, daemon=True)
        with _without_main():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _dispatch(self) -> None:
        for worker in self._workers:
            if worker.ticket is None and self._waiting:
                worker.take(*self._waiting.popleft(), self._limits.start_s)

    def _hear(self, worker: _Worker) -> None:
        """Take one message of `worker`; its death and nonsense are messages too."""
        try:
            message = json.loads(worker.connection.recv_bytes(MAX_ANSWER_BYTES))
            if "outcome" in message:
                self._answer(worker, Outcome.from_json(message["outcome"]))
                return
            worker.reach(str(message["stage"]))
        except (EOFError, ConnectionError):
            if worker.died_idle and worker.request is not None and worker.ticket is not None:
                # The request did nothing yet: it is not to blame, and has another chance.
                self._waiting.appendleft((worker.ticket, worker.request))
                worker.ticket = None
            self._replace(worker, worker.death())
            return
        except (OSError, ValueError, TypeError, KeyError, MeasureError):
            self._replace(worker, failure("crash", worker.stage, "its answer was garbage"))
            return
        worker.wind(self._limits.of_stage(worker.stage))

    def _enforce(self) -> None:
        """Kill the workers whose stage has lasted too long."""
        now = time.monotonic()
        for worker in self._workers:
            if worker.ticket is not None and now >= worker.deadline:
                reason = f"still busy after {worker.allowed_s:g} s; the limit ended it"
                self._replace(worker, failure("timeout", worker.stage, reason))

    def _replace(self, worker: _Worker, outcome: Outcome) -> None:
        worker.kill()
        self._answer(worker, replace(outcome, total_s=worker.held_s, device_s=worker.held_s))
        self._workers[self._workers.index(worker)] = self._start()

    def _answer(self, worker: _Worker, outcome: Outcome) -> None:
        if worker.ticket is not None:
            self._answered.append((worker.ticket, outcome))
            worker.ticket, worker.has_served = None, True


class _Worker:
    """A process, our end of its pipe, and what it is doing."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process = process
        self.connection = connection
        self.ticket: int | None = None
        self.request: Request | None = None
        self.stage = "submit"
        self.has_begun = False
        self.has_served = False
        self.allowed_s = 0.0
        self.deadline = float("inf")
        self._held_since: float | None = None

    def take(self, ticket: int, request: Request, start_s: float) -> None:
        """Send a request; a worker that died idle is found out when it is next heard."""
        self.ticket, self.request = ticket, request
        self.stage, self.has_begun, self._held_since = "submit", False, None
        self.wind(start_s)
        with suppress(OSError):
            self.connection.send_bytes(json.dumps(request.to_json()).encode())

    def reach(self, stage: str) -> None:
        """Note that a stage begins; while it runs and times kernels it uses the device."""
        self.stage, self.has_begun = stage, True
        if stage in ("run", "time"):
            self._held_since = time.monotonic()

    @property
    def held_s(self) -> float:
        """Seconds since the present request got the device; 0 where it did not yet."""
        return 0.0 if self._held_since is None else time.monotonic() - self._held_since

    def wind(self, allowed_s: float | None) -> None:
        """Set the clock; None stops it while waiting for a turn, and else lets it run on."""
        if allowed_s is not None:
            self.allowed_s, self.deadline = allowed_s, time.monotonic() + allowed_s
        elif self.stage == "submit":
            self.deadline = float("inf")

    @property
    def died_idle(self) -> bool:
        """Whether a process that once worked died before it took up its present request."""
        return self.has_served and not self.has_begun

    def death(self) -> Outcome:
        """How the process ended."""
        self.process.join(5.0)
        code = self.process.exitcode
        if code is None:
            return failure("crash", self.stage, "the process closed its pipe and went on")
        if code == -signal.SIGXCPU:
            return failure("timeout", self.stage, "it used up its processor time")
        if code < 0:
            name = signal.Signals(-code).name
            return failure("crash", self.stage, f"the process was killed by {name}")
        return failure("crash", self.stage, f"the process exited with code {code}")

    def kill(self) -> None:
        """End the process and everything it started."""
        if self.process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join(5.0)
        self.connection.close()


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the user's script while a process starts.

    `multiprocessing` would run it again in the worker, which needs nothing of it; one without a
    main guard would measure itself again and again.
    """
    with _MAIN_LOCK:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
