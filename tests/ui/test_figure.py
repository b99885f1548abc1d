"""Runs as figures: every trial is there, the best only falls, failures tell their reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import pytest

import tvmlab as t


@pytest.fixture
def trials() -> pandas.DataFrame:
    return pandas.DataFrame(
        {
            "median_s": [0.004, np.nan, 0.002, 0.003],
            "reason": ["", "the kernel crashed", "", ""],
        },
        index=pandas.Index(range(4), name="number"),
    )


def drawn(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def test_trials_best_and_failures(trials: pandas.DataFrame) -> None:
    found = drawn(t.figure(trials))
    assert list(found) == ["trials", "best so far", "failures"]
    assert list(found["trials"].y) == [4.0, 2.0, 3.0]
    assert list(found["best so far"].y) == [4.0, 4.0, 2.0, 2.0]
    assert list(found["failures"].x) == [1]
    assert list(found["failures"].text) == ["the kernel crashed"]
    assert max(found["failures"].y) < 2.0


def test_several_runs_stand_side_by_side(trials: pandas.DataFrame) -> None:
    found = drawn(t.figure({"first": trials, "again": trials[trials.index != 1]}))
    assert list(found) == [
        "first: trials", "first: best so far", "first: failures",
        "again: trials", "again: best so far",
    ]  # fmt: skip
    assert found["first: trials"].marker.color != found["again: trials"].marker.color
    assert "<script" in t.figure(trials).to_html(include_plotlyjs=False)


def test_a_run_is_drawn_as_it_is(tmp_path: Any) -> None:
    C = t.ops.matmul(16, 16, 16)
    run = t.tune(C, trials=3, seed=0, db=str(tmp_path / "run.db"))
    run.wait()
    assert len(drawn(t.figure(run))["best so far"].y) == 3
    logged = t.read_log(tmp_path / "run.db").runs[0]
    assert list(drawn(t.figure(logged))["trials"].x) == list(drawn(t.figure(run))["trials"].x)


@pytest.mark.parametrize(
    "value", [7, pandas.DataFrame({"a": [1]}), pandas.DataFrame({"median_s": []})]
)
def test_what_is_no_run_is_told(value: Any) -> None:
    with pytest.raises(t.UsageError, match=r"figure|no trial"):
        t.figure(value)
