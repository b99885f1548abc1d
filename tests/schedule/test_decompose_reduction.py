"""A fold that is computed again and again must begin again each time."""

import pytest

import tvmlab as t
from tests.te.real_inputs import softmax
from tvmlab.schedule import Schedule


def schedule() -> Schedule:
    s = t.create_schedule(softmax(4, 8))
    s["total"].compute_at("Y", "x")
    return s


def test_initialisation_does_not_leave_a_loop_that_repeats_the_fold():
    s = schedule()
    with pytest.raises(t.ScheduleError, match="each iteration of x folds the same elements"):
        s["total"].decompose_reduction("y")


def test_initialisation_inside_that_loop_is_legal():
    s = schedule()
    s["total"].decompose_reduction("k")
    assert 'with block("total_init"' in str(s)


def test_an_initialisation_does_not_leave_a_loop_that_comes_back_to_an_element() -> None:
    a = t.placeholder((7, 5), name="A")
    k = t.reduce_axis((0, 5), name="k")
    total = t.compute((7,), lambda i: t.sum(a[i, k], axis=k), name="S")
    wrapped = t.compute((8,), lambda j: total[j % 7] * 2.0, name="W")
    s = t.create_schedule(wrapped)
    s["S"].compute_at("W", "j")
    with pytest.raises(t.ScheduleError, match="fold some elements a second time"):
        s["S"].decompose_reduction("j")
    s["S"].decompose_reduction("k")
    assert all(s.check())
