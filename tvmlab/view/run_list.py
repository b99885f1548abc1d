"""Runs in a list, and their failures and rates in words."""

from __future__ import annotations

from collections import Counter

from tvmlab.analysis.work import Work
from tvmlab.measure.figures import figure
from tvmlab.view.engine import RunFacts
from tvmlab.view.schema import RunView
from tvmlab.view.track import rate_scale, rate_unit

Figures = tuple[int, int, float | None]
"""Of a run: its trials, how many failed, and the best time in seconds."""


def run_view(
    each: int,
    facts: RunFacts,
    figures: Figures,
    work: Work,
    letter: str,
    is_live: bool,
    is_shown: bool,
    is_of_this: bool,
) -> RunView:
    """A run as plain data, its best as a rate of `work`; see `RunView` for the arguments."""
    trials, failed, best_s = figures
    number = f"run {facts.number}" if facts.number else "this run"
    return {
        "id": each,
        "letter": letter,
        # What it tunes is said where it is not what the others do.
        "title": number if is_of_this else f"{number} · {facts.title}",
        "source": facts.source,
        "explorer": facts.explorer,
        "model": facts.model,
        "trials": trials,
        "failed": failed,
        "best": rate_words(best_s, work),
        "is_live": is_live,
        "is_shown": is_shown,
        "is_of_this": is_of_this,
    }


def rate_words(time_s: float | None, work: Work) -> str:
    """A time as a rate with its unit, and what it is without; nothing where there is none."""
    if not time_s:
        return ""
    left_out = f", {work.left_out}" if work.left_out else ""
    return f"{figure(rate_scale(work) / time_s)} {rate_unit(work)}{left_out}"


def failure_words(failures: Counter[str]) -> str:
    """The kinds of failure with their counts, the commonest first."""
    return ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in failures.most_common())
