"""Every second element is loaded as whole vectors, and none of them leaves the buffer."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np
import pytest

import tvmlab.te as te
from tests.targets.emitted import run, schedule
from tvmlab.ir.expr import select
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features

ELEMENTS = mmap.PAGESIZE // 4


def every_second(size: int, lanes: int, start: int = 0) -> Schedule:
    """Y[i] = X[2 * i + start] over all of X, in vectors of `lanes`, the last one cut."""
    X = te.placeholder((size,), name="X")
    Y = te.compute(((size - start + 1) // 2,), lambda i: X[i * 2 + start], name="Y")
    s = schedule(Y)
    s[Y].split("i", lanes)
    s[Y].vectorize("ii")
    return s


@pytest.mark.parametrize("lanes", [2, 5, 8, 9, 12, 16, 25, 28, 64])
@pytest.mark.parametrize("start", [0, 1])
def test_only_what_is_wanted_is_read(lanes: int, start: int) -> None:
    pages = mmap.mmap(-1, 3 * mmap.PAGESIZE)
    x = np.frombuffer(pages, np.float32, ELEMENTS, mmap.PAGESIZE)
    x[...] = np.arange(ELEMENTS)
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, 2):
        address = x.ctypes.data + (page - 1) * mmap.PAGESIZE
        assert libc.mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, 0) == 0
    assert np.array_equal(run(every_second(ELEMENTS, lanes, start).mod, x), x[start::2])


def test_no_gather_is_left_where_vectors_do() -> None:
    text = emit(lower(every_second(ELEMENTS, 64).mod), cpu_features())
    assert "masked.gather" not in text
    assert "shufflevector" in text


@pytest.mark.parametrize("lanes", [8, 14, 16, 28, 33])
@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("whole", [True, False], ids=["known", "unknown"])
def test_of_a_window_that_leaves_the_image_only_the_inside_is_read(
    lanes: int, stride: int, whole: bool
) -> None:
    """Windows of 4 with a zero before and two after, on an image that fills a page of memory."""
    count = ELEMENTS // stride
    X = te.placeholder((ELEMENTS,), name="X")
    k = te.reduce_axis((0, 4), name="k")

    def element(place: te.Expr) -> te.Expr:
        inside = (place >= 0) & (place < ELEMENTS)
        return select(inside, X[place], 0.0)

    Y = te.compute((count,), lambda i: te.sum(element(i * stride + k - 1), axis=k), name="Y")
    s = schedule(Y)
    s[Y].split("i", lanes)
    s[Y].reorder("io", "k", "ii")
    s[Y].vectorize("ii")
    s[Y].unroll("k")
    if whole:
        s[Y].partition("io", 1)
    pages = mmap.mmap(-1, 3 * mmap.PAGESIZE)
    x = np.frombuffer(pages, np.float32, ELEMENTS, mmap.PAGESIZE)
    x[...] = np.arange(ELEMENTS)
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, 2):
        address = x.ctypes.data + (page - 1) * mmap.PAGESIZE
        assert libc.mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, 0) == 0
    padded = np.pad(x, (1, 2))
    expected = sum(padded[n : n + stride * count : stride][:count] for n in range(4))
    assert np.array_equal(run(s.mod, x), expected)


def test_unwanted_lanes_keep_their_other_value() -> None:
    X = te.placeholder((40,), name="X")
    Y = te.compute((32,), lambda i: select(i < 20, X[i * 2], -1.0), name="Y")
    s = schedule(Y)
    s[Y].vectorize("i")
    x = np.arange(40, dtype=np.float32)
    expected = np.where(np.arange(32) < 20, np.append(x[::2], np.zeros(12)), -1)
    assert np.array_equal(run(s.mod, x), expected)
