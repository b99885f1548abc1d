"""Figures as text: one table for a workload, one line for each goal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from goals import GOALS, OURS, Row, best_peer, goals_of, standing

from tvmlab.measure.timing import duration


def workload_table(rows: Sequence[Row], absent: Mapping[str, str]) -> Iterator[str]:
    """The lines for one workload on so many threads."""
    if not rows:
        yield from (f"\n{reason}" for reason in absent.values())
        return
    first = rows[0]
    classes = " and ".join(f"{name} <= {goal.ratio:.2f}" for name, goal in goals_of(_name(first)))
    yield (
        f"\n{_name(first)}, {first['threads']} thread(s): bound by {first['bound_by']}, "
        f"at least {duration(first['limit_s'])}" + (f"; goal {classes}" if classes else "")
    )
    yield (
        f"  {'':21} {'min':>8} {'median':>8} {'spread':>6} {'turns':>5} {'GFLOP/s':>8} "
        f"{'of limit':>8} {'/ best peer':>11} {'error':>8}  ready before timing"
    )
    best = best_peer(rows)
    for row in rows:
        ratio = f"{row['min_s'] / best['min_s']:.2f}" if best else "-"
        doubt = "" if row["is_right"] else f"  WRONG: allowed are {row['allowed_error']:.0e}"
        yield (
            f"  {row['who']:21} {duration(row['min_s']):>8} {duration(row['median_s']):>8} "
            f"{100 * row['spread']:4.0f} % {row['turns']:5} "
            f"{row['flops'] / row['min_s'] / 1e9:8.1f} "
            f"{100 * row['share_of_limit']:6.0f} % {ratio:>11} {row['relative_error']:8.1e}  "
            f"{row['ready'] or 'nothing'}{doubt}"
        )
    for who, reason in absent.items():
        if not reason.startswith(("no ", "needs ")):
            yield f"  {who:21} did not run: {reason}"
    without = [who for who, reason in absent.items() if reason.startswith("no ")]
    if without:
        yield f"  without this workload: {', '.join(without)}"


def _name(row: Row) -> str:
    return str(row["workload"])


def by_workload(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each workload on each number of threads, in the order measured."""

    def key(row: Row) -> tuple[str, int]:
        return _name(row), row["threads"]

    return [list(group) for _, group in groupby(rows, key)]


def goals_table(rows: Sequence[Row], unknown: Sequence[str] = ()) -> Iterator[str]:
    """Which goals are met: a line for each workload of a class, and a count.

    Args:
        unknown: workloads of a class that there is no operator for.
    """
    groups = by_workload([r for r in rows if r["who"]])
    for goal in GOALS.values():
        found = [
            standing(goal, group)
            for group in groups
            if _name(group[0]) in goal.workloads and any(r["who"] == OURS for r in group)
        ]
        lacking = [name for name in goal.workloads if name in unknown]
        if not found and not lacking:
            continue
        met = sum(s.verdict == "met" for s in found)
        yield f"\n{goal.words}: <= {goal.ratio:.2f} of the best peer; {met} of {len(found)} met"
        for s in found:
            why = f" ({', '.join(s.reasons)})" if s.reasons else ""
            yield (
                f"  {s.workload:18} {s.threads} thread(s)  {s.ratio:5.2f} of {s.best_peer:21} "
                f"{100 * s.share_of_limit:3.0f} % of the limit  {s.verdict}{why}"
            )
        if lacking:
            yield f"  no such workload yet: {', '.join(lacking)}"
