"""Kernels: what bound loops become, where threads wait, and which programs have none."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.golden import check_golden
from tests.targets.gpu_schedules import (
    any_rows,
    one_row_after_the_other,
    reversed_rows,
    row_sums,
    stepwise_lstm,
    tiled_matmul,
    two_hops,
    uneven_elementwise,
)
from tvmlab.errors import TargetError
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ir.kernel import kernels_of
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Barrier, For, If
from tvmlab.ir.walk import stmts
from tvmlab.lower.device_pipeline import lower_for_device
from tvmlab.lower.inner_branches import branch_inside_loops

GOLDEN = {
    "device_matmul": tiled_matmul,
    "device_uneven": uneven_elementwise,
    "device_reversed": reversed_rows,
    "device_row_sums": row_sums,
}


def barriers(s: t.Schedule) -> list[tuple[str, ...]]:
    """The buffers that each barrier of a schedule's kernels is for."""
    body = lower_for_device(s.mod).body
    return [tuple(b.name for b in x.buffers) for x in stmts(body) if isinstance(x, Barrier)]


@pytest.mark.parametrize("name", GOLDEN)
def test_kernels_as_programs_and_as_text(name: str) -> None:
    lowered = lower_for_device(GOLDEN[name]().mod)
    text = GOLDEN[name]().code("opencl")
    check_golden(f"lower/{name}.txt", f"{lowered}\n\n{text}")
    assert str(parse_program(str(lowered))) == str(lowered)


def test_a_kernel_is_its_geometry_and_what_a_thread_does() -> None:
    (kernel,) = kernels_of(lower_for_device(tiled_matmul().mod))
    assert (kernel.grid, kernel.block) == ((6, 4, 1), (8, 8, 1))
    assert [b.name for b in kernel.params] == ["A", "B", "C"]
    assert [b.name for b in kernel.written if b.scope == "global"] == ["C"]
    assert kernel.bytes_of("shared") == 2 * 8 * 8 * 4


def test_threads_wait_only_for_each_other() -> None:
    assert barriers(tiled_matmul()) == [("A_cache", "B_cache")] * 2
    assert barriers(reversed_rows()) == [("B",)]
    assert barriers(uneven_elementwise()) == []


@pytest.mark.parametrize("threads", [2, 7, 16])
def test_a_tree_is_folded_by_all_threads(threads: int) -> None:
    s = row_sums(3, 40, threads)
    program = lower_for_device(s.mod)
    a = np.arange(120, dtype=np.int32).reshape(3, 40) ** 2
    for order in ("forward", "backward", 5):
        result = np.zeros(3, np.int32)
        interpret_threads(program, [a, result], order)
        assert (result == a.sum(axis=1)).all()
    steps = (threads - 1).bit_length()
    assert barriers(s) == [("C_terms",)] * steps


def test_lives_that_do_not_overlap_share_space() -> None:
    program = lower_for_device(two_hops().mod)
    (kernel,) = kernels_of(program)
    assert [(b.name, b.extents) for b in kernel.allocated] == [("B", (32,)), ("C", (1, 32))]
    a = np.arange(128, dtype=np.int32).reshape(4, 32)
    for order in ("forward", "backward", 5):
        result = np.zeros_like(a)
        interpret_threads(program, [a, result], order)
        assert (result == ((a + 1) * 3 - 5)[:, ::-1]).all()


def test_what_stands_outside_the_threads_is_done_by_the_first() -> None:
    a = t.placeholder((3, 8), "int32", name="A")
    b = t.compute((3,), lambda y: a[y, 0] * 2, name="B")
    s = t.create_schedule(t.compute((3, 8), lambda y, x: a[y, x] + b[y], name="C"))
    s["B"].compute_at("C", "y")
    s["B"].set_scope("B", "shared")
    s["C"].bind("y", "blockIdx.x")
    s["C"].bind("x", "threadIdx.x")
    program = lower_for_device(s.mod)
    assert "if x == 0:" in str(program)
    assert barriers(s) == [("B",)]
    given = np.arange(24, dtype=np.int32).reshape(3, 8)
    result = np.zeros_like(given)
    interpret_threads(program, [given, result], "backward")
    assert (result == given + 2 * given[:, :1]).all()


def test_threads_that_go_different_ways_run_the_same_loops() -> None:
    s = tiled_matmul(10, 10, 10, 4)
    program = lower_for_device(s.mod)
    around = [x for x in stmts(program.body) if isinstance(x, If) and isinstance(x.then, For)]
    assert around
    inside = branch_inside_loops(program)
    assert not any(isinstance(y, For) for x in stmts(inside.body) if isinstance(x, If)
                   for y in stmts(x))  # fmt: skip
    a, b = np.float32(np.arange(100).reshape(10, 10) % 7), np.float32(np.eye(10) * 3)
    result = np.zeros((10, 10), np.float32)
    interpret_threads(inside, [a, b, result], "backward")
    assert (result == a @ b).all()


