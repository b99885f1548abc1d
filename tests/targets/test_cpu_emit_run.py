"""Lanes that run over the ends of rows are whole vectors where the rows are one in memory."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, schedule
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features


def fused(shape: tuple[int, ...], loops: int, lanes: int) -> Schedule:
    """Y = X + B[c], the last so many loops fused and cut in vectors."""
    X, B = te.placeholder(shape, name="X"), te.placeholder((shape[1],), name="B")
    Y = te.compute(shape, lambda n, c, h, w: X[n, c, h, w] + B[c], name="Y")
    s = schedule(Y)
    one = s[Y].fuse(*s[Y].loops[4 - loops :])
    _, lane = s[Y].split(one, lanes)
    s[Y].vectorize(lane)
    return s


@pytest.mark.parametrize("shape", [(2, 3, 7, 13), (1, 2, 4, 16), (2, 2, 5, 3), (2, 3, 1, 15)])
@pytest.mark.parametrize("loops", [2, 3, 4])
@pytest.mark.parametrize("lanes", [8, 16, 24])
def test_fused_rows_are_right(shape: tuple[int, ...], loops: int, lanes: int) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    b = np.arange(shape[1], dtype=np.float32)
    made = run(fused(shape, loops, lanes).mod, x, b)
    assert np.array_equal(made, x + b[:, None, None])


def test_fused_rows_are_loaded_and_stored_whole() -> None:
    text = emit(lower(fused((2, 3, 7, 13), 2, 16).mod), cpu_features())
    assert "gather" not in text
    assert "scatter" not in text


def test_what_changes_within_the_lanes_is_gathered() -> None:
    """A bias of each channel, where the lanes run over channels."""
    text = emit(lower(fused((2, 3, 7, 13), 3, 16).mod), cpu_features())
    assert re.search(r"call <\d+ x float> @llvm.masked.gather", text)
    assert "scatter" not in text


def test_an_array_read_under_another_shape_is_read_whole() -> None:
    X = te.placeholder((6, 35), name="X")
    Y = te.compute((10, 21), lambda i, j: X[(i * 21 + j) // 35, (i * 21 + j) % 35] * 2.0, name="Y")
    s = schedule(Y)
    _, lane = s[Y].split(s[Y].fuse("i", "j"), 16)
    s[Y].vectorize(lane)
    assert "gather" not in emit(lower(s.mod), cpu_features())
    x = np.arange(210, dtype=np.float32).reshape(6, 35)
    assert np.array_equal(run(s.mod, x), x.reshape(10, 21) * 2)
