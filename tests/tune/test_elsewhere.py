"""Places of a batch for structures that a search has turned its back on."""

from __future__ import annotations

import numpy as np
import pytest

from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.tune.elsewhere import elsewhere, places_elsewhere
from tvmlab.tune.explorer import History
from tvmlab.tune.explorers import GuidedExplorer
from tvmlab.tune.space import Space


class Structures(Space):
    """Three structures of 100 configurations."""

    def __init__(self) -> None:
        super().__init__([ChoiceKnob("a", (0, 1, 2)), ChoiceKnob("b", tuple(range(100)))], None)
        self.structures = 3

    def structure_of(self, digits: np.ndarray) -> np.ndarray:
        return digits[:, 0]


SPACE = Structures()


def history(digits, scores) -> History:
    digits = SPACE.stack([np.array(row) for row in digits])
    return History(digits, np.array(scores), frozenset(SPACE.indices(digits)))


def rising(trials: int, last: float) -> History:
    """The fastest of structure 0 at the beginning; then `last`, the fastest again if it is 1."""
    scores = [0.97, *[0.5] * (trials - 2), last]
    return history([(0, n) for n in range(trials)], np.array(scores) / max(scores))


@pytest.mark.parametrize(("trials", "last", "places"), [
    (40, 0.5, 2),   # nothing better since the first trial
    (40, 0.98, 2),  # a hair better, which may be luck
    (40, 1.0, 0),   # better just now
    (12, 0.5, 0),   # too early to say
])  # fmt: skip
def test_a_stuck_search_gives_a_quarter_of_its_places(trials, last, places):
    assert places_elsewhere(SPACE, 8, rising(trials, last)) == places


def test_a_larger_batch_is_waited_for():
    assert places_elsewhere(SPACE, 64, rising(60, 0.5)) == 0
    assert places_elsewhere(SPACE, 64, rising(70, 0.5)) == 16


def chosen(known: History, count: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    return elsewhere(SPACE, count, known, lambda digits: digits[:, 1] * 1.0, known.seen, rng)


def test_the_favourites_of_those_tried_least_are_taken():
    known = [*((0, n) for n in range(20)), (1, 99), (2, 98)]
    rows = chosen(history(known, [1.0] * 20 + [0.4, 0.4]))
    assert sorted(map(tuple, rows.tolist())) == [
        (1, 96), (1, 97), (1, 98), (2, 96), (2, 97), (2, 99),
    ]  # fmt: skip


def test_what_showed_more_and_was_tried_less_gets_more():
    often = [(0, n) for n in range(40)]
    slow = chosen(history([*often, (1, 5), (2, 5)], [*[1.0] * 40, 0.9, 0.3]))
    assert (slow[:, 0] == 1).sum() == 5
    one = chosen(history([*often, *((1, n) for n in range(9)), (2, 5)], [*[1.0] * 40, *[0.5] * 10]))
    assert (one[:, 0] == 2).all()


def test_the_fastest_structure_is_tried_where_another_is_all_that_was_tried():
    rows = chosen(history([*((0, n) for n in range(40)), (1, 5)], [*[0.8] * 40, 1.0]))
    assert set(rows[:, 0].tolist()) == {1, 2}


def test_where_there_is_one_structure_no_place_is_given():
    plain = Space(SPACE.knobs, SPACE.trace)
    assert places_elsewhere(plain, 8, rising(40, 0.5)) == 0


def test_tiles_of_different_lengths_are_structures():
    tiles = ChoiceKnob("tile", ((1, 2, 8), (4, 8), (2, 4, 8), (8,)))
    space = Space([ChoiceKnob("b", (1, 2)), tiles], SPACE.trace)
    assert space.structures == 3
    assert space.structure_of(space.everything()).tolist() == [2, 1, 2, 0] * 2


def test_a_batch_of_a_stuck_search_has_others_in_it():
    known = history([(0, n) for n in range(40)], 1.0 - np.arange(40) / 80)
    explorer = GuidedExplorer(SPACE, 0)
    explorer.observe(known)
    kinds = [int(p.digits[0]) for p in explorer.propose(8, known)]
    assert len(kinds) == 8
    assert sum(kind > 0 for kind in kinds) >= 2
