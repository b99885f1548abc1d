"""Verdicts on figures made up, their tables, their file and its picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kernels
import numpy as np
import picture
import pytest
from accuracy import allowed_error, is_right, relative_error
from goals import GOALS, OURS, PREPARED, UNFUSED, Row, standing
from limit import memory_of
from table import goals_table, workload_table

from tvmlab import ops
from tvmlab.targets.cpu.limits import cpu_features

DENSE, WEAK, FUSED = (GOALS[name] for name in ("dense", "weak", "fused"))


def row(who: str, min_s: float, *, workload: str = "C6", **others: Any) -> Row:
    figures: Row = {
        "workload": workload, "threads": 1, "who": who, "ready": "", "min_s": min_s,
        "median_s": min_s, "spread": 0.0, "turns": 1, "flops": 1000, "bytes": 100,
        "limit_s": 0.9e-3, "bound_by": "arithmetic", "share_of_limit": 0.9e-3 / min_s,
        "relative_error": 0.0, "allowed_error": 1e-5, "is_right": True,
    }  # fmt: skip
    return figures | others


@pytest.mark.parametrize(
    ("ours_s", "threads", "verdict"),
    [(1.2e-3, 1, "met"), (1.26e-3, 1, "within noise"), (1.31e-3, 1, "missed"),
     (1.31e-3, 2, "within noise"), (1.4e-3, 2, "missed")],
)  # fmt: skip
def test_a_ratio_close_to_its_goal_is_neither_won_nor_lost(
    ours_s: float, threads: int, verdict: str
) -> None:
    rows = [row(OURS, ours_s, threads=threads), row("numpy", 1.2e-3, threads=threads)]
    assert standing(DENSE, rows).verdict == verdict


def test_only_the_peers_that_count_do() -> None:
    rows = [row(OURS, 1.2e-3), row("jax", 0.5e-3), row("torch laid out", 1.19e-3)]
    assert standing(DENSE, rows).best_peer == "torch laid out"
    assert standing(WEAK, rows).best_peer == "jax"


def test_a_peer_that_is_wrong_does_not_count() -> None:
    rows = [row(OURS, 1.2e-3), row("numpy", 0.5e-3, is_right=False), row("torch", 1.3e-3)]
    assert standing(DENSE, rows).best_peer == "torch"
    assert standing(DENSE, [row(OURS, 1e-3, is_right=False), rows[2]]).verdict == "WRONG"
    assert standing(DENSE, rows[:2]).verdict == "no peer"


def test_the_limit_is_held_where_the_best_peer_holds_it() -> None:
    ours = row(OURS, 1.02e-3, share_of_limit=0.80)
    near = row("numpy", 1e-3, share_of_limit=0.92)
    assert standing(DENSE, [ours, near]).reasons == ("80 % of the limit",)
    far = row("numpy", 1e-3, share_of_limit=0.85)
    assert standing(DENSE, [ours, far]).verdict == "met"


def test_weights_laid_out_before_count_against_peers_that_have_them_so() -> None:
    rows = [row(OURS, 1.5e-3), row(PREPARED, 1e-3, ready="weights"), row("numpy", 1.2e-3)]
    assert standing(WEAK, rows).ratio == pytest.approx(1.25)
    rows[2] |= {"ready": "weights"}
    assert standing(WEAK, rows).ratio == pytest.approx(1 / 1.2)
    rows[1] |= {"is_right": False}
    assert standing(WEAK, rows).ratio == pytest.approx(1.25)


def test_fusing_must_pay() -> None:
    peer = row("torch", 2e-3)
    for unfused_s, verdict in ((1.3e-3, "met"), (1.1e-3, "missed")):
        rows = [row(OURS, 1e-3), row(UNFUSED, unfused_s), peer]
        assert standing(FUSED, rows).verdict == verdict


def test_errors_are_shares_of_the_largest_element() -> None:
    expected = np.array([4.0, -8.0], np.float32)
    assert relative_error(np.array([4.0, -7.0]), expected) == 1 / 8
    assert not is_right(relative_error(np.array([4.0, np.nan]), expected), 1.0)
    assert relative_error(np.array([4.0]), expected) == np.inf
    assert allowed_error(np.int32, np.array([1], np.int32)) == 0
    assert allowed_error("float32", expected) < allowed_error("float16", expected) == 2**-10


def test_data_come_from_the_nearest_memory_that_holds_them() -> None:
    features = cpu_features()
    first = features.cache_bytes[1]
    assert memory_of(first // 2, features) == "L1"
    assert memory_of(first // 2 + 1, features) != "L1"
    assert memory_of(max(features.cache_bytes.values()), features) == "DRAM"


def test_figures_survive_the_file_and_become_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(OURS, 1.3e-3), row("numpy", 1.2e-3), row(OURS, 1e-3, workload="D1"),
            row("tvm", 2e-3, workload="D1")]  # fmt: skip
    stored = tmp_path / "figures.json"
    stored.write_text(json.dumps(kernels.document(rows)))
    assert json.loads(stored.read_text())["rows"] == rows
    monkeypatch.setattr("sys.argv", ["picture.py", str(stored)])
    picture.main()
    page = (tmp_path / "figures.html").read_text()
    assert "0 of 1 met" in page
    assert "1.08 of numpy" in page
    stored.write_text("[]")
    with pytest.raises(SystemExit):
        picture.main()
    assert "was not written by" in capsys.readouterr().err


def test_the_table_of_goals_counts_and_names_what_lacks() -> None:
    rows = [row(OURS, 1.3e-3), row("numpy", 1.2e-3), row(OURS, 1e-3, workload="D1"),
            row("tvm", 2e-3, workload="D1")]  # fmt: skip
    text = "\n".join(goals_table(rows, ["blur"]))
    assert "0 of 1 met" in text
    assert "1 of 1 met" in text
    assert "missed (1.08 > 1.03)" in text
    assert "no such workload yet: blur" in text


def test_what_is_ready_before_timing_is_said_in_every_row() -> None:
    lines = list(workload_table([row(OURS, 1e-3), row("torch", 1e-3, ready="weights")], {}))
    assert lines[-2].endswith("nothing")
    assert lines[-1].endswith("weights")


def test_a_class_asks_for_its_workloads() -> None:
    asked = kernels.parser().parse_args(["--class", "narrow", "--class", "between"])
    names, unknown = kernels.chosen(asked)
    assert {"u8s8", "bf16", "heads"} <= set(names)
    every, lacking = kernels.chosen(kernels.parser().parse_args(["--goals"]))
    assert {w for goal in GOALS.values() for w in goal.workloads} == set(every)
    assert unknown == lacking == [], "every workload of a class has an operator"
    assert set(every) <= set(ops.NAMED)
    assert kernels.chosen(kernels.parser().parse_args([])) == (list(kernels.DEFAULT), [])
