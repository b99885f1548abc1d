"""Every exercise that comes with tvmlab: its solution passes, its wrong answers do not.

Times come from a model of what the exercises teach, so that nothing is compiled here; a few are
graded for real in test_grader.py, and all of them by `benchmarks/exercises.py`.
"""

from __future__ import annotations

import pytest

from tests.learn.bench import FakeBench
from tvmlab.learn import KINDS, exercise, exercise_names, judge
from tvmlab.learn.answer import read_answer
from tvmlab.learn.kind import goal_of
from tvmlab.schedule import State
from tvmlab.schedule.find import sites

NAMES = exercise_names()


def seconds(state: State) -> float:
    """A machine that likes lanes or columns innermost, and many rows unrolled around them."""
    loops = {loop.var.name: loop for site in sites(state.program) for loop in site.loops}
    names = list(loops)
    by_columns = names[-1].startswith("x") or state.program.name != "C"
    lanes = max((int(x.extent) for x in loops.values() if x.kind == "vectorized"), default=1)
    unrolled = [int(x.extent) for n, x in loops.items() if n == "yi" and x.kind == "unrolled"]
    rows = max(unrolled, default=1)
    return (1.0 if by_columns else 20.0) / (min(lanes, 16) * (min(rows, 8) if lanes > 1 else 1))


def test_there_is_one_of_each_kind_and_each_kind_is_taught() -> None:
    taught = [exercise(name).kind for name in NAMES]
    assert len(taught) == len(set(taught))
    assert set(taught) == set(KINDS)
    assert len(KINDS) == 12
    assert all(kind.name == name and kind.title for name, kind in KINDS.items())


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes_and_wrong_answers_do_not(name: str) -> None:
    found = exercise(name)
    assert found.key is not None
    solved = judge(found, read_answer(found.key.solution), FakeBench(seconds), seed=1)
    assert solved.is_passed, str(solved)
    assert solved.points >= 0.95 * found.points
    assert found.key.wrong
    for text in found.key.wrong:
        graded = judge(found, read_answer(text), FakeBench(seconds), seed=1)
        assert not graded.is_passed, (text, str(graded))
        assert graded.points < found.points
        lost = [mark for mark in graded.marks if not mark.is_passed]
        assert all(len(mark.words) > 10 for mark in lost), "a lost mark teaches"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_worded_for_learners(name: str) -> None:
    found = exercise(name)
    assert len(found.hints) >= 2
    assert len(found.text.split()) > 20
    assert found.title in str(found)
    kind = KINDS[found.kind]
    assert goal_of(found, kind.goal) == found.goal
    assert bool(found.refused) == (name == "mend")
    assert sum(m.weight for m in _marks(name)) == pytest.approx(1)


def _marks(name: str) -> tuple:
    found = exercise(name)
    assert found.key is not None
    return judge(found, read_answer(found.key.solution), FakeBench(seconds), seed=1).marks


def test_what_is_to_be_matched_is_shown_and_hidden_sizes_are_not() -> None:
    shown = KINDS["match_program"].shown(exercise("same_loops"))
    assert "for yo in parallel(8):" in shown
    assert "37" not in str(exercise("tiles"))
    assert "reference" not in KINDS["reach_speed"].shown(exercise("tiles"))
