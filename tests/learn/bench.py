"""A bench without compiler and clock: results are NumPy's own, times are told beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tvmlab.learn.bench import Rates
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.schedule import State

WRONG = failure("wrong_answer", "compare", "C differs at [0, 0]")


class FakeBench:
    """Every schedule is right, but those of which `is_wrong` says otherwise; `seconds` of each."""

    def __init__(
        self,
        seconds: Callable[[State], float] = lambda state: 1.0,
        is_wrong: Callable[[State], bool] = lambda state: False,
    ) -> None:
        self._seconds = seconds
        self._is_wrong = is_wrong
        self.checked: list[State] = []
        self.seeds: list[int] = []

    def check(self, states: Sequence[State], seed: int) -> list[Outcome]:
        self.checked += states
        self.seeds.append(seed)
        return [WRONG if self._is_wrong(state) else self._timed(state) for state in states]

    def race(self, states: Sequence[State], seed: int) -> list[Outcome]:
        return [WRONG if self._is_wrong(state) else self._timed(state) for state in states]

    def rates(self, state: State) -> Rates:
        return Rates(1e11, 1e10)

    def _timed(self, state: State) -> Outcome:
        return Outcome("ok", "time", times_s=(self._seconds(state),) * 3, verified=True)
