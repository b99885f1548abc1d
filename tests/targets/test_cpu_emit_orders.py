"""Loads, stores and conditions whose order and nesting matter, on lowered programs by hand."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import elementwise, run, run_lowered, schedule
from tests.targets.test_cpu_emit_memory import page_of
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Ramp, Var, select
from tvmlab.ir.program import Allocate, For, If, Program, Seq, Stmt, Store
from tvmlab.lower import lower
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features

A = Buffer("A", (8,), "int32")
C = Buffer("C", (16,), "int32")
I = Var("i")  # noqa: E741
LANES = Ramp(Const(0, dtypes.INDEX), 16)


def at(value: int) -> Const:
    """An index."""
    return Const(value, dtypes.INDEX)


def put(buffer: Buffer, index: Expr | int, value: Expr | int) -> Store:
    """`buffer[index] = value`."""
    where = at(index) if isinstance(index, int) else index
    return Store(buffer, (where,), Const(value, "int32") if isinstance(value, int) else value)


def get(buffer: Buffer, index: Expr | int) -> Load:
    """`buffer[index]`."""
    return Load(buffer, (at(index) if isinstance(index, int) else index,))


def results(*body: Stmt, preset: str = "explore") -> list[int]:
    """C after the statements; A is 0, 1, 2, ... before, and C is 77."""
    program = Program("orders", [A, C], 2, [], Seq(body))
    return run_lowered(program, np.arange(8, dtype=np.int32), preset=preset).tolist()


presets = pytest.mark.parametrize("preset", ["explore", "full"])


@presets
def test_a_load_after_a_store_sees_it(preset: str) -> None:
    body = [put(C, 0, get(A, 3)), put(A, 3, 50), put(C, 1, get(A, 3))]
    assert results(*body, preset=preset)[:3] == [3, 50, 77]


@presets
def test_a_load_after_a_parallel_loop_sees_its_stores(preset: str) -> None:
    loop = For(I, 8, put(A, I, 9), "parallel")
    body = [put(C, 0, get(A, 5)), loop, put(C, 1, get(A, 5))]
    assert results(*body, preset=preset)[:2] == [5, 9]


@presets
def test_a_load_stays_in_a_loop_that_stores_to_its_buffer(preset: str) -> None:
    loop = For(I, 4, Seq([put(C, I, get(A, 0)), put(A, 0, get(A, 0) + Const(10, "int32"))]))
    assert results(loop, preset=preset)[:5] == [0, 10, 20, 30, 77]


@presets
def test_a_load_stays_in_a_branch_of_a_loop(preset: str) -> None:
    loop = For(I, 4, If(I >= 2, put(C, I, get(A, I * 2)), put(C, I, get(A, I))))
    assert results(loop, preset=preset)[:5] == [0, 1, 4, 6, 77]


@presets
def test_conditions_over_lanes_nest(preset: str) -> None:
    stores = If(LANES < 9, If(LANES >= 4, Store(C, (LANES,), Const(1, "int32"))))
    assert results(stores, preset=preset) == [77] * 4 + [1] * 5 + [77] * 7


@presets
def test_a_condition_over_lanes_masks_registers(preset: str) -> None:
    """Lane n is counted in each round whose bound is above it."""
    tile = Buffer("T", (16,), "int32", "register")
    start = Store(tile, (LANES,), Const(0, "int32"))
    add = Store(tile, (LANES,), Load(tile, (LANES,)) + Const(1, "int32"))
    rounds = For(I, 4, If(LANES < I * 5, add))
    end = Store(C, (LANES,), Load(tile, (LANES,)))
    found = results(Allocate(tile, Seq([start, rounds, end])), preset=preset)
    assert found == [sum(n < i * 5 for i in range(4)) for n in range(16)]


@pytest.mark.parametrize("lanes", [1, 16])
@presets
def test_sums_wrap_before_they_are_widened(lanes: int, preset: str) -> None:
    a = np.arange(-128, 128, 5, dtype=np.int8)
    for operation in (lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y):
        expected = operation(a, a[::-1].copy()).astype(np.int32)
        found = elementwise(
            lambda x, y, f=operation: f(x, y).astype("int32"),
            a,
            a[::-1].copy(),
            lanes=lanes,
            preset=preset,
        )
        assert np.array_equal(found, expected)


def test_the_processor_is_told_that_indices_do_not_wrap_and_data_may() -> None:
    X = te.placeholder((4, 5), "int8", "X")
    s = schedule(te.compute((4, 5), lambda y, x: X[y, x] + X[y, x] * X[3 - y, x], name="Y"))
    text = emit(lower(s.mod), cpu_features())
    assert " nsw i64" in text
    assert " add i8" in text
    assert " mul i8" in text
    assert "nsw i8" not in text


@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("lanes", [1, 16])
def test_a_product_less_something_and_something_less_a_product(dtype: str, lanes: int) -> None:
    a = (np.arange(40) % 7 - 3).astype(dtype)
    b, c = a[::-1].copy(), (np.arange(40) % 5).astype(dtype)
    assert np.array_equal(elementwise(lambda x, y, z: x * y - z, a, b, c, lanes=lanes), a * b - c)
    assert np.array_equal(elementwise(lambda z, x, y: z - x * y, c, a, b, lanes=lanes), c - a * b)
    assert np.array_equal(elementwise(lambda z, x, y: z + x * y, c, a, b, lanes=lanes), c + a * b)


def test_a_gather_steps_by_rows() -> None:
    x = np.arange(30, dtype=np.int32).reshape(3, 10)
    X = te.placeholder((3, 10), "int32", "X")
    s = schedule(te.compute((16,), lambda i: X[i % 3, i // 2], name="Y"))
    s["Y"].vectorize("i")
    i = np.arange(16)
    assert np.array_equal(run(s.mod, x), x[i % 3, i // 2])


@pytest.mark.parametrize("length", [3, 13, 16, 21])
def test_lanes_that_are_not_wanted_are_not_read(length: int) -> None:
    x = page_of("int32", length)
    x[...] = np.arange(1, length + 1)
    X = te.placeholder((length,), "int32", "X")
    s = schedule(te.compute((32,), lambda i: select(i < length, X[i] * X[i] + 1, 0), name="Y"))
    s["Y"].vectorize("i")
    assert np.array_equal(run(s.mod, x), np.pad(x * x + 1, (0, 32 - length)))


def test_every_iteration_of_a_parallel_loop_is_over_when_the_kernel_returns() -> None:
    """Iterations of a millisecond each, so that one that is not waited for is seen missing."""
    length = 1_000_000
    X = te.placeholder((3, 64), name="X")
    k = te.reduce_axis((0, length), name="k")
    s = schedule(te.compute((3,), lambda i: te.sum(X[i, k % 64], axis=k), name="Y"))
    s["Y"].parallel("i")
    for _ in range(10):
        assert run(s.mod, np.ones((3, 64), np.float32)).tolist() == [length] * 3
