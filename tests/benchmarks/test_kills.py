"""Ten kills of a tuner; `benchmarks/kills.py` makes a hundred."""

from __future__ import annotations

import kills


def test_nothing_is_lost_when_the_tuner_is_killed() -> None:
    found = kills.kill_often(10, seed=1, is_real=False, place=None)
    assert found.kills >= 10
    assert found.is_clean, found
    assert found.told > 20
