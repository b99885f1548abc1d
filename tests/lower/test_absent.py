"""Terms that a condition leaves out of a fold are skipped: as branches, extents, unrolled code."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.targets.emitted import run
from tvmlab.ir.expr import select
from tvmlab.lower import lower
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features


def window(op: str = "sum", neutral: float = 0.0, dtype: str = "float32") -> t.Tensor:
    """A fold of five neighbours of nine elements, those that there are."""
    a = t.placeholder((9,), dtype, name="A")
    k = t.reduce_axis((0, 5), name="k")
    fold = {"sum": t.sum, "max": t.max, "prod": t.prod}[op]
    zero = t.const(neutral, dtype)
    return t.compute(
        (9,),
        lambda i: fold(select((i + k >= 2) & (i + k < 11), a[i + k - 2], zero), axis=k),
        name="C",
    )


def shown(s: Schedule) -> str:
    return str(lower(s.mod))


def expected(a: np.ndarray, op: str = "sum") -> np.ndarray:
    fold = {"sum": np.sum, "max": np.max, "prod": np.prod}[op]
    return np.array([fold(a[max(0, i - 2) : i + 3]) for i in range(9)], a.dtype)


@pytest.mark.parametrize(
    ("op", "neutral", "dtype"),
    [("sum", 0, "float32"), ("prod", 1, "int32"), ("max", -np.inf, "float32")],
)
def test_what_changes_nothing_is_skipped(op: str, neutral: float, dtype: str) -> None:
    s = create_schedule(window(op, neutral, dtype))
    assert "select" not in shown(s)
    a = (np.arange(9) * 7 % 5 - 2).astype(dtype)
    assert np.array_equal(run(s.mod, a), expected(a, op))


@pytest.mark.parametrize(("op", "other"), [("sum", 1), ("prod", 0), ("max", 0)])
def test_what_changes_the_fold_stays(op: str, other: float) -> None:
    s = create_schedule(window(op, other))
    assert "select" in shown(s)
    a = -np.ones(9, np.float32)
    missing = np.array([2, 1, 0, 0, 0, 0, 0, 1, 2])
    right = {"sum": expected(a) + missing, "prod": np.where(missing, 0, -1)}
    right["max"] = np.where(missing, 0, -1)
    assert np.array_equal(run(s.mod, a), right[op])


def test_unrolled_code_has_the_terms_there_are() -> None:
    s = create_schedule(window())
    s["C"].reorder("k", "i")
    s["C"].unroll("k")
    s["C"].unroll("i")
    a = np.arange(9, dtype=np.float32)
    assert np.array_equal(run(s.mod, a), expected(a))
    text = emit(lower(s.mod), cpu_features())
    assert text.count(" = load float") == 9
    assert "br i1" not in text


def test_a_condition_on_lanes_stays_a_choice() -> None:
    s = create_schedule(window())
    s["C"].reorder("k", "i")
    s["C"].vectorize("i")
    assert "select(" in shown(s)
    assert "if" not in shown(s)
    a = np.arange(9, dtype=np.float32)
    assert np.array_equal(run(s.mod, a), expected(a))


def test_a_condition_on_memory_stays_a_choice() -> None:
    a = t.placeholder((9,), name="A")
    k = t.reduce_axis((0, 9), name="k")
    s = create_schedule(
        t.compute((1,), lambda i: t.sum(select(a[k + i] > 0, a[k + i], 0.0), axis=k), name="C")
    )
    assert "select(A[k] > 0.0" in shown(s)
    assert "if" not in shown(s)


def test_sums_of_unrolled_windows_start_in_registers() -> None:
    """The loop over positions decides which sums are updated, not which there are."""
    a = t.placeholder((4, 9), name="A")
    c, k = t.reduce_axis((0, 4), name="c"), t.reduce_axis((0, 3), name="k")

    def term(i):
        inside = (i + k >= 1) & (i + k < 10)
        return t.sum(select(inside, a[c, i + k - 1], 0.0), axis=(c, k))

    s = create_schedule(t.compute((9,), term, name="C"))
    s["C"].reorder("c", "k", "i")
    s["C"].unroll("k")
    s["C"].unroll("i")
    text = shown(s)
    assert text.count("C_tile[i] = 0.0") == 1
    assert text.count("C[i] = C_tile[i]") == 1
    x = np.random.default_rng(0).integers(-9, 9, (4, 9)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (1, 1)))
    right = sum(padded[:, n : n + 9] for n in range(3)).sum(0)
    assert np.array_equal(run(s.mod, x), right)
