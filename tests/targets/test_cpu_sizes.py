"""Kernels for any size: called, timed, exported; shapes that do not fit are refused."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tvmlab as t
from tvmlab.measure.function import Function
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features

RNG = np.random.default_rng(7)


def transposed_sum(high: int | None = None) -> t.Schedule:
    """B[x, y] = the sum of A[y, .] plus A[y, x], through an intermediate of its own."""
    n, m = t.var("n"), t.var("m", 1, high)
    a = t.placeholder((m, n), name="A")
    r = t.reduce_axis((0, n), name="r")
    total = t.compute((m,), lambda y: t.sum(a[y, r], axis=r), name="total")
    b = t.compute((n, m), lambda x, y: total[y] + a[y, x], name="B")
    return t.create_schedule(b)


def expected(a: np.ndarray) -> np.ndarray:
    return (a.sum(axis=1, keepdims=True) + a).T


@pytest.mark.parametrize("parallel", [False, True])
def test_one_kernel_serves_every_size(parallel: bool) -> None:
    s = transposed_sum()
    xo, _ = s["B"].split("x", 8)
    if parallel:
        s["B"].parallel(xo)
        s["total"].parallel("y")
    function = t.build(s)
    for n in (1, 2, 7, 8, 16, 33, 8, 1):
        for m in (1, 5, 40):
            a = RNG.integers(-8, 8, (m, n)).astype(np.float32)
            b = np.full((n, m), 77, np.float32)
            function(a, b)
            assert np.array_equal(b, expected(a)), (n, m)


def test_strides_are_over_sizes_in_lanes_and_gathers() -> None:
    s = transposed_sum()
    s["B"].reorder("y", "x")
    s["B"].vectorize(s["B"].split("x", 8)[1])  # stores down a column
    assert all(s.check(n=(1, 8, 9, 33), m=(1, 3, 17)))


def test_shapes_are_checked_in_one_sentence() -> None:
    function = t.build(transposed_sum(high=6))
    a = np.zeros((3, 5), np.float32)
    for arrays, said in [
        ((a, np.zeros((4, 3), np.float32)), r"B has shape \(4, 3\) where n = 5 from A\."),
        ((a, np.zeros((5, 4), np.float32)), r"B has shape \(5, 4\) where m = 3 from A\."),
        ((a[0], np.zeros((5, 3), np.float32)), r"A has shape \(5,\), and is of shape \(m, n\)\."),
        ((np.zeros((7, 5), np.float32), a), r"B has shape \(3, 5\) where n = 5 from A\."),
        ((np.zeros((7, 5), np.float32), np.zeros((5, 7), np.float32)), "m is at most 6"),
        ((np.zeros((0, 5), np.float32), np.zeros((5, 0), np.float32)), "m is at least 1"),
        ((a.astype(np.float64), np.zeros((5, 3), np.float32)), "expects A: float32"),
        ((a, a.T), r"B has shape \(5, 3\)|strides|share memory"),
        ((a,), r"takes 2 arrays \(A: float32\[m, n\], B: float32\[n, m\]\), but got 1\."),
    ]:
        with pytest.raises(t.TargetError, match=said) as caught:
            function(*arrays)
        assert "\n" not in str(caught.value)


def test_overlap_is_refused_by_the_sizes_of_the_call() -> None:
    function = t.build(transposed_sum())
    memory = np.zeros(12, np.float32)
    with pytest.raises(t.TargetError, match="share memory"):
        function(memory[:6].reshape(2, 3), memory[5:11].reshape(3, 2))
    function(memory[:6].reshape(2, 3), memory[6:].reshape(3, 2))


def test_a_call_is_bound_and_timed_at_its_sizes() -> None:
    s = transposed_sum()
    s["total"].parallel("y")
    function = t.build(s)
    a = RNG.integers(-8, 8, (9, 11)).astype(np.float32)
    b = np.zeros((11, 9), np.float32)
    assert function.time(a, b).median_s > 0
    assert np.array_equal(b, expected(a))
    assert repr(function) == "B(A: float32[m, n], B: float32[n, m])"


def test_sizes_are_the_last_arguments() -> None:
    text = emit(transposed_sum().lowered(), cpu_features())
    (header,) = [line for line in text.splitlines() if line.startswith("define void @B(")]
    kinds = [part.split()[0] for part in header.partition("(")[2].split(",")]
    assert kinds == ["ptr", "ptr", "ptr", "ptr", "i64", "i64"]


def exported(folder: Path) -> Function:
    s = transposed_sum(high=64)
    s["total"].parallel("y")
    function = t.build(s)
    function.export(folder / "kernel.so")
    return function


def test_an_exported_library_takes_sizes(tmp_path: Path) -> None:
    exported(tmp_path)
    library = ctypes.CDLL(str(tmp_path / "kernel.so"))
    for m, n in ((1, 1), (3, 5), (64, 7)):
        a = RNG.integers(-8, 8, (m, n)).astype(np.float32)
        b = np.zeros((n, m), np.float32)
        arrays = [ctypes.c_void_p(x.ctypes.data) for x in (a, b)]
        assert library.B_run(*arrays, ctypes.c_int64(m), ctypes.c_int64(n)) == 0
        assert np.array_equal(b, expected(a))


def test_the_header_names_sizes_and_their_bounds(tmp_path: Path) -> None:
    exported(tmp_path)
    header = (tmp_path / "kernel.h").read_text()
    assert "int B_run(const float *A, float *B, int64_t m, int64_t n);" in header
    assert "m is at least 1 and at most 64." in header
    (tmp_path / "main.c").write_text("""
        #include <stdio.h>
        #include "kernel.h"
        int main(void) {
          float a[6] = {1, 2, 3, 4, 5, 6}, b[6];
          int failed = B_run(a, b, 2, 3);
          printf("%d %g %g", failed, b[0], b[5]);
          return 0;
        }
    """)
    program = str(tmp_path / "main")
    sources = [str(tmp_path / "main.c"), str(tmp_path / "kernel.so")]
    build = ["cc", "-Wall", "-Werror", "-o", program, *sources, f"-Wl,-rpath,{tmp_path}"]
    subprocess.run(build, check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said == "0 7 21"
