"""A machine that changes its pace: what is measured of it, and what is made of that."""

from dataclasses import replace

import pytest

from tvmlab import targets
from tvmlab.measure.drift import Drift
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.sentinel import STEADY, Sentinel, watched


def outcome(time_s: float, sentinel_s: float) -> Outcome:
    return Outcome("ok", "time", times_s=(time_s,), verified=True, sentinel_s=sentinel_s)


def medians(*pairs: tuple[float, float]) -> list[float]:
    drift = Drift()
    return [drift.steadied(outcome(*pair)).median_s or 0.0 for pair in pairs]


def test_times_of_a_slower_level_are_brought_to_the_first():
    found = medians((2.0, 1.0), (2.0, 1.0), (2.5, 1.25), (2.5, 1.25), (2.0, 1.0))
    assert found == pytest.approx([2.0] * 5)


def test_times_of_a_faster_level_are_too():
    assert medians((2.0, 1.0), (1.6, 0.8)) == pytest.approx([2.0, 2.0])


def test_noise_of_the_sentinel_does_not_touch_the_times():
    near = 1 + STEADY * 0.9
    assert medians((2.0, 1.0), (2.0, near), (2.0, 1 / near)) == [2.0, 2.0, 2.0]
    first, level = 1.0, 1.5
    found = medians((2.0, first), (3.0, level), (3.0, level * near), (3.0, level / near))
    assert found == pytest.approx([2.0] * 4)


def test_without_a_reading_the_level_is_what_it_was():
    assert medians((2.0, 0.0), (2.0, 1.0), (4.0, 2.0), (4.0, 0.0)) == [2.0, 2.0, 2.0, 2.0]


def test_what_was_measured_is_known_beside_what_it_comes_to():
    drift = Drift()
    first, second = (drift.steadied(outcome(*pair)) for pair in ((2.0, 1.0), (3.0, 1.5)))
    assert first.as_measured == first
    assert second.times_s == pytest.approx((2.0,))
    assert second.as_measured.times_s == pytest.approx((3.0,))
    assert Outcome.from_json(second.to_json()).as_measured == second.as_measured
    assert "slowdown" not in first.to_json()


def test_what_was_stored_says_how_to_go_on():
    first = Drift()
    stored = [first.steadied(outcome(*pair)) for pair in ((2.0, 1.0), (3.0, 1.5))]
    resumed = Drift()
    recalled = [resumed.recalled(replace(each, slowdown=1.0)) for each in stored]
    assert [each.slowdown for each in recalled] == [1.0, 1.5]
    assert resumed.slowdown == 1.5
    assert resumed.steadied(outcome(3.0, 1.5)).median_s == pytest.approx(2.0)


class Machine:
    """Gives out readings in turn, and says between which a candidate was measured."""

    def __init__(self, *readings_s: float) -> None:
        self.readings_s = list(readings_s)
        self.measured = 0

    def reading_s(self) -> float:
        return self.readings_s.pop(0)

    def measure(self) -> int:
        self.measured += 1
        return self.measured


@pytest.mark.parametrize(
    ("last_s", "readings_s", "expected"),
    [
        (0.0, (1.0, 1.02), (1, 1.01, 1.02)),  # still
        (1.0, (1.02,), (1, 1.01, 1.02)),  # the reading before is known from the last candidate
        (1.0, (1.3, 1.3), (2, 1.3, 1.3)),  # a new level: measured again within it
        (1.0, (1.5, 1.2, 1.2), (3, 1.2, 1.2)),
        (1.0, (1.5, 1.2, 1.6), (3, 0.0, 1.6)),  # never still
    ],
)
def test_a_candidate_is_measured_until_the_machine_keeps_still(last_s, readings_s, expected):
    machine = Machine(*readings_s)
    found, sentinel_s, last = watched(machine.measure, machine.reading_s, last_s)
    assert (found, last) == (expected[0], expected[2])
    assert sentinel_s == pytest.approx(expected[1])
    assert machine.readings_s == []


def test_the_sentinel_is_a_kernel_of_ours():
    assert 0 < Sentinel(targets.get("cpu")).reading_s() < 1
