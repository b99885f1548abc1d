"""Schedules for hardware axes, proved on a machine without them."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.errors import ScheduleError
from tvmlab.ir.axis import AXES, axis_of
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.program import For
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower_stages
from tvmlab.lower.device_pipeline import device_passes
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site
from tvmlab.schedule.primitives.bind import Bind


def _cooperative() -> Schedule:
    """A product in tiles whose operands the threads of a block fetch together."""
    a, b = t.placeholder((48, 32), name="A"), t.placeholder((48, 64), name="B")
    k = t.reduce_axis((0, 48), name="k")
    c = t.compute((32, 64), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", "k", 16, 16, 8)
    s["C"].reorder("yo", "xo", "ko", "ki", "yi", "xi")
    s["C"].split("yi", 2)
    s["C"].split("xi", 2)
    s["C"].reorder("yo", "xo", "yio", "xio", "ko", "ki", "yii", "xii")
    s["C"].bind("yo", "blockIdx.y")
    s["C"].bind("xo", "blockIdx.x")
    s["C"].decompose_reduction("ko")
    s["C"].cache_read("A")
    return s


def test_blocks_run_in_parallel_and_threads_in_turn() -> None:
    s = _cooperative()
    s["C"].bind("yio", "threadIdx.y")
    s["C"].bind("xio", "threadIdx.x")
    bound = {axis_of(f) for f in stmts(s.mod.body) if isinstance(f, For)} - {None}
    assert bound == {"blockIdx.x", "blockIdx.y", "threadIdx.x", "threadIdx.y"}
    staged = dict(lower_stages(s.mod))["axes"]
    kinds = {f.var.name: f.kind for f in stmts(staged.body) if isinstance(f, For)}
    assert kinds["yo"] == "parallel"
    assert {kinds[n] for n in ("xo", "yio", "xio")} == {"serial"}
    assert all(s.check())


def test_moves_offer_a_third_axis_where_two_are_taken() -> None:
    s = _cooperative()

    def offered(loop: str) -> set[str]:
        site = find_site(s.mod, "C")
        assert site is not None
        found = next(o for o in site.loops if o.var.name == loop)
        return {step.thread for step in Bind.candidates(s.mod, site, found)}

    assert "blockIdx.z" in offered("yio")
    assert "threadIdx.z" not in offered("yio")
    s["C"].bind("yio", "threadIdx.y")
    s["C"].bind("xio", "threadIdx.x")
    assert "threadIdx.z" in offered("yii")
    s["C"].bind("yii", "threadIdx.z")
    assert all(s.check())


def test_the_third_axis_has_its_own_limits() -> None:
    a = t.placeholder((70_000, 65), "int8", name="A")
    s = t.create_schedule(t.compute((70_000, 65), lambda y, x: a[y, x], name="B"))
    with pytest.raises(ScheduleError, match="65 iterations are more than the 64"):
        s["B"].bind("x", "threadIdx.z")
    with pytest.raises(ScheduleError, match="70000 iterations are more than the 65535"):
        s["B"].bind("y", "blockIdx.z")


def test_threads_that_fetch_for_each_other_have_fetched_before_any_computes() -> None:
    """Each thread reads what all others fetched: right only if the first nest is over."""
    a = t.placeholder((4, 32), name="A")
    p = t.compute((4, 32), lambda i, j: a[i, j] * 2.0, name="P")
    c = t.compute((4, 32), lambda i, j: p[i, 31 - j] + 1.0, name="C")
    s = t.create_schedule(c)
    s["P"].compute_at("C", "i")
    s["C"].bind("i", "blockIdx.x")
    s["P"].bind("j", "threadIdx.x")
    s["C"].bind("j", "threadIdx.x")
    assert all(s.check())
    given = np.arange(128, dtype=np.float32).reshape(4, 32)
    result = np.empty((4, 32), np.float32)
    t.build(s)(given, result)
    assert np.array_equal(result, given[:, ::-1] * 2 + 1)


@pytest.mark.parametrize("axis", AXES)
def test_every_axis_prints_and_reads_back(axis: str) -> None:
    a = t.placeholder((8, 8), name="A")
    s = t.create_schedule(t.compute((8, 8), lambda i, j: a[i, j] + 1.0, name="C"))
    s["C"].bind("j", axis)
    assert f'for j in bound(8, thread="{axis}"):' in str(s)
    assert str(t.parse_program(str(s))) == str(s)
    assert all(s.check())


def test_a_later_step_cannot_give_an_axis_two_extents() -> None:
    a = t.placeholder((8, 32), name="A")
    k = t.reduce_axis((0, 4), name="k")
    c = t.compute((8, 32), lambda i, j: t.sum(a[i, j] * (k + 1), axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].bind("j", "threadIdx.x")
    s["C"].decompose_reduction("i")  # two kernels, of equal extent: both are bound
    loops = [f for f in stmts(s.mod.body) if isinstance(f, For)]
    assert [axis_of(f) for f in loops].count("threadIdx.x") == 2
    assert all(s.check())


def _tiled(rows: int = 30, depth: int = 50) -> Schedule:
    """A product in tiles that do not divide it, a thread for each result."""
    a, b = t.placeholder((depth, rows), name="A"), t.placeholder((depth, 44), name="B")
    k = t.reduce_axis((0, depth), name="k")
    c = t.compute((rows, 44), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", "k", 8, 16, 8)
    s["C"].reorder("yo", "xo", "ko", "yi", "xi", "ki")
    for loop, axis in {"yo": "blockIdx.y", "xo": "blockIdx.x"}.items():
        s["C"].bind(loop, axis)
    for loop, axis in {"yi": "threadIdx.y", "xi": "threadIdx.x"}.items():
        s["C"].bind(loop, axis)
    return s


def test_a_cooperative_fetch_is_the_steps_it_stands_for() -> None:
    by_hand, at_once = _tiled(), _tiled()
    at_once["C"].cooperative_fetch("B", "ko", lanes=2, pad=4)
    by_hand["C"].cache_read("B")
    by_hand["B_cache"].compute_at("C", "ko")
    by_hand["B_cache"].fuse("i0", "i1")
    by_hand["B_cache"].split("i0i1", factors=(8, 16, 2))
    for loop, axis in {"i0i10": "threadIdx.y", "i0i11": "threadIdx.x"}.items():
        by_hand["B_cache"].bind(loop, axis)
    by_hand["B_cache"].vectorize("i0i12")
    by_hand["B_cache"].storage_align("B_cache", 0, 32, 4)
    by_hand["B_cache"].set_scope("B_cache", "shared")
    assert str(at_once) == str(by_hand)
    assert len(at_once.trace) == len(_tiled().trace) + 1
    at_once.undo()
    assert str(at_once) == str(_tiled())


@pytest.mark.parametrize(
    "options", [{}, {"lanes": 2}, {"lanes": 4, "pad": 4}, {"lanes": 3}], ids=str
)
@pytest.mark.parametrize("loop", ["xo", "ko"])
def test_what_threads_fetch_together_is_what_each_reads(options: dict[str, int], loop: str) -> None:
    s = _tiled()
    for buffer in ("A", "B"):
        s["C"].cooperative_fetch(buffer, loop, **options)
    assert all(s.check())
    program = s.mod
    for step in device_passes():
        program = step.run(program)
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((50, n)).astype(np.float32) for n in (30, 44))
    for order in ("forward", "backward", 3):
        c = np.full((30, 44), np.nan, np.float32)
        interpret_threads(program, [a, b, c], order)
        np.testing.assert_allclose(c, a.T @ b, rtol=1e-4, atol=1e-4)
