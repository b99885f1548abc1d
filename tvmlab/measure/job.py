"""What is done for one request: replay, lower, build, run, compare, time.

The first half happens beside other workers, the second alone on the machine. Whatever fails is
tagged with the stage it failed in and the words it failed with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tvmlab import targets
from tvmlab.errors import TvmlabError
from tvmlab.lower.pipeline import lower
from tvmlab.measure.compare import Disagreement, compare
from tvmlab.measure.doubt import doubt, know_limits
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.reference import Trial, Trials
from tvmlab.measure.request import Request
from tvmlab.measure.timing import time_callable
from tvmlab.measure.turns import Turns
from tvmlab.schedule.registry import step_from_json
from tvmlab.schedule.state import State
from tvmlab.targets.cpu.threads import set_num_threads
from tvmlab.targets.target import Kernel, Signature
from tvmlab.te.serial import from_json

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

    def __call__(self, request: Request, turns: Turns, folder: Path) -> Outcome:
        """The outcome of `request`; references are kept in `folder`."""
        build, run = _Watch(), _Watch()
        try:
            with turns.sharing():
                with build:
                    kernel = _build(request, turns)
                with _stage(turns, "prepare", "launch_error"):
                    trial = self._trials.of(request, folder)
            with turns.alone():
                with _stage(turns, "prepare", "launch_error"):
                    set_num_threads(request.threads)
                    know_limits(request.target)
                with run:
                    _check(kernel, trial, request, turns)
                    times_s = _time(kernel, trial, request, turns)
            outcome = Outcome("ok", "time", times_s=times_s, verified=True)
        except _Failed as failed:
            outcome = failed.outcome
        return replace(outcome, build_s=build.time_s, total_s=build.time_s + run.time_s)


@dataclass
class _Watch:
    """How long its body took, however that ended."""

    time_s: float = 0.0

    def __enter__(self) -> None:
        self._begin = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.time_s = time.perf_counter() - self._begin


def _build(request: Request, turns: Turns) -> Kernel:
    """The kernel of a request."""
    with _stage(turns, "replay", "illegal"):
        steps = [step_from_json(step) for step in request.trace]
        program = State.start(from_json(request.workload)).replay(steps).program
    with _stage(turns, "lower", "build_error"):
        lowered = lower(program)
    with _stage(turns, "build", "build_error"):
        target = targets.get(request.target)
        return target.build(target.emit(lowered), Signature.of(lowered))


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


def _time(kernel: Kernel, trial: Trial, request: Request, turns: Turns) -> tuple[float, ...]:
    """Seconds of a call, one figure for each repeat, if they are to be believed."""
    with _stage(turns, "time", "launch_error"):
        timing = time_callable(kernel.prepare(*_arrays(kernel, trial)), request.protocol)
        dtype = str(trial.outputs[0].dtype)
        reason = doubt(timing.median_s, trial.work, dtype, request.target)
    if reason is not None:
        raise _Failed(Outcome("implausible", "time", reason, timing.times_s, verified=True))
    return timing.times_s


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
