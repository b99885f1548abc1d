"""Columns are loaded as whole rows and transposed in registers, where all of them are read."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, schedule
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
    assert text.count("load <16 x float>") == 16


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
