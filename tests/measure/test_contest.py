"""Verdicts on noise made up to be as bad as a shared machine's: bursts, long tails, slow drift."""

import random

import pytest

from tvmlab.measure.contest import (
    TURNS,
    Verdict,
    judge,
    ratio_by_turns,
    ratio_of_runs,
    turn_order,
)

CONTESTS = 1000


class Noise:
    """Factors on a time: a drift that remembers, and now and then a long interruption."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._drift = 0.0

    def __call__(self) -> float:
        dice = self._random
        self._drift = 0.95 * self._drift + dice.gauss(0, 0.02)
        tail = dice.paretovariate(1.1) - 1 if dice.random() < 0.2 else 0.0
        return max(0.5, 1 + self._drift) * (1 + 0.01 * dice.expovariate(1.0) + tail)


def contest(noise: Noise, *times_s: float) -> Verdict:
    """As kernels are timed: forwards and backwards by turns."""
    turns = []
    for turn in range(TURNS):
        measured = {k: times_s[k] * noise() for k in turn_order(turn, len(times_s))}
        turns.append([measured[k] for k in range(len(times_s))])
    return judge(turns)


@pytest.mark.parametrize("kernels", [2, 4])
def test_of_equal_kernels_few_contests_name_a_winner(kernels):
    noise = Noise(1)
    named = sum(contest(noise, *[1.0] * kernels).is_certain for _ in range(CONTESTS))
    assert named <= 0.05 * CONTESTS
    if kernels == 2:
        assert named > 0  # it can


def test_a_kernel_that_is_much_faster_wins():
    noise = Noise(2)
    verdicts = [contest(noise, 1.0, 0.5, 1.0) for _ in range(200)]
    assert sum(v.leader == 1 for v in verdicts) >= 195
    assert sum(v.is_certain for v in verdicts) >= 100
    assert all(v.margin > 0 for v in verdicts if v.is_certain)


def test_rivals_are_named_and_the_margin_is_over_the_others():
    turns = [[1.0, 1.01 + 0.02 * (-1) ** n, 1.5 + 0.1 * n] for n in range(TURNS)]
    verdict = judge(turns)
    assert (verdict.leader, verdict.rivals) == (0, (1,))
    assert verdict.margin == pytest.approx(0.5)
    assert not verdict.is_certain


def test_too_few_turns_make_nobody_certain():
    assert judge([[1.0, 2.0]] * (TURNS - 1)).rivals == (1,)
    assert judge([[1.0, 2.0]] * TURNS).is_certain


def test_one_kernel_has_no_rivals():
    assert judge([[1.0]]) == Verdict(0, (), 0.0)


def test_of_equal_kernels_few_duels_name_one_and_of_unequal_ones_the_ratio_is_enclosed():
    noise = Noise(3)
    for truth in (1.0, 1.5):
        missed = 0
        for _ in range(CONTESTS):
            turns = []
            for turn in range(2 * TURNS):
                measured = {k: (truth, 1.0)[k] * noise() for k in turn_order(turn, 2)}
                turns.append((measured[0], measured[1]))
            found = ratio_by_turns(turns)
            assert found.low <= found.median <= found.high
            missed += not found.low <= truth <= found.high
        assert 0 < missed <= 0.05 * CONTESTS


def test_two_runs_enclose_their_ratio_as_often_as_they_say():
    dice = random.Random(4)
    missed = 0
    for _ in range(CONTESTS):
        first, second = ([s * dice.expovariate(1) for _ in range(9)] for s in (3.0, 1.0))
        found = ratio_of_runs(first, second)
        assert found.confidence >= 0.95
        missed += not found.low <= 3 <= found.high
    assert missed <= 0.05 * CONTESTS


def test_too_few_repeats_make_no_ratio_certain():
    assert ratio_of_runs([2.0] * 7, [1.0] * 7).is_certain
    assert not ratio_of_runs([2.0] * 6, [1.0] * 6).is_certain
    assert ratio_of_runs([2.0], [1.0]).confidence == 0
    assert not ratio_by_turns([(2.0, 1.0)] * (TURNS - 1)).is_certain
