"""The last word on a schedule: built, checked and timed with care, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.cli.speed import Speed
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.outcome import Outcome, joined
from tvmlab.measure.request import Request
from tvmlab.measure.runner import measure_all
from tvmlab.measure.timing import Protocol, duration, median_interval
from tvmlab.schedule import State
from tvmlab.te.serial import to_json

CAREFUL = Protocol(
    warmup_s=0.05, min_repeat_s=0.002, min_repeats=10, limit_s=1.0, patience_s=10.0,
    interval_share=0.01,
)  # fmt: skip
"""Up to a second, or until the median is known to 1 %."""

LIMITS = Limits(build_s=60.0, run_s=120.0)
"""More than a tuner gives: a schedule that is replayed may be a slow one."""


TURN = Protocol(
    warmup_s=0.02, min_repeat_s=0.002, min_repeats=5, limit_s=0.25, patience_s=10.0,
    interval_share=0.005,
)  # fmt: skip
"""One turn of several schedules that are compared."""

TURNS = 4


def measure(state: State, target: str, seed: int) -> Outcome:
    """Build, compare with the reference and time; a kernel that crashes is an outcome too."""
    [outcome] = _measured([state], target, seed, CAREFUL, turns=1)
    return outcome


def measure_in_turn(states: Sequence[State], target: str, seed: int) -> list[Outcome]:
    """As `measure`, of several: each in turn, several times over, so that what the machine does
    meanwhile hits all alike."""
    if len(states) == 1:
        return [measure(states[0], target, seed)]
    return _measured(states, target, seed, TURN, TURNS)


def _measured(
    states: Sequence[State], target: str, seed: int, protocol: Protocol, turns: int
) -> list[Outcome]:
    requests = [
        Request(to_json(s.outputs), [step.to_json() for step in s.steps], target, seed, protocol)
        for s in states
    ]
    with LocalRunner(workers=1, limits=LIMITS) as runner:
        rounds = [measure_all(runner, requests) for _ in range(turns)]
    return [joined(each) for each in zip(*rounds, strict=True)]


def report(state: State, outcome: Outcome) -> list[str]:
    """An outcome of `measure`, one line for each of its sides."""
    if not outcome.is_ok:
        status = outcome.status.replace("_", " ")
        return [f"check      {status} at stage {outcome.stage}: {outcome.reason}"]
    low_s, high_s, confidence = median_interval(outcome.times_s)
    median_s, min_s = outcome.median_s or 0.0, outcome.min_s or 0.0
    repeats = f"{len(outcome.times_s)} repeat{'s' * (len(outcome.times_s) > 1)}"
    return [
        "check      every element agrees with NumPy, within what rounding allows",
        f"time       {duration(median_s)} median, {duration(min_s)} least, "
        f"spread {outcome.spread or 0.0:.1%} over {repeats}",
        f"           the true median lies from {duration(low_s)} to {duration(high_s)} "
        f"({confidence:.0%} sure)",
        f"speed      {Speed(state).share(median_s)}",
    ]
