"""Figures beside loop headers: what a loop costs, touches, and must keep to use it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from tvmlab.analysis.loop_costs import LoopCost, loop_costs
from tvmlab.ir.printed import Line
from tvmlab.ir.program import Program
from tvmlab.measure.figures import figure, scaled
from tvmlab.view.schema import OverlayKind, OverlayMark

KINDS: tuple[str, ...] = get_args(OverlayKind)


def overlay_marks(kind: str, program: Program, lines: Sequence[Line]) -> list[OverlayMark]:
    """The marks of `kind` for the loop headers among the printed `lines` of `program`."""
    if kind in ("none", "model"):  # what a model says comes from `tvmlab.view.contributions`
        return []
    costs = loop_costs(program)
    most = max([_value(kind, cost) for cost in costs.values()], default=0.0) or 1.0
    marks: list[OverlayMark] = []
    for number, line in enumerate(lines):
        cost = costs.get(line.loop) if line.loop is not None else None
        if line.loop is not None and cost is not None:
            text, words = _said(kind, line.loop[1], cost)
            share = _value(kind, cost) / most
            marks.append({"line": number, "share": share, "text": text, "words": words})
    return marks


def _value(kind: str, cost: LoopCost) -> float:
    if kind == "cost":
        return cost.share
    if kind == "bytes":
        return cost.size_bytes
    return cost.iteration_bytes if cost.reused else 0.0


def _said(kind: str, loop: str, cost: LoopCost) -> tuple[str, str]:
    """A figure, short and as a sentence."""
    if kind == "cost":
        share = f"{figure(100 * cost.share)} %"
        return share, f"{share} of all operations are done inside {loop}."
    if kind == "bytes":
        once, all_runs = (f"{scaled(n)}B" for n in (cost.size_bytes, cost.size_bytes * cost.runs))
        words = f"A run of {loop} touches {once} of data"
        again = f"; {cost.runs:,} runs touch {all_runs} if nothing stays in between"
        return once, f"{words}{again if cost.runs > 1 else ''}."
    between = f"{scaled(cost.iteration_bytes)}B"
    if not cost.reused:
        return "–", f"No iteration of {loop} touches what another touches."
    names = ", ".join(cost.reused)
    return f"{between}: {names}", (
        f"An iteration of {loop} touches {between}: what holds them keeps {names} for the next."
    )
