"""The classes of workloads that a CPU compiler is judged by, and what it is to reach in each.

A goal is a ratio: our least time over the best peer's, in one interleaved run. Repeated least times
differ by some 5 % on one thread and 10 % on two, so a ratio that close to its goal is neither won
nor lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OURS = "tvmlab"
PREPARED = "tvmlab prepared"
"""Ours with its weights laid out before, which counts against peers that are given that."""

UNFUSED = "tvmlab unfused"
"""Our own kernels, one for each operator of a fused workload."""

NOISE = {1: 1.05}
NOISE_OF_MORE = 1.10
"""Ratios of least times that are the same, by the number of threads."""

ALL_BUT_PEAK = 0.90
"""Of the measured limit: reached wherever the best peer reaches it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """What one class of workloads is to reach.

    Attributes:
        words: what the class holds, for people.
        ratio: our time over the best peer's, at most.
        workloads: their names in `tvmlab.ops.NAMED`.
        peers: the libraries that count; all if empty.
        holds_limit: whether we are to reach `ALL_BUT_PEAK` of the limit where the best peer does.
        over_unfused: times that we are to be faster than our own unfused kernels.
    """

    words: str
    ratio: float
    workloads: tuple[str, ...]
    peers: tuple[str, ...] = ()
    holds_limit: bool = False
    over_unfused: float = 0.0


GOALS: Mapping[str, Goal] = {
    "dense": Goal(
        "large dense",
        1.03,
        (
            "gemm512", "gemm1024", "gemm2048", "headline",
            "C1", "C2", "C4", "C6", "C7", "C9", "C10", "C12",
        ),
        peers=("numpy", "torch", "onnxruntime"),
        holds_limit=True,
    ),
    "weak": Goal(
        "where libraries are weak",
        0.85,
        (
            "C3", "C5", "C8", "C11", "gemm16", "dense16", "D1", "D2", "D3", "D4", "D5", "D6", "D7",
            "D8", "D9", "gru", "lstm", "softmax", "transpose", "blur",
        ),
    ),
    "between": Goal("in between", 0.95, ("heads", "attention")),
    "memory": Goal("memory-bound", 1.0, ("layer_norm", "chain", "row_sum", "gemv", "dense1")),
    "narrow": Goal("narrow types", 1.05, ("u8s8", "bf16")),
    "fused": Goal(
        "fused",
        1.0,
        ("conv_bias_relu", "depthwise_bn_relu", "lstm_cell", "attention"),
        over_unfused=1.2,
    ),
}  # fmt: skip
"""By the name that `--class` takes."""


@dataclass(frozen=True)
class Standing:
    """Where one workload stands on so many threads.

    Attributes:
        workload, threads: of the rows.
        ratio: our least time over the best peer's; NaN without a peer.
        best_peer: its name.
        share_of_limit: ours.
        verdict: `met`, `within noise`, `missed`, `WRONG` or `no peer`.
        reasons: what is missed, in words.
    """

    workload: str
    threads: int
    ratio: float
    best_peer: str
    share_of_limit: float
    verdict: str
    reasons: tuple[str, ...]


def best_peer(rows: Sequence[Row], among: Sequence[str] = ()) -> Row | None:
    """The fastest row that is right and neither ours nor of a library left out of `among`."""
    peers = [
        r
        for r in rows
        if not r["who"].startswith(OURS)
        and r["is_right"]
        and (not among or r["who"].split()[0] in among)
    ]
    return min(peers, key=lambda r: r["min_s"], default=None)


def standing(goal: Goal, rows: Sequence[Row]) -> Standing:
    """How the rows of one workload on so many threads stand to the goal."""
    best = best_peer(rows, goal.peers)
    ours = _ours(rows, bool(best and best["ready"]))
    threads = ours["threads"]
    noise = NOISE.get(threads, NOISE_OF_MORE)
    ratio = ours["min_s"] / best["min_s"] if best else float("nan")
    missed: list[tuple[str, bool]] = []
    if best and ratio > goal.ratio:
        missed.append((f"{ratio:.2f} > {goal.ratio:.2f}", ratio > goal.ratio * noise))
    if best and goal.holds_limit and best["share_of_limit"] >= ALL_BUT_PEAK:
        short = ALL_BUT_PEAK - ours["share_of_limit"]
        if short > 0:
            words = f"{100 * ours['share_of_limit']:.0f} % of the limit"
            missed.append((words, ours["share_of_limit"] * noise < ALL_BUT_PEAK))
    unfused = next((r for r in rows if r["who"] == UNFUSED), None)
    if goal.over_unfused and unfused:
        gain = unfused["min_s"] / ours["min_s"]
        if gain < goal.over_unfused:
            missed.append((f"{gain:.2f}x unfused", gain * noise < goal.over_unfused))
    verdict = "met" if not missed else "missed" if any(m for _, m in missed) else "within noise"
    if best is None:
        verdict = "no peer"
    if not ours["is_right"]:
        verdict = "WRONG"
    return Standing(
        ours["workload"],
        threads,
        ratio,
        best["who"] if best else "",
        ours["share_of_limit"],
        verdict,
        tuple(words for words, _ in missed),
    )


def _ours(rows: Sequence[Row], may_prepare: bool) -> Row:
    """Our row that counts: prepared only where it is right, faster, and the peer is so as well."""
    plain = next(r for r in rows if r["who"] == OURS)
    other = next((r for r in rows if r["who"] == PREPARED), None)
    if other is None or not may_prepare or not other["is_right"]:
        return plain
    return min(plain, other, key=lambda r: r["min_s"])


def goals_of(workload: str) -> list[tuple[str, Goal]]:
    """The classes that a workload belongs to."""
    return [(name, goal) for name, goal in GOALS.items() if workload in goal.workloads]
