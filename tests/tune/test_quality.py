"""How well a batch was foreseen, where that is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from tvmlab.tune.quality import batch_quality, kendall

MEASURED = [4.0, 1.0, 3.0, 2.0, 8.0, 7.0, 6.0, 5.0]


def test_a_batch_foreseen_perfectly_or_backwards() -> None:
    perfect = batch_quality(3, MEASURED, MEASURED)
    assert perfect == (3, 8, 8, pytest.approx(1.0), pytest.approx(1.0), 2, 1.0, 0.0)
    backwards = batch_quality(0, [-m for m in MEASURED], MEASURED)
    assert (backwards.spearman, backwards.kendall) == (pytest.approx(-1), pytest.approx(-1))
    assert (backwards.recall, backwards.regret) == (0.0, 7.0)


def test_ties_are_broken_by_lot() -> None:
    """Of four predicted alike and first, two are chosen: each with odds of 1/2."""
    found = batch_quality(0, [1.0] * 4 + [2.0] * 4, MEASURED)
    assert (found.distinct, found.top, found.recall) == (2, 2, 0.5)
    assert found.regret == pytest.approx((4 + 1 + 3 + 2) / 4 - 1)
    alike = batch_quality(0, [1.0] * 8, MEASURED)
    assert (alike.spearman, alike.kendall, alike.recall) == (None, None, 0.25)


def test_a_batch_without_predictions_has_no_quality() -> None:
    assert batch_quality(1, [], []) == (1, 0, 0, None, None, 0, None, None)


def test_kendall_allows_for_ties() -> None:
    """5 pairs in order, none against, of 6 and 5 that are not tied: 5 / sqrt(6 * 5)."""
    a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 3.0])
    assert kendall(a, b) == pytest.approx(5 / np.sqrt(6 * 5))
    assert kendall(a[:2], b[:2]) is None
