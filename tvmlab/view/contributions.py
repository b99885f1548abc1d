"""What features add to a model's opinion, as plain data: rows, and figures beside the loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from tvmlab.errors import TvmlabError
from tvmlab.ir.printed import Line
from tvmlab.measure.figures import figure
from tvmlab.tune.contributions import Contribution, Contributions
from tvmlab.view.engine import RunFacts, ShownRun
from tvmlab.view.schema import ContributionsView, OverlayMark

NOTHING: ContributionsView = {
    "status": "idle", "reason": "", "is_stale": False, "model": "", "total": "", "parts": [],
}  # fmt: skip


def contributions_view(found: Contributions, facts: RunFacts | None) -> ContributionsView:
    """What was found, of a model that learnt from the run of `facts`."""
    return {
        "status": "ready",
        "reason": "",
        "is_stale": False,
        "model": _whose(found, facts),
        "total": _total_words(found),
        "parts": [
            {
                "name": part.name,
                "words": part.place.words,
                **_counted(part),
                "weight": part.weight,
                "loops": [{"block": block, "loop": loop} for block, loop in part.place.loops],
                "steps": [step + 1 for step in part.place.steps],
            }
            for part in found.parts
        ],
    }


def trial_contributions(
    run: ShownRun, number: int, lines: Sequence[Line]
) -> tuple[ContributionsView, list[OverlayMark]]:
    """What features add for trial `number`, and beside which of the `lines` of its program; where
    nothing can be told, the view says why."""
    try:
        found = run.contributions(number)
        return contributions_view(found, run.facts), loop_marks(found, lines)
    except TvmlabError as error:
        return {**NOTHING, "status": "failed", "reason": str(error)}, []


class _Counted(TypedDict):
    value: str
    unit: str


def _counted(part: Contribution) -> _Counted:
    """The value of a feature in words, and its unit."""
    if part.unit == "0 or 1":
        return {"value": "yes" if part.value else "no", "unit": ""}
    return {"value": figure(part.value), "unit": part.unit}


def loop_marks(found: Contributions, lines: Sequence[Line]) -> list[OverlayMark]:
    """What each loop adds, beside its header among the printed `lines`."""
    if not found.model:
        return []
    weights = found.by_loop()
    most = max(map(abs, weights.values()), default=0.0) or 1.0
    marks: list[OverlayMark] = []
    for number, line in enumerate(lines):
        if line.loop is None or line.loop not in weights:
            continue
        weight, (block, loop) = weights[line.loop], line.loop
        verb = "speaks for" if weight > 0 else "speaks against"
        words = f"Loop {loop} of {block} {verb} it: {signed(weight)} {found.unit}."
        marks.append(
            {"line": number, "share": weight / most, "text": signed(weight), "words": words}
        )
    return marks


def signed(value: float) -> str:
    """A figure with its sign, and as many places for all but tiny ones: +0.31, −0.05."""
    size = abs(value)
    return f"{'−' if value < 0 else '+'}{f'{size:.2f}' if size >= 0.005 else figure(size, 1)}"


def model_words(model: str, is_own: bool, learnt_from: int, facts: RunFacts) -> str:
    """Which model was fitted to a run's trials, and why that one."""
    run = f"run {facts.number}" if facts.number else "this run"
    trials = f"{learnt_from:,} trial{'s' * (learnt_from != 1)} of {run}"
    if is_own:
        return f"{model} fitted to {trials}, as the run itself does."
    if not facts.model:
        return f"{model} fitted to {trials}, which itself went by no model."
    if facts.model != model:
        return f"{model} fitted to {trials}; the run's own, {facts.model}, cannot say such things."
    return f"{model} fitted to the loops of {trials}; the run's own saw other features."


def _whose(found: Contributions, facts: RunFacts | None) -> str:
    if facts is None or not found.model:
        return "Features of the loops. No model tells what they add: tune this expression first."
    return model_words(found.model, found.is_own, found.learnt_from, facts)


def _total_words(found: Contributions) -> str:
    """What the prediction is made of."""
    if not found.model:
        return ""
    loops = found.prediction - found.start - found.elsewhere
    parts = f"{signed(loops)} by loops, {signed(found.elsewhere)} by no loop"
    return (
        f"{signed(found.prediction)} {found.unit} (more is faster): "
        f"{signed(found.start)} to start, {parts}."
    )
