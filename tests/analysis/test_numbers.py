"""Values that are never NaN: folds by the greater or the smaller of two, and what is not one."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.targets.emitted import run
from tvmlab.analysis.numbers import numbers
from tvmlab.lower import lower
from tvmlab.schedule import Schedule
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features


def _extreme(fold: str) -> Schedule:
    """An extreme element of every row, in eight partial results and a tree."""
    a = t.placeholder((3, 64), name="A")
    k = t.reduce_axis((0, 64), name="k")
    by = {"max": t.max, "min": t.min, "sum": t.sum}[fold]
    s = t.create_schedule(t.compute((3,), lambda y: by(a[y, k], axis=k), name="M"))
    ki = str(s["M"].split("k", 16)[1])
    s["M"].rfactor(ki)
    s["M_partial"].reorder("ko", ki)
    s["M_partial"].compute_at("M", "y")
    s["M_partial"].vectorize(ki)
    s["M"].tree_reduce(ki)
    return s


@pytest.mark.parametrize(("fold", "known"), [("max", True), ("min", True), ("sum", False)])
def test_folds_from_a_number(fold: str, known: bool) -> None:
    found = {n.name for n in numbers(lower(_extreme(fold).mod).body)}
    assert ("M_partial" in found) == known
    assert any(n.startswith("M_half") for n in found) == known


@pytest.mark.parametrize("fold", ["max", "min"])
def test_no_comparison_mends_what_needs_no_mending(fold: str) -> None:
    text = emit(lower(_extreme(fold).mod), cpu_features())
    assert f"fcmp {'ogt' if fold == 'max' else 'olt'} <" in text
    assert f"llvm.{fold}imumnum.v" not in text


@pytest.mark.parametrize("fold", ["max", "min"])
def test_nan_is_passed_over_as_before(fold: str) -> None:
    a = np.random.default_rng(3).standard_normal((3, 64)).astype(np.float32)
    a[0, ::3] = np.nan
    a[1, 1:] = np.nan
    a[2, 5] = np.inf if fold == "max" else -np.inf
    expected = (np.nanmax if fold == "max" else np.nanmin)(a, axis=1)
    assert np.array_equal(run(_extreme(fold).mod, a), expected)


def test_two_values_that_may_be_nan_stay_compared_with_care() -> None:
    x = t.placeholder((32,), name="X")
    y = t.placeholder((32,), name="Y")
    s = t.create_schedule(t.compute((32,), lambda i: t.max(x[i], y[i]), name="Z"))
    s["Z"].vectorize("i")
    a, b = np.full(32, np.nan, np.float32), np.arange(32, dtype=np.float32)
    assert np.array_equal(run(s.mod, a, b), b)
    assert np.array_equal(run(s.mod, b, a), b)
