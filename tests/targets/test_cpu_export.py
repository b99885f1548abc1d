"""Kernels that leave: a shared library and a header, used from ctypes and from C."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tvmlab as t
from tvmlab.measure.function import Function


def _function(parallel: bool) -> Function:
    a = t.placeholder((64, 32), name="A")
    h = t.compute((64, 32), lambda y, x: a[y, x] * 2.0, name="H")
    b = t.compute((64, 32), lambda y, x: h[y, x] + t.exp(h[63 - y, x]), name="B")
    s = t.create_schedule(b)
    if parallel:
        s["B"].parallel("y")
    return t.build(s)


@pytest.mark.parametrize("parallel", [False, True])
def test_ctypes_gets_the_same_result(tmp_path: Path, parallel: bool) -> None:
    function = _function(parallel)
    header = function.export(tmp_path / "kernel.so")
    assert header == tmp_path / "kernel.h"
    library = ctypes.CDLL(str(tmp_path / "kernel.so"))
    a = np.random.default_rng(0).random((64, 32), dtype=np.float32)
    here, there = np.zeros_like(a), np.zeros_like(a)
    function(a, here)
    address = [ctypes.c_void_p(x.ctypes.data) for x in (a, there)]
    assert library.B_run(*address) == 0
    np.testing.assert_array_equal(here, there)


def test_a_c_program_may_share_out_parallel_loops(tmp_path: Path) -> None:
    _function(True).export(tmp_path / "kernel.so")
    (tmp_path / "main.c").write_text("""
        #include <stdio.h>
        #include "kernel.h"
        static float a[64 * 32], b[64 * 32];
        static void halves(tvmlab_body body, void *closure, int64_t count, int64_t is_static) {
          (void)is_static;
          body(closure, count / 2, count);
          body(closure, 0, count / 2);
        }
        int main(void) {
          B_set_launch(halves);
          int failed = B_run(a, b);
          printf("%d %g %g\\n", failed, b[0], b[64 * 32 - 1]);
          return 0;
        }
    """)
    program = str(tmp_path / "main")
    sources = [str(tmp_path / "main.c"), str(tmp_path / "kernel.so")]
    build = ["cc", "-Wall", "-Werror", "-o", program, *sources, f"-Wl,-rpath,{tmp_path}"]
    subprocess.run(build, check=True)
    said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    assert said == "0 1 1\n"


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(t.TargetError, match=r"cannot write .*; choose a folder"):
        _function(False).export(tmp_path / "missing" / "kernel.so")


def test_no_compiler_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(t.TargetError, match="install gcc or clang"):
        _function(False).export(tmp_path / "kernel.so")
