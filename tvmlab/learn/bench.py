"""The machine that answers are judged on: whether they are right, and how fast they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tvmlab.measure.child import LocalRunner
from tvmlab.measure.in_turn import LIMITS, measure_in_turn, request_of
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.runner import measure_all
from tvmlab.measure.timing import Protocol as Timing
from tvmlab.schedule import State
from tvmlab.targets.cpu.limits import cpu_peaks

ONCE = Timing(warmup_s=0.0, min_repeat_s=0.0, min_repeats=1, max_repeats=1, limit_s=0.0)
"""Where only the result counts."""

TURN = Timing(
    warmup_s=0.01, min_repeat_s=0.001, min_repeats=5, limit_s=0.08, patience_s=5.0,
    interval_share=0.005,
)  # fmt: skip
"""One of six turns: exercises are small, and a learner waits."""


class Rates(NamedTuple):
    """What a machine does at most: operations on elements, and bytes from memory, per second."""

    flop_per_s: float
    byte_per_s: float


class Bench(Protocol):
    """Judges schedules; a failure of one is an outcome."""

    def check(self, states: Sequence[State], seed: int) -> list[Outcome]:
        """Whether each is right on random inputs of `seed` and of the next, outputs poisoned."""

    def race(self, states: Sequence[State], seed: int) -> list[Outcome]:
        """Their times, measured in turns that hit all alike."""

    def rates(self, state: State) -> Rates:
        """What the machine does at most in the dtype of the state's first output."""


class MachineBench:
    """This machine's processor; candidates run in processes that may crash or hang."""

    def check(self, states: Sequence[State], seed: int) -> list[Outcome]:
        """Build, run on two sets of inputs, compare with the reference."""
        with LocalRunner(workers=1, limits=LIMITS) as runner:
            return measure_all(runner, [request_of(s, "cpu", seed, ONCE) for s in states])

    def race(self, states: Sequence[State], seed: int) -> list[Outcome]:
        """Check and time in turns."""
        return measure_in_turn(states, "cpu", seed, TURN)[0]

    def rates(self, state: State) -> Rates:
        """Measured once a process, or remembered from earlier."""
        peaks = cpu_peaks()
        dtype = state.outputs[0].dtype
        return Rates(peaks.peak_flop_per_s(dtype), peaks.peak_bytes_per_s("DRAM"))
