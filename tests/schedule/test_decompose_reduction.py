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
