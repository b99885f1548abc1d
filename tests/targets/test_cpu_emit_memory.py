"""Accesses of every shape: gathers, masks, guards, tails, bools, and tiles in registers."""

from __future__ import annotations

import ctypes
import mmap
import operator

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, run_lowered, schedule
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Const, Ramp, Var, select
from tvmlab.ir.program import For, If, Program, Store
from tvmlab.te.tensor import Tensor

RNG = np.random.default_rng(1)
LIBC = ctypes.CDLL(None)
COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def page_of(dtype: str, length: int) -> np.ndarray:
    """An array that ends where an unreadable page begins; one that fills its page starts so too."""
    pages = mmap.mmap(-1, 3 * mmap.PAGESIZE)
    whole = np.frombuffer(pages, np.uint8)
    address = whole.ctypes.data
    for start in (address, address + 2 * mmap.PAGESIZE):
        assert LIBC.mprotect(ctypes.c_void_p(start), mmap.PAGESIZE, 0) == 0
    size = length * np.dtype(dtype).itemsize
    return np.frombuffer(pages, dtype, length, 2 * mmap.PAGESIZE - size)


def index(value: int) -> Const:
    return Const(value, "int64")


@pytest.mark.parametrize("preset", ["explore", "full"])
@pytest.mark.parametrize("lanes", [2, 3, 5, 8, 16, 17, 33, 64, 100])
def test_vectors_of_any_length(lanes: int, preset: str) -> None:
    x = RNG.standard_normal(3 * lanes).astype(np.float32)
    X = te.placeholder((3 * lanes,), name="X")
    Y = te.compute((3 * lanes,), lambda i: X[i] * 2.0 + 1.0, name="Y")
    s = schedule(Y)
    _, inner = s[Y].split("i", lanes)
    s[Y].vectorize(inner)
    assert np.array_equal(run(s.mod, x, preset=preset), x * 2 + 1)


@pytest.mark.parametrize("stride", [2, 3, 4, 5, -1, -2])
@pytest.mark.parametrize("lanes", [4, 13, 16, 25, 37])
@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "float64"])
def test_strided_access_reads_every_nth_element(dtype: str, lanes: int, stride: int) -> None:
    span = abs(stride) * (lanes - 1) + 1
    x = page_of(dtype, span)
    x[...] = (RNG.standard_normal(span) * 50).astype(dtype)
    X = te.placeholder((span,), dtype, name="X")
    start = span - 1 if stride < 0 else 0
    Y = te.compute((lanes,), lambda i: X[i * stride + start], name="Y")
    s = schedule(Y)
    s[Y].vectorize("i")
    assert np.array_equal(run(s.mod, x), x[::stride])


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool"])
def test_transposed_output_scatters(dtype: str) -> None:
    x = (RNG.standard_normal((23, 18)) * 50).astype(dtype)
    X = te.placeholder((23, 18), dtype, name="X")
    Y = te.compute((18, 23), lambda i, j: X[j, i], name="Y")
    s = schedule(Y)
    s[Y].reorder("j", "i")
    s[Y].vectorize("i")
    assert np.array_equal(run(s.mod, x), x.T)


def test_gather_by_an_index_tensor_stays_within_its_mask() -> None:
    where = RNG.integers(-5, 25, 50).astype(np.int32)
    table = RNG.standard_normal(20).astype(np.float32)
    T = te.placeholder((20,), name="T")
    W = te.placeholder((50,), "int32", name="W")
    Y = te.compute(
        (50,), lambda i: select((W[i] >= 0) & (W[i] < 20), T[W[i].astype("int64")], -1.0), name="Y"
    )
    s = schedule(Y)
    plain = s.mod
    s[Y].vectorize("i")
    clipped = np.clip(where, 0, 19)
    expected = np.where((where >= 0) & (where < 20), table[clipped], -1).astype(np.float32)
    order = [table, where] if plain.params[0].name == "T" else [where, table]
    for program in (plain, s.mod):
        assert np.array_equal(run(program, *order), expected)


