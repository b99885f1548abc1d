"""A contest of tiny workloads: who takes part, who is right, and what is said of the others."""

from __future__ import annotations

import numpy as np
import peers
import pytest
from contest import Contest, our_schedule
from goals import OURS, PREPARED, UNFUSED
from peers import Contender, in_numpy
from table import workload_table

from tvmlab import ops
from tvmlab.analysis.constant_part import halves
from tvmlab.api import create_schedule
from tvmlab.ops import Workload

TINY = (
    ops.matmul(5, 16, 7),
    ops.matmul(8, 16, 4, transpose_a=True),
    ops.batch_matmul(2, 4, 16, 3),
    ops.dense(5, 16, 7),
    ops.dense(3, 21, 4, relu=True, panel=16),
    ops.narrow_matmul(4, 16, 8),
    ops.narrow_matmul(4, 16, 8, dtype="bfloat16"),
    ops.conv2d(1, 3, 6, 6, 4, 3, stride=2),
    ops.depthwise_conv2d(1, 4, 6, 6, 3),
    ops.softmax(4, 16),
    ops.layer_norm(4, 16),
    ops.multiply_add_relu(64),
    ops.lstm(3, 16),
    ops.lstm(1, 16),
    ops.gru(3, 16),
    ops.conv1d(1, 4, 16, 4, 3),
    ops.conv3d(1, 2, 4, 4, 16, 4, 3),
    ops.conv2d_transpose(1, 4, 4, 16, 4, 4, 2, 1),
    ops.max_pool((1, 4, 8, 8), 3, 2, 1),
    ops.avg_pool((1, 4, 8, 8)),
    ops.global_pool((2, 16, 3, 3)),
    ops.batch_norm((2, 4, 5, 5)),
    ops.pointwise((4, 16), "gelu"),
    ops.pointwise((4, 16), "add", (16,)),
    ops.reshape((4, 16)),
    ops.concat((2, 4, 8), axis=1),
    ops.strided_slice((4, 16), step=(1, 2)),
    ops.pad((4, 16), (0, 1)),
    ops.gather((20, 16), (5,)),
    ops.resize2d(1, 2, 4, 5, 8, 10),
    ops.resize2d(1, 2, 4, 5, 8, 10, method="nearest"),
    ops.attention(1, 2, 8, 16),
    ops.conv2d_bias_relu(1, 3, 6, 6, 4, 3),
    ops.lstm_cell(16),
    ops.transpose((8, 16)),
    ops.reduce((8, 16)),
    ops.reduce((8, 16), by="mean"),
    ops.blur(6, 16),
    ops.depthwise_bn_relu(1, 4, 6, 6, 3),
)


@pytest.mark.parametrize("workload", TINY, ids=str)
def test_every_form_of_every_installed_peer_is_right(workload: Workload) -> None:
    contest = Contest("tiny", workload)
    contest.add_ours_prepared()
    contest.add_ours_unfused()
    contest.add_peers()
    rows = contest.rows(rounds=1)
    found = {r["who"] for r in rows}
    assert OURS in found
    assert [r["who"] for r in rows if not r["is_right"]] == []
    assert found | set(contest.absent) - {OURS, PREPARED, UNFUSED} == {*found, *peers.PEERS}
    said = ("no ", "needs ")
    assert [why for why in contest.absent.values() if not why.startswith(said)] == []


def test_packed_weights_leave_the_timing_and_the_kernel() -> None:
    workload = ops.matmul(8, 64, 32)
    schedule = our_schedule(workload, is_packed=True)
    weights = schedule.mod.params[1]
    parts = halves(schedule.mod, [weights])
    assert parts is not None
    assert parts.once.params == (weights, *parts.kept)
    assert weights not in parts.rest.params
    assert set(parts.kept) <= set(parts.rest.params), "what the first wrote, the second reads"
    contest = Contest("tiny", workload)
    contest.add_ours_prepared()
    (row,) = (r for r in contest.rows(rounds=1) if r["who"] == PREPARED)
    assert (row["ready"], row["is_right"]) == ("weights", True)


def test_a_schedule_without_packing_has_nothing_to_prepare() -> None:
    schedule = create_schedule(ops.matmul(8, 64, 32))
    assert halves(schedule.mod, [schedule.mod.params[1]]) is None
    contest = Contest("tiny", ops.softmax(4, 16))
    contest.add_ours_prepared()
    contest.add_ours_unfused()
    assert [r["who"] for r in contest.rows(rounds=1)] == [OURS]


def test_a_wrong_result_is_said_to_be_wrong() -> None:
    workload = ops.matmul(5, 16, 7)
    contest = Contest("tiny", workload)
    contest.add("almost", Contender(lambda: np.full((5, 16), 0.5, np.float32)))
    contest.add("nothing", Contender(lambda: np.full((5, 16), np.nan, np.float32)))
    contest.add("another shape", Contender(lambda: np.zeros((16, 5), np.float32)))
    rows = contest.rows(rounds=1)
    assert [r["who"] for r in rows if r["is_right"]] == [OURS]
    lines = list(workload_table(rows, {}))
    assert sum("WRONG" in line for line in lines) == 3
    assert not any("WRONG" in line for line in lines if OURS in line)


def test_integers_must_be_exact() -> None:
    workload = ops.narrow_matmul(4, 16, 8)
    contest = Contest("tiny", workload)
    exact = contest._expected
    contest.add("exact", Contender(lambda: exact))
    contest.add("rounded", Contender(lambda: exact + np.eye(4, 16, dtype=np.int32)))
    right = {r["who"]: r["is_right"] for r in contest.rows(rounds=1)}
    assert right == {OURS: True, "exact": True, "rounded": False}


def test_a_missing_peer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.PEERS, "absent", (in_numpy.make, ("no_such_package",)))
    assert peers.missing()["absent"] == "no_such_package"
    contest = Contest("tiny", ops.softmax(4, 16))
    contest.add_peers(("numpy", "absent"))
    assert contest.absent == {"absent": "needs the package no_such_package"}


def test_a_peer_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(workload: Workload, arrays: object) -> Contender:
        raise RuntimeError("no such instruction\nat line 7")

    monkeypatch.setitem(peers.PEERS, "broken", (make, ()))
    contest = Contest("tiny", ops.softmax(4, 16))
    contest.add_peers(("broken",))
    assert contest.absent == {"broken": "RuntimeError: no such instruction"}
    lines = list(workload_table(contest.rows(rounds=1), contest.absent))
    assert any("broken" in line and "no such instruction" in line for line in lines)


def test_who_is_far_behind_gets_one_turn() -> None:
    contest = Contest("tiny", ops.softmax(4, 16))
    contest.add("slow", Contender(lambda: np.zeros((4, 16))), lambda: 1.0)
    contest.add("fast", Contender(lambda: np.zeros((4, 16))), lambda: 1e-9)
    turns = {r["who"]: r["turns"] for r in contest.rows(rounds=3)}
    assert turns == {OURS: 3, "fast": 3, "slow": 1}
