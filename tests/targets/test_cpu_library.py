"""A kernel that was exported and is loaded again, with nothing of the compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tvmlab as t

ALONE = """
import sys
import numpy as np
import tvmlab as t
f = t.load(sys.argv[1])
a = np.arange(48, dtype=np.float32).reshape(6, 8)
b = np.zeros_like(a)
f(a, b)
assert (b == 2 * a).all()
print(f, *(name for name in ("llvmlite", "xgboost", "tvmlab.tune", "tvmlab.lower") if name in sys.modules))
"""  # noqa: E501


def twice(shape: tuple[object, ...]) -> t.Tensor:
    a = t.placeholder(shape, name="A")
    return t.compute(shape, lambda y, x: a[y, x] * 2.0, name="B")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "twice.so"
    s = t.create_schedule(twice((6, 8)))
    s["B"].parallel("y")
    t.build(s).export(path)
    return path


def test_it_runs_without_compiler_and_tuner(path: Path) -> None:
    command = [sys.executable, "-c", ALONE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "B(A: float32[6, 8], B: float32[6, 8])"


def test_what_does_not_fit_is_told(path: Path) -> None:
    f = t.load(path)
    a, b = np.zeros((6, 8), np.float32), np.zeros((6, 8), np.float32)
    fixed = b.copy()
    fixed.flags.writeable = False
    for arrays, words in (
        ((a,), r"takes 2 arrays .* but got 1\."),
        ((a.astype(np.float64), b), r"float64\[6, 8\]; convert it with .astype\('float32'\)"),
        ((a[:5], b), r"float32\[5, 8\]; pass an array of that shape"),
        ((np.zeros((8, 6), np.float32).T, b), "laid out otherwise"),
        ((a, fixed), "read-only"),
        ((a, a), "for B and A that share memory"),
        (([1.0], b), "but got list; pass a NumPy array"),
    ):
        with pytest.raises(t.TargetError, match=words):
            f(*arrays)


def test_sizes_are_told_by_shapes(tmp_path: Path) -> None:
    n = t.var("n")
    t.build(t.create_schedule(twice((n, 8)))).export(tmp_path / "twice.so")
    f = t.load(tmp_path / "twice.so")
    for rows in (1, 7):
        a = np.random.default_rng(0).random((rows, 8), dtype=np.float32)
        b = np.zeros_like(a)
        f(a, b)
        np.testing.assert_array_equal(b, 2 * a)
    with pytest.raises(t.TargetError, match="got n = 7 and 6 at once"):
        f(a, b[:6])


def test_what_is_no_kernel_is_told(tmp_path: Path) -> None:
    with pytest.raises(t.TargetError, match="there is no library"):
        t.load(tmp_path / "nothing.so")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(t.TargetError, match="is no shared library of this machine"):
        t.load(tmp_path / "text.so")
    (tmp_path / "other.c").write_text("int other(void) { return 1; }")
    command = ["cc", "-shared", "-o", str(tmp_path / "other.so"), str(tmp_path / "other.c")]
    subprocess.run(command, check=True)
    with pytest.raises(t.TargetError, match="was not exported by tvmlab"):
        t.load(tmp_path / "other.so")