def padded(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    X = te.placeholder((rows, columns), name="X")
    return X, te.compute(
        (rows + 4, columns + 4),
        lambda y, x: select(
            (y >= 2) & (y < rows + 2) & (x >= 2) & (x < columns + 2), X[y - 2, x - 2], 0.5
        ),
        name="P",
    )


@pytest.mark.parametrize("vectorized", ["y", "x", None])
def test_guarded_loads_never_leave_their_page(vectorized: str | None) -> None:
    rows, columns = 32, 32
    x = page_of("float32", rows * columns).reshape(rows, columns)
    x[...] = RNG.standard_normal((rows, columns))
    _, P = padded(rows, columns)
    s = schedule(P)
    if vectorized:
        s[P].vectorize(vectorized)
    assert np.array_equal(run(s.mod, x), np.pad(x, 2, constant_values=0.5))


@pytest.mark.parametrize("limit", [0, 1, 15, 16, 17, 40, 63, 64])
def test_a_condition_over_lanes_masks_loads_and_stores(limit: int) -> None:
    X, Y = Buffer("X", (64,), "float32"), Buffer("Y", (64,), "float32")
    lanes = Ramp(index(0), 64)
    copy = If(Binary("<", lanes, index(limit)), Store(Y, (lanes,), Load(X, (lanes,))))
    x = RNG.standard_normal(64).astype(np.float32)
    found = run_lowered(Program("copy", [X, Y], 1, [], copy), x)
    assert np.array_equal(found, np.where(np.arange(64) < limit, x, 77))


@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("lanes_left", [True, False])
def test_every_comparison_of_lanes_with_a_running_bound(op: str, lanes_left: bool) -> None:
    n = Var("n")
    Y = Buffer("Y", (50, 40), "int32")
    lanes = Ramp(index(0), 40)
    sides = (lanes, n - 5) if lanes_left else (n - 5, lanes)
    store = Store(Y, (n, lanes), Const(1, "int32"))
    body = For(n, 50, If(Binary(op, *sides), store))
    found = run_lowered(Program("mask", [Y], 1, [], body))
    i, j = np.arange(50)[:, None] - 5, np.arange(40)[None, :]
    holds = COMPARE[op](*((j, i) if lanes_left else (i, j)))
    assert np.array_equal(found, np.where(holds, 1, 77))


@pytest.mark.parametrize("preset", ["explore", "full"])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (6, 16, 5), (13, 37, 11), (29, 70, 23)])
def test_register_tiles_with_tails_in_every_dimension(m: int, n: int, k: int, preset: str) -> None:
    a = RNG.integers(-8, 8, (k, m)).astype(np.float32)
    b = RNG.integers(-8, 8, (k, n)).astype(np.float32)
    A, B = te.placeholder((k, m), name="A"), te.placeholder((k, n), name="B")
    r = te.reduce_axis((0, k), name="k")
    C = te.compute((m, n), lambda y, x: te.sum(A[r, y] * B[r, x], axis=r), name="C")
    s = schedule(C)
    yo, yi = s[C].split("y", min(m, 4))
    xo, xi = s[C].split("x", min(n, 16))
    ko, ki = s[C].split("k", min(k, 3))
    s[C].reorder(yo, xo, ko, ki, yi, xi)
    s[C].unroll(yi)
    if n > 1:
        s[C].vectorize(xi)
    assert np.array_equal(run(s.mod, a, b, preset=preset), a.T @ b)


def test_a_reduction_loop_outside_its_tile_accumulates_through_memory() -> None:
    a = RNG.integers(-8, 8, (24, 12)).astype(np.int32)
    A = te.placeholder((24, 12), "int32", name="A")
    r = te.reduce_axis((0, 24), name="k")
    S = te.compute((12,), lambda i: te.sum(A[r, i], axis=r), name="S")
    s = schedule(S)
    s[S].reorder("k", "i")
    assert np.array_equal(run(s.mod, a), a.sum(0))
    s[S].vectorize("i")
    assert np.array_equal(run(s.mod, a), a.sum(0))


def test_stages_see_each_others_stores() -> None:
    x = RNG.standard_normal((9, 20)).astype(np.float32)
    X = te.placeholder((9, 20), name="X")
    j = te.reduce_axis((0, 20), name="j")
    peak = te.compute((9,), lambda y: te.max(X[y, j], axis=j), name="peak")
    Y = te.compute((9, 20), lambda y, i: X[y, i] - peak[y], name="Y")
    s = schedule(Y)
    s[Y].vectorize(s[Y].loops[-1])
    for preset in ("explore", "full"):
        assert np.array_equal(run(s.mod, x, preset=preset), x - x.max(1, keepdims=True))


@pytest.mark.parametrize("length", [7, 8, 11, 19, 64])
def test_the_full_preset_reduces_every_element(length: int) -> None:
    X = te.placeholder((3, 2 * length), name="X")
    k = te.reduce_axis((0, length), name="k")
    Y = te.compute((3,), lambda y: te.min(te.exp(X[y, k + k]) - X[y, k + k], axis=k), name="Y")
    for seed in range(10):
        x = np.random.default_rng(seed).standard_normal((3, 2 * length)).astype(np.float32)
        every = x[:, ::2]
        expected = (np.exp(every) - every).min(1)
        assert np.allclose(run(schedule(Y).mod, x, preset="full"), expected, rtol=1e-5)


def test_numbers_are_buffers_of_their_own() -> None:
    """Accesses of tensors without dimensions share their indices: Python has one empty tuple."""
    X, Y = te.placeholder((), name="X"), te.placeholder((), name="Y")
    Z = te.compute((), lambda: X[()] - Y[()] * 2.0, name="Z")
    given = np.array(3, np.float32), np.array(5, np.float32)
    assert run(schedule(Z).mod, *given) == np.float32(-7)
    assert (given[0], given[1]) == (3, 5)
