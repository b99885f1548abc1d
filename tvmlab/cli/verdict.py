"""The last word on a schedule: built, checked and timed with care, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.cli.speed import Speed
from tvmlab.measure.child import LocalRunner
from tvmlab.measure.contest import Verdict
from tvmlab.measure.in_turn import LIMITS, request_of
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.runner import measure_all
from tvmlab.measure.timing import Protocol, duration, median_interval
from tvmlab.schedule import State

CAREFUL = Protocol(
    warmup_s=0.05, min_repeat_s=0.002, min_repeats=10, limit_s=1.0, patience_s=10.0,
    interval_share=0.01,
)  # fmt: skip
"""Up to a second, or until the median is known to 1 %."""


def measure(state: State, target: str, seed: int) -> Outcome:
    """Build, compare with the reference and time; a kernel that crashes is an outcome too."""
    with LocalRunner(workers=1, limits=LIMITS) as runner:
        [outcome] = measure_all(runner, [request_of(state, target, seed, CAREFUL)])
    return outcome


def standing(verdict: Verdict, numbers: Sequence[int]) -> str:
    """Whether the leader of a contest has won, in words; `numbers` are the contestants' names."""
    name = f"best is trial {numbers[verdict.leader]}"
    rivals = [str(numbers[place]) for place in verdict.rivals]
    if rivals:
        listed = " and ".join(filter(None, [", ".join(rivals[:-1]), rivals[-1]]))
        return f"{name}, but trial{'s' * (len(rivals) > 1)} {listed} may be as fast"
    return f"{name}, faster than the others by at least {100 * verdict.margin:.1f} %"


def report(state: State, outcome: Outcome, elsewhere: str = "") -> list[str]:
    """An outcome of `measure`, one line for each of its sides.

    `elsewhere`: where it was measured, in words, if not on this machine, with as many threads as
    parallel loops run on here: then nothing is known of what limits it.
    """
    if not outcome.is_ok:
        status = outcome.status.replace("_", " ")
        return [f"check      {status} at stage {outcome.stage}: {outcome.reason}"]
    low_s, high_s, confidence = median_interval(outcome.times_s)
    median_s, min_s = outcome.median_s or 0.0, outcome.min_s or 0.0
    repeats = f"{len(outcome.times_s)} repeat{'s' * (len(outcome.times_s) > 1)}"
    speed = Speed(state)
    rate = speed.rate(median_s)
    said = f"{rate}, {elsewhere}" if elsewhere else speed.share(median_s)
    return [
        "check      every element agrees with NumPy, within what rounding allows",
        f"time       {duration(median_s)} median, {duration(min_s)} least, "
        f"spread {100 * (outcome.spread or 0.0):.1f} % over {repeats}",
        f"           the true median lies from {duration(low_s)} to {duration(high_s)} "
        f"({100 * confidence:.0f} % sure)",
        f"speed      {said}",
    ]
