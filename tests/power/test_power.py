"""The suite notices what goes wrong: bugs planted one at a time, and nearly all of them caught.

A run tries one bug in four, some of each room; `python -m tests.power.report` tries all. Whatever
found one is then asked about the program without a bug, and must find nothing.
"""

from __future__ import annotations

import pytest

from tests.power.bugs import ROOMS
from tests.power.planting import planted
from tests.power.remembered import remembered
from tests.power.trial import Verdict, every_bug, one_in, try_all, try_without_a_bug

SHARE_CAUGHT = 0.95
TRIED = one_in(4, ROOMS)


def test_every_patch_fits_the_text_it_is_for() -> None:
    for _, bug in every_bug(ROOMS):
        planted(bug)


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """What became of each bug that is tried."""
    return list(try_all(TRIED))


@pytest.mark.serial
def test_planted_bugs_are_caught(verdicts: list[Verdict]) -> None:
    broken = [v.broken for v in verdicts if v.broken]
    assert not broken, "\n".join(broken)
    survivors = [str(v) for v in verdicts if not v.found_by]
    print("\n".join(survivors))
    caught = len(verdicts) - len(survivors)
    assert caught >= SHARE_CAUGHT * len(verdicts), "survived:\n" + "\n".join(survivors)


@pytest.mark.serial
def test_what_finds_bugs_finds_nothing_where_none_is_planted(verdicts: list[Verdict]) -> None:
    checks = sorted({v.check for v in verdicts if v.check})
    assert len(checks) > 20
    verdict = try_without_a_bug(checks)
    assert not verdict.found_by
    assert not verdict.broken


def test_there_are_bugs_enough_and_each_has_a_name_of_its_own() -> None:
    names = [bug.name for _, bug in every_bug(ROOMS)]
    assert len(TRIED) >= 80
    assert len(set(names)) == len(names)
    assert set(remembered()) <= set(names)
