"""Memory of a warp: registers and shuffles where there are such, shared memory elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.lower.test_warp_trees import ORDERS, counted, is_right
from tests.targets.gpu_schedules import reversed_rows
from tvmlab.errors import ScheduleError, TargetError
from tvmlab.ir.kernel import kernels_of
from tvmlab.ir.parse import parse_program
from tvmlab.ir.shuffle import SHUFFLES
from tvmlab.lower.device_pipeline import lower_for_device


def neighbours(length: int, threads: int, each: int = 1, rows: int = 0) -> t.Schedule:
    """What each element has more than the one before, by threads that have `each` of them, `rows`
    rows of a block."""
    a = t.placeholder((5, length), "int32", name="A")
    b = t.compute((5, length), lambda y, x: a[y, x] * 3, name="B")
    c = t.compute((5, length), lambda y, x: b[y, (x + 1) % length] - b[y, x], name="C")
    s = t.create_schedule(c)
    at = "y"
    if rows:
        outer, at = map(str, s["C"].split("y", rows))
        s["C"].bind(outer, "blockIdx.x")
    s["C"].bind(at, "threadIdx.y" if rows else "blockIdx.x")
    s["B"].compute_at("C", at)
    for block in ("B", "C"):
        loop = str(s[block].loops[-1])
        if each > 1:
            loop = str(s[block].split(loop, each)[0])
        if length != threads * each:
            loop = str(s[block].split(loop, threads)[1])
        s[block].bind(loop, "threadIdx.x")
    s["B"].set_scope("B", "warp")
    return s


def product(scope: str) -> t.Schedule:
    """Rows of A, kept by the threads of a warp, times B."""
    a, b = t.placeholder((4, 64), "int32", name="A"), t.placeholder((64, 32), "int32", name="B")
    k = t.reduce_axis((0, 64), name="k")
    s = t.create_schedule(t.compute((4, 32), lambda y, x: t.sum(a[y, k] * b[k, x], k), name="C"))
    s["C"].cache_read("A")
    s["A_cache"].compute_at("C", "y")
    s["C"].bind("y", "blockIdx.x")
    s["C"].bind("x", "threadIdx.x")
    _, inner = s["A_cache"].split(str(s["A_cache"].loops[-1]), 32)
    s["A_cache"].bind(inner, "threadIdx.x")
    s["A_cache"].set_scope("A_cache", scope)
    return s


@pytest.mark.parametrize(
    ("length", "threads", "each", "rows"),
    [(8, 8, 1, 0), (32, 32, 1, 0), (12, 16, 1, 0), (8, 8, 1, 2), (16, 8, 2, 2), (12, 4, 4, 3)],
)
def test_threads_read_what_others_keep(length: int, threads: int, each: int, rows: int) -> None:
    s = neighbours(length, threads, each, rows)
    program = lower_for_device(s.mod, SHUFFLES)
    assert str(parse_program(str(program))) == str(program)
    shuffles, barriers = counted(program)
    assert shuffles > 0
    assert barriers == 0
    assert all(is_right(program, s.outputs, order) for order in ORDERS)
    assert "shfl.sync.idx" in s.code("ptx")
    elsewhere = lower_for_device(s.mod)
    assert counted(elsewhere) == (0, 1)
    assert is_right(elsewhere, s.outputs, 5)


def test_what_all_threads_need_in_turn_is_told_by_each_in_turn() -> None:
    s = product("warp")
    program = lower_for_device(s.mod, SHUFFLES)
    assert counted(program) == (1, 0)
    assert kernels_of(program)[0].bytes_of("shared") == 0
    assert all(is_right(program, s.outputs, order) for order in ORDERS)
    sass = s.code("sass", {"name": "cuda", "architecture": "sm_80"})
    assert sass.count("SHFL.IDX") >= 1
    assert "BAR.SYNC" not in sass
    assert s.check()


def test_what_one_thread_keeps_for_itself_is_local() -> None:
    s = reversed_rows()
    s["C"].cache_write()
    s["C_store"].reverse_compute_at("C", "x")
    s["C"].set_scope("C_cache", "warp")
    program = lower_for_device(s.mod, SHUFFLES)
    assert counted(program) == (0, 1)
    assert is_right(program, s.outputs, 5)


def test_values_are_those_of_the_warp_on_the_processor_too() -> None:
    s = neighbours(32, 32)
    a = np.arange(160, dtype=np.int32).reshape(5, 32) ** 2
    result = np.zeros_like(a)
    s.build()(a, result)
    assert (result == 3 * (np.roll(a, -1, axis=1) - a)).all()


def test_registers_that_differ_between_threads_are_refused() -> None:
    s = neighbours(64, 32)
    with pytest.raises(TargetError, match="threads ask for different registers of each other"):
        lower_for_device(s.mod, SHUFFLES)
    assert is_right(lower_for_device(s.mod), s.outputs, "forward")


def test_rows_that_no_warp_holds_are_refused() -> None:
    with pytest.raises(ScheduleError, match=r"warp memory is of threads in a row of threadIdx\.x"):
        neighbours(20, 20)
    with pytest.raises(ScheduleError, match="of 32 or a divisor of it"):
        neighbours(64, 64)
