"""Windows that slide: each element computed once, few rows kept, threads apart."""

from __future__ import annotations

import random

import pytest

import tvmlab as t
from tests.fuzz.expressions import random_stencil
from tests.fuzz.test_schedules import judge_state
from tests.fuzz.traces import random_state
from tests.schedule.test_kept import check
from tvmlab.errors import ScheduleError
from tvmlab.ir.walk import blocks_with_loops
from tvmlab.lower.pipeline import lower
from tvmlab.schedule import STEPS, State
from tvmlab.schedule.find import sites
from tvmlab.te.tensor import Tensor


def _blur(rows: int = 9, columns: int = 7, window: int = 3, stride: int = 1) -> Tensor:
    need = (rows - 1) * stride + window
    a = t.placeholder((need, columns + 2), name="A")
    h = t.compute((need, columns), lambda y, x: a[y, x] + a[y, x + 1] + a[y, x + 2], name="H")
    k = t.reduce_axis((0, window), name="k")
    return t.compute((rows, columns), lambda y, x: t.sum(h[y * stride + k, x], axis=k), name="V")


def _instances(s: t.Schedule, block: str) -> int:
    """How often a block is executed, by its loops."""
    total = 0
    for b, loops in blocks_with_loops(s.mod.body):
        if b.name == block:
            total = 1
            for loop in loops:
                assert isinstance(loop.extent, int)
                total *= loop.extent
    return total


@pytest.mark.parametrize(("window", "stride"), [(2, 1), (3, 1), (3, 2), (5, 2), (5, 4)])
def test_every_element_is_computed_once(window: int, stride: int) -> None:
    s = t.create_schedule(_blur(window=window, stride=stride))
    s["H"].compute_at("V", "y")
    s["H"].rolling_buffer("y")
    assert f"H = allocate(float32[{window}, 7])" in str(s)
    rows = 8 * stride + window
    assert _instances(s, "H") + _instances(s, "H_first") == rows * 7
    check(s)
    assert s.check()


def test_strips_of_the_image_slide_in_threads_of_their_own() -> None:
    """Before or after: each strip has rows of its own, and the loop inside stays serial."""
    for parallel_first in (False, True):
        s = t.create_schedule(_blur(rows=12))
        yo, yi = s["V"].split("y", 4)
        s["H"].compute_at("V", yi)
        if parallel_first:
            s["V"].parallel(yo)
        s["H"].rolling_buffer(yi)
        if not parallel_first:
            s["V"].parallel(yo)
        with pytest.raises(t.ScheduleError, match="loop yi"):
            s["V"].parallel(yi)
        check(s)
        assert s.check()
        assert 'H = allocate(float32[3, 7], scope="local")' in str(lower(s.mod))


def test_lines_of_a_rolling_buffer_are_vectors() -> None:
    s = t.create_schedule(_blur(rows=16, columns=32))
    s["H"].compute_at("V", "y")
    s["H"].rolling_buffer("y")
    s["V"].reorder("k", "x")
    for block in ("H", "H_first", "V"):
        s[block].vectorize(s[block].loops[-1])
    check(s)
    assert s.check()


def test_a_tail_that_does_not_divide_computes_no_row_beyond_the_last() -> None:
    s = t.create_schedule(_blur(rows=10))
    _, yi = s["V"].split("y", 4)
    s["H"].compute_at("V", yi)
    s["H"].rolling_buffer(yi)
    assert "< 12" in str(s)
    check(s)


def test_random_steps_around_random_rolling_buffers() -> None:
    rolled = 0
    for seed in range(120):
        rng = random.Random(seed)
        tensor = random_stencil(rng)
        state = random_state(State.start(tensor), rng, rng.randint(0, 1))
        for name in ("compute_at", "rolling_buffer"):
            moves = [
                move
                for site in sites(state.program)
                for loop in site.names()
                for move in STEPS[name].moves(state.program, site.block.name, loop)
            ]
            if moves:
                state = state.apply(rng.choice(moves))
        if not any(step.name == "rolling_buffer" for step in state.steps):
            continue
        rolled += 1
        judge_state(random_state(state, rng, rng.randint(0, 6)), seed)
    assert rolled > 30


def test_what_is_rolled_stays_in_order() -> None:
    """Rows of a window share places, so nothing may compute them earlier or again."""
    s = t.create_schedule(_blur())
    s["H"].compute_at("V", "y")
    s["H"].rolling_buffer("y")
    for refused in ('s["H"].compute_inline()', 's["H"].cache_write()', 's["V"].cache_read("H")'):
        with pytest.raises(ScheduleError):
            s.apply_python(refused)
