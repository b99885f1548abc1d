"""The suite notices what goes wrong: bugs planted one at a time, and nearly all of them caught.

Every bug takes seconds, so a run tries every fourth of them, some of each room;
`python -m tests.power.report` tries all, in half an hour.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from tests.power.bugs import ROOMS
from tests.power.planting import Room, planted
from tests.power.trial import Verdict, every_bug, try_all

SHARE_CAUGHT = 0.95
TRIED = slice(None, None, 4)


def test_every_patch_fits_the_text_it_is_for() -> None:
    for _, bug in every_bug(ROOMS):
        planted(bug)


@pytest.mark.serial
def test_planted_bugs_are_caught() -> None:
    verdicts = list(try_all(every_bug(ROOMS)[TRIED]))
    broken = [v.broken for v in verdicts if v.broken]
    assert not broken, "\n".join(broken)
    survivors = [str(v) for v in verdicts if not v.found_by]
    print("\n".join(survivors))
    caught = len(verdicts) - len(survivors)
    assert caught >= SHARE_CAUGHT * len(verdicts), "survived:\n" + "\n".join(survivors)


def folders() -> list[Room]:
    """What any room's tests are, each once, as a room for each folder of the suite."""
    named = sorted({test for room in ROOMS for test in room.tests})
    alone = [test for test in named if str(Path(test).parent) not in named]
    by_folder = groupby(alone, lambda test: "/".join(Path(test).parts[:2]))
    return [Room(folder, tuple(tests), ()) for folder, tests in by_folder]


@pytest.fixture(scope="module")
def controls() -> dict[str, Verdict]:
    """What was found in each folder with nothing planted."""
    return {v.room.name: v for v in try_all([(room, None) for room in folders()], pairs=10)}


@pytest.mark.serial
@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_nothing_is_found_where_nothing_is_planted(
    controls: dict[str, Verdict], folder: Room
) -> None:
    verdict = controls[folder.name]
    assert not verdict.found_by
    assert not verdict.broken


def test_there_are_bugs_enough_and_each_has_a_name_of_its_own() -> None:
    names = [bug.name for _, bug in every_bug(ROOMS)]
    assert len(names[TRIED]) >= 80
    assert len(set(names)) == len(names)
