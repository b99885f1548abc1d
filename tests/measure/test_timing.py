from __future__ import annotations

import math
import random

import pytest

from tvmlab.errors import MeasureError
from tvmlab.measure.timing import (
    CERTIFIED,
    CONFIDENCE,
    QUICK,
    Protocol,
    duration,
    median_interval,
    spread,
    time_callable,
)


class Machine:
    """A clock, and a call that moves it by a time drawn for each call."""

    def __init__(self, *call_s: float, seed: int = 0, noise: float = 0.0) -> None:
        self.now_s = 1000.0
        self.calls = 0
        self._call_s = call_s
        self._noise = noise
        self._random = random.Random(seed)

    def clock(self) -> float:
        return self.now_s

    def __call__(self) -> None:
        base = self._call_s[min(self.calls, len(self._call_s) - 1)]
        self.now_s += base * (1 + self._noise * self._random.random())
        self.calls += 1


def test_quick_keeps_to_its_budget() -> None:
    machine = Machine(1e-4)
    timing = time_callable(machine, QUICK, machine.clock)
    assert timing.median_s == pytest.approx(1e-4)
    assert timing.calls_per_repeat in (10, 11)
    assert 90 <= len(timing.times_s) <= 101
    assert machine.now_s - 1000 < 0.010 * 2 + 0.1 + 0.002


def test_warm_up_does_not_count() -> None:
    machine = Machine(0.5, 1e-4)
    timing = time_callable(machine, QUICK, machine.clock)
    assert max(timing.times_s) == pytest.approx(1e-4)


def test_slow_calls_are_repeated_as_often_as_patience_allows() -> None:
    three = Machine(0.2)
    assert len(time_callable(three, QUICK, three.clock).times_s) == 3
    one = Machine(7.0)
    timing = time_callable(one, QUICK, one.clock)
    assert timing.times_s == pytest.approx((7.0,))
    assert one.calls == 1
    assert timing.confidence == 0
    assert "too few" in str(timing)


def test_certified_stops_when_the_interval_is_narrow() -> None:
    machine = Machine(1e-3, noise=0.04)
    timing = time_callable(machine, CERTIFIED, machine.clock)
    low, high = timing.interval_s
    assert timing.settled
    assert timing.confidence >= CONFIDENCE
    assert high - low <= 0.01 * timing.median_s
    assert low <= timing.median_s <= high
    assert machine.now_s - 1000 < 5


def test_certified_gives_up_where_the_noise_is_too_large() -> None:
    machine = Machine(0.1, noise=1.0)
    timing = time_callable(machine, CERTIFIED, machine.clock)
    assert not timing.settled
    assert 10 <= machine.now_s - 1000 < 11


def test_repeat_of_the_call_is_used() -> None:
    class Native(Machine):
        batches = 0

        def repeat(self, count: int) -> None:
            self.batches += 1
            self.now_s += 2e-6 * count

    native = Native(1.0)
    assert time_callable(native, QUICK, native.clock).median_s == pytest.approx(2e-6)
    assert native.batches > 3
    assert native.calls == 0


@pytest.mark.parametrize("share", [0.25, None])
def test_a_device_that_keeps_the_time_is_believed(share: float | None) -> None:
    class Device(Machine):
        def device_seconds(self, count: int) -> float | None:
            if share is None:
                return None
            for _ in range(count):
                self()
            return count * 1e-3 * share

    device = Device(1e-3)
    timing = time_callable(device, QUICK, device.clock)
    assert timing.median_s == pytest.approx(1e-3 * (share or 1.0))
    assert len(timing.times_s) > 50


def test_what_is_far_from_the_best_costs_one_repeat() -> None:
    slow, near = Machine(0.021), Machine(0.019)
    protocol = QUICK.against(0.010)
    timing = time_callable(slow, protocol, slow.clock)
    assert len(timing.times_s) == 1
    assert slow.calls == 2
    assert len(time_callable(near, protocol, near.clock).times_s) >= 5
    assert QUICK.against(None) is QUICK


def test_one_slow_call_does_not_make_a_candidate_hopeless() -> None:
    for calls in ((0.5, 0.001), (0.001, 0.001, 0.001, 0.001, 0.5, 0.001)):
        machine = Machine(*calls)
        timing = time_callable(machine, QUICK.against(0.001), machine.clock)
        assert timing.median_s == pytest.approx(0.001)


def test_max_repeats() -> None:
    machine = Machine(1e-3)
    assert len(time_callable(machine, Protocol(max_repeats=7), machine.clock).times_s) == 7


def test_a_clock_that_stands_still_is_refused() -> None:
    class Frozen:
        def repeat(self, count: int) -> None: ...

        def __call__(self) -> None: ...

    ticks = iter(range(10**6))
    with pytest.raises(MeasureError, match="stood still"):
        # It stands still for as long as calls are made, and patience runs between them.
        time_callable(Frozen(), Protocol(warmup_s=0, max_repeats=5), lambda: next(ticks) * 0.0)


@pytest.mark.parametrize(
    "fields",
    [{"min_repeats": 0}, {"min_repeats": 5, "max_repeats": 4}, {"limit_s": -1.0}],
)
def test_impossible_protocols_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(MeasureError, match="protocol"):
        Protocol(**fields)  # type: ignore[arg-type]


def test_interval_ranks_are_those_of_the_binomial() -> None:
    # Tables of the sign test: n = 6 needs both extremes (97 %), n = 9 leaves one out at each end,
    # n = 20 five; n = 5 cannot reach 95 %.
    for samples, rank, confidence in (
        (5, 0, 0.9375),
        (6, 0, 0.96875),
        (9, 1, 0.9609),
        (20, 5, 0.9586),
    ):
        times = [float(i) for i in range(samples)]
        low, high, got = median_interval(times)
        assert (low, high) == (rank, samples - 1 - rank)
        assert got == pytest.approx(confidence, abs=1e-4)


def test_interval_encloses_the_median_as_often_as_it_says() -> None:
    rng = random.Random(1)
    inside = 0
    for _ in range(2000):
        low, high, _ = median_interval([rng.expovariate(1.0) for _ in range(25)])
        inside += low <= math.log(2) <= high
    assert 0.94 <= inside / 2000 <= 0.985


def test_spread() -> None:
    assert spread([2.0]) == 0
    assert spread([1.0 + i / 100 for i in range(101)]) == pytest.approx(0.8 / 1.5)


@pytest.mark.parametrize(
    ("time_s", "words"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (4.2e-5, "42 us"), (3e-9, "3 ns")]
)
def test_duration(time_s: float, words: str) -> None:
    assert duration(time_s) == words
