"""Columns are loaded as whole rows and transposed in registers, where all of them are read."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, schedule
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Ramp, Var, const
from tvmlab.ir.program import For, If, Program, Seq, Store
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features


def transpose(rows: int, columns: int, lanes: int, written_out: int, dtype: str) -> Schedule:
    """Y[i, j] = X[j, i] + 1 in vectors along j, some of the i written out."""
    X = te.placeholder((rows, columns), dtype, name="X")
    Y = te.compute((columns, rows), lambda i, j: X[j, i] + 1, name="Y")
    s = schedule(Y)
    s[Y].tile("i", "j", written_out, lanes)
    s[Y].unroll("ii")
    s[Y].vectorize("ji")
    return s


@pytest.mark.parametrize(
    ("rows", "columns", "lanes", "written_out"),
    [(48, 32, 16, 16), (32, 64, 32, 32), (16, 48, 16, 24), (19, 37, 16, 16), (9, 16, 8, 8)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int8"])
def test_columns_are_transposed(
    rows: int, columns: int, lanes: int, written_out: int, dtype: str
) -> None:
    s = transpose(rows, columns, lanes, written_out, dtype)
    x = (np.arange(rows * columns) % 50).reshape(rows, columns).astype(dtype)
    assert np.array_equal(run(s.mod, x), x.T + 1)


@pytest.mark.parametrize(("written_out", "gathered"), [(16, False), (32, False), (6, True)])
def test_whole_squares_are_not_gathered(written_out: int, gathered: bool) -> None:
    text = emit(lower(transpose(64, 96, 16, written_out, "float32").mod), cpu_features())
    assert ("masked.gather" in text) == gathered


def test_each_row_of_a_square_is_loaded_once() -> None:
    text = emit(lower(transpose(16, 16, 16, 16, "float32").mod), cpu_features())
    assert sum(map(int, re.findall(r"load <(\d+) x float>", text))) == 16 * 16


def test_columns_of_fused_loops_are_those_of_the_matrix_in_memory() -> None:
    """Digits of a fused loop that unrolled code walks are one number again."""
    X = te.placeholder((16, 16, 3, 3), name="X")
    Y = te.compute((16, 3, 3, 16), lambda i, h, w, o: X[o, i, h, w] + 1, name="Y")
    s = schedule(Y)
    flat = s[Y].fuse("i", "h", "w")
    s[Y].unroll(s[Y].split(flat, 16)[1])
    s[Y].vectorize("o")
    text = emit(lower(s.mod), cpu_features())
    x = np.random.default_rng(0).standard_normal((16, 16, 3, 3)).astype(np.float32)
    assert np.array_equal(run(s.mod, x), x.transpose(1, 2, 3, 0) + 1)
    assert "shufflevector" in text


def test_squares_may_begin_at_any_column() -> None:
    X = te.placeholder((16, 17), name="X")
    Y = te.compute((16, 16), lambda i, j: X[j, i] + X[j, i + 1], name="Y")
    s = schedule(Y)
    s[Y].unroll("i")
    s[Y].vectorize("j")
    x = np.random.default_rng(0).standard_normal((16, 17)).astype(np.float32)
    assert np.array_equal(run(s.mod, x), x.T[:16] + x.T[1:])


def test_columns_over_fused_rows_in_a_branch_are_whole_squares() -> None:
    """Seven rows of seven are six vectors of eight and one element: what the branch before it lets
    through lies in the buffer, though the last vector would not."""
    X = te.placeholder((7, 7, 16), name="X")
    Y = te.compute((16, 7, 7), lambda c, h, w: X[h, w, c] + 1, name="Y")
    s = schedule(Y)
    flat = s[Y].fuse("h", "w")
    strip, lanes = s[Y].split(flat, 8)
    s[Y].reorder(strip, "c", lanes)
    s[Y].unroll("c")
    s[Y].vectorize(lanes)
    text = emit(lower(s.mod), cpu_features())
    x = np.random.default_rng(0).standard_normal((7, 7, 16)).astype(np.float32)
    assert "masked.gather" not in text
    assert np.array_equal(run(s.mod, x), x.transpose(2, 0, 1) + 1)


def test_columns_before_the_first_are_not_read() -> None:
    """A square of columns 0 to 7 would begin three elements before the buffer."""
    X = Buffer("X", (8, 13), "float32")
    Y = Buffer("Y", (16, 8), "float32")
    c, lanes = Var("c"), Ramp(const(0, "int64"), 8)
    column = Store(Y, (c, lanes), Load(X, (lanes, c - 3)))
    body = For(c, 16, If(c >= 3, column), "unrolled")
    text = emit(Program("p", [X, Y], 1, [], body), cpu_features())
    assert "i64 -" not in text
    assert "shufflevector" in text  # those from 8 on are a square


def test_what_a_branch_knows_is_unknown_behind_it() -> None:
    X = Buffer("X", (32,), "float32")
    Y = Buffer("Y", (32,), "float32")
    i = Var("i")
    ramp = Ramp(i * 8, 8)
    inside = If(i < 3, Store(Y, (ramp,), Load(X, (Ramp(i * 8 + 2, 8),))))
    behind = If(ramp < 30, Store(Y, (ramp,), Load(X, (Ramp(i * 8 + 2, 8),))))
    body = For(i, 4, Seq([inside, behind]))
    text = emit(Program("p", [X, Y], 1, [], body), cpu_features())
    assert "load <8 x float>" in text
    assert "masked.load" in text


def test_what_one_side_of_a_branch_knows_is_false_on_the_other() -> None:
    X = Buffer("X", (32,), "float32")
    Y = Buffer("Y", (32,), "float32")
    i = Var("i")
    ramp = Ramp(i * 8, 8)
    last = If(ramp < 30, Store(Y, (ramp,), Load(X, (Ramp(i * 8 + 2, 8),))))
    body = For(i, 4, If(i < 3, Store(Y, (ramp,), Load(X, (ramp,))), last))
    assert "masked.load" in emit(Program("p", [X, Y], 1, [], body), cpu_features())
