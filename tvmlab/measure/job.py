"""What is done for one request: replay, lower, build, run, compare, time.

Everything but the timing happens beside other workers; the timing alone on the machine. Whatever
fails is tagged with the stage it failed in and the words it failed with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from tvmlab import targets
from tvmlab.errors import TvmlabError
from tvmlab.measure.compare import Disagreement, compare
from tvmlab.measure.counters import counted
from tvmlab.measure.doubt import doubt, know_limits
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.reference import Trial, Trials
from tvmlab.measure.request import Request
from tvmlab.measure.sentinel import Sentinel, watched
from tvmlab.measure.timing import time_callable
from tvmlab.measure.turns import Turns
from tvmlab.schedule.registry import step_from_json
from tvmlab.schedule.state import State
from tvmlab.targets.cpu.threads import set_num_threads
from tvmlab.targets.halved_kernel import lower_kernel
from tvmlab.targets.target import Kernel
from tvmlab.te.serial import from_json

COUNTED_S, MOST_COUNTED = 0.01, 1000
"""Seconds of calls during which the processor's counters run, and the most calls."""

JUNK = 0x7F
"""Every byte of an output before the checked call: no number that a kernel would write."""


class _Failed(Exception):
    """Ends a job early; carries its outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class CandidateJob:
    """Builds, checks and times the kernel of a request; keeps the arrays of the last workload."""

    def __init__(self) -> None:
        self._trials = Trials()
        self._sentinels: dict[str, Sentinel] = {}
        self._last_s = 0.0

    def __call__(self, request: Request, turns: Turns, folder: Path) -> Outcome:
        """The outcome of `request`; references are kept in `folder`."""
        build, check, hold = _Watch(), _Watch(), _Watch()
        try:
            with turns.sharing():
                with build:
                    kernel = _build(request, turns)
                with _stage(turns, "prepare", "launch_error"):
                    set_num_threads(request.threads)
                for number in range(request.checks):
                    trial = self._trial(request, number, turns, folder)
                    with check:
                        _check(kernel, trial, request, turns)
                trial = self._trial(request, 0, turns, folder)
                sentinel = self._sentinel(request, turns)
            with turns.alone():
                with _stage(turns, "prepare", "launch_error"):
                    know_limits(request.target)
                with hold:
                    outcome = self._timed(kernel, trial, request, turns, sentinel)
        except _Failed as failed:
            outcome = failed.outcome
        total_s = build.time_s + check.time_s + hold.time_s
        return replace(outcome, build_s=build.time_s, total_s=total_s, device_s=hold.time_s)

    def _trial(self, request: Request, number: int, turns: Turns, folder: Path) -> Trial:
        """The arrays of a request's check `number`."""
        with _stage(turns, "prepare", "launch_error"):
            return self._trials.of(replace(request, seed=request.seed + number), folder)

    def _sentinel(self, request: Request, turns: Turns) -> Sentinel | None:
        """The sentinel of a request's target, where one is asked for."""
        if not request.is_watched:
            return None
        with _stage(turns, "prepare", "launch_error"):
            if request.target not in self._sentinels:
                self._sentinels[request.target] = Sentinel(targets.get(request.target))
            return self._sentinels[request.target]

    def _timed(
        self,
        kernel: Kernel,
        trial: Trial,
        request: Request,
        turns: Turns,
        sentinel: Sentinel | None,
    ) -> Outcome:
        """A good outcome; beside the sentinel, where there is one.

        What the kernel makes of constants alone is made as its arrays are bound, and not timed.
        """
        call = kernel.prepare(*_arrays(kernel, trial))
        sentinel_s = 0.0
        with _stage(turns, "time", "launch_error"):

            def measure() -> tuple[float, ...]:
                return time_callable(call, request.protocol).times_s

            if sentinel is None:
                times_s = measure()
            else:
                found = watched(measure, sentinel.reading_s, self._last_s)
                times_s, sentinel_s, self._last_s = found
            dtype = str(trial.outputs[0].dtype)
            reason = doubt(median(times_s), trial.work, dtype, request.target)
        if reason is not None:
            raise _Failed(Outcome("implausible", "time", reason, times_s, verified=True))
        counters: dict[str, float] = {}
        if request.is_counted:
            counters = counted(call, max(1, min(MOST_COUNTED, int(COUNTED_S / median(times_s)))))
        return Outcome(
            "ok", "time", times_s=times_s, verified=True, sentinel_s=sentinel_s, counters=counters
        )


@dataclass
class _Watch:
    """How long its bodies took together, however they ended."""

    time_s: float = 0.0

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.time_s += time.perf_counter() - self._begin


def _build(request: Request, turns: Turns) -> Kernel:
    """The kernel of a request."""
    with _stage(turns, "replay", "illegal"):
        steps = [step_from_json(step) for step in request.trace]
        program = State.start(from_json(request.workload)).replay(steps).program
    with _stage(turns, "lower", "build_error"):
        compiled = lower_kernel(targets.get(request.target), program)
    with _stage(turns, "build", "build_error"):
        return compiled()


def _check(kernel: Kernel, trial: Trial, request: Request, turns: Turns) -> None:
    """Run once and compare every output with its reference."""
    with _stage(turns, "run", "launch_error"):
        if request.poison:
            for output in trial.outputs:
                _poison(output)
        kernel(*_arrays(kernel, trial))
    with _stage(turns, "compare", "launch_error"):
        for output, expected in zip(trial.outputs, trial.expected, strict=True):
            found = compare(output, expected.value, expected.bound, expected.name)
            if isinstance(found, Disagreement):
                raise _Failed(failure("wrong_answer", "compare", str(found)))


def _arrays(kernel: Kernel, trial: Trial) -> list[np.ndarray]:
    """The arrays of a trial in the order in which the kernel takes them."""
    inputs = [trial.inputs[p.name] for p in kernel.signature.params if not p.is_output]
    return [*inputs, *trial.outputs]


def _poison(array: np.ndarray) -> None:
    """Fill with junk; a bool's junk is one of its two values."""
    array.reshape(-1).view(np.uint8).fill(1 if array.dtype == np.bool_ else JUNK)


@contextmanager
def _stage(turns: Turns, stage: str, status: str) -> Iterator[None]:
    """Announce `stage`; an error inside it becomes an outcome of `status`."""
    turns.announce(stage)
    try:
        yield
    except TvmlabError as error:
        raise _Failed(failure(status, stage, str(error))) from error
    except (_Failed, MemoryError):
        raise
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        raise _Failed(failure(status, stage, words)) from error