def test_vectors_that_fit_as_a_whole_are_asked_about_once() -> None:
    a = t.placeholder((72,), name="A")
    s = t.create_schedule(t.compute((72,), lambda i: a[i] + 1, name="B"))
    outer, inner = s["B"].split("i", 48)
    threads, lanes = s["B"].split(inner, 4)
    s["B"].bind(outer, "blockIdx.x")
    s["B"].bind(threads, "threadIdx.x")
    s["B"].vectorize(lanes)
    text = s.code("opencl")
    assert "vstore4" in text
    assert "if (io * 48 + iio * 4 < 72) {" in text


def test_what_the_host_fills_for_a_kernel_is_memory() -> None:
    a = t.placeholder((8, 4), "int32", name="A")
    b = t.compute((1,), lambda i: a[7, 3] * 2, name="B")
    s = t.create_schedule(t.compute((8, 4), lambda y, x: a[y, x] + b[0], name="C"))
    s["C"].bind("y", "blockIdx.x")
    program = lower_for_device(s.mod)
    assert [buffer.name for buffer in program.buffers] == ["B"]
    given = np.arange(32, dtype=np.int32).reshape(8, 4)
    result = np.zeros_like(given)
    interpret_threads(program, [given, result])
    assert (result == given + 62).all()


@pytest.mark.parametrize("rows", [1, 8, 9, 40])
def test_grids_are_as_large_as_the_arrays_say(rows: int) -> None:
    program = lower_for_device(any_rows().mod)
    assert [[v.name for v in k.sizes] for k in kernels_of(program)] == [["n"], ["n"]]
    a = np.arange(rows * 24, dtype=np.int32).reshape(rows, 24) % 7
    b = np.arange(24 * 16, dtype=np.int32).reshape(24, 16) % 5
    result = np.zeros((rows, 16), np.int32)
    interpret_threads(program, [a, b, result], "backward")
    assert (result == (a + 1) @ b).all()


def test_programs_without_kernels_are_refused() -> None:
    a = t.placeholder((8, 8), name="A")
    s = t.create_schedule(t.compute((8, 8), lambda y, x: a[y, x] + 1, name="B"))
    with pytest.raises(TargetError, match="No loop of B is bound to blocks or threads"):
        lower_for_device(s.mod)


@pytest.mark.parametrize("columns", [33, 1])
def test_loops_of_the_host_launch_kernels(columns: int) -> None:
    s = one_row_after_the_other(columns)
    program = lower_for_device(s.mod)
    first, again = kernels_of(program)
    assert (first.numbers, [v.name for v in again.numbers]) == ((), ["k"])
    assert str(parse_program(str(program))) == str(program)
    a = np.arange(5 * columns, dtype=np.int32).reshape(5, columns)
    for order in ("forward", "backward", 5):
        result = np.zeros(columns, np.int32)
        interpret_threads(program, [a, result], order)
        assert (result == (a * np.arange(1, 6, dtype=np.int32)[:, None]).sum(axis=0)).all()


def test_what_the_host_cannot_do_in_such_a_loop_is_said() -> None:
    s = stepwise_lstm(bound=("gates",))
    with pytest.raises(TargetError, match="Block H_next would run on the host inside loop s,"):
        lower_for_device(s.mod)
    a = t.placeholder((8, 8), name="A")
    s = t.create_schedule(t.compute((8, 8), lambda y, x: a[y, x] + 1, name="B"))
    s["B"].unroll("y")
    s["B"].bind("x", "threadIdx.x")
    assert [k.block for k in kernels_of(lower_for_device(s.mod))] == [(8, 1, 1)]
    n = t.var("n")
    a = t.placeholder((n, 8), name="A")
    s = t.create_schedule(t.compute((n, 8), lambda y, x: a[y, x] + 1, name="B"))
    s["B"].bind("x", "threadIdx.x")
    with pytest.raises(TargetError, match="Loop y would launch kernels and is not a serial loop"):
        lower_for_device(s.mod)


def test_sums_of_virtual_threads_are_registers_throughout() -> None:
    a = t.placeholder((32, 6), "int32", name="A")
    k = t.reduce_axis((0, 6), name="k")
    s = t.create_schedule(t.compute((32,), lambda y: t.sum(a[y, k], axis=k), name="C"))
    s["C"].cache_write()
    outer, _ = s["C"].split("y", 16)
    s["C_store"].reverse_compute_at("C", outer)
    s["C"].bind(outer, "blockIdx.x")
    for block in ("C", "C_store"):
        tile = next(loop for loop in s[block].loops if loop not in (outer, "k"))
        virtual, inner = s[block].split(tile, 8)
        threads, rows = s[block].split(inner, 2)
        s[block].bind(virtual, "vthread")
        s[block].bind(threads, "threadIdx.x")
        if block == "C":
            s["C"].reorder("k", rows)
    s["C"].set_scope("C_cache", "local")
    program = lower_for_device(s.mod)
    (kernel,) = kernels_of(program)
    assert [(b.extents, b.scope) for b in kernel.allocated] == [((4,), "register")]
    given = np.arange(192, dtype=np.int32).reshape(32, 6)
    result = np.zeros(32, np.int32)
    interpret_threads(program, [given, result], 3)
    assert (result == given.sum(axis=1)).all()
