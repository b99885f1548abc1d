"""What a run's cost model goes by, as plain data: features, what they weigh, and their loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.errors import TvmlabError
from tvmlab.view.contributions import model_words
from tvmlab.view.record_entries import FollowedRun
from tvmlab.view.schema import ExplanationView, LoopRef


def explanation_view(
    run: int,
    said: Mapping[str, Any],
    loops: Mapping[str, Sequence[LoopRef]],
    model: str = "",
) -> ExplanationView:
    """An explanation for a screen.

    Args:
        run: the number by which the screen knows the run.
        said: as `tvmlab.tune.explanation.Explanation` writes it.
        loops: those that features speak of in the trial that the reasons are about.
        model: which model it is, in words; empty for the one that the run has now.
    """
    return {
        "run": run,
        "trial": said["trial"],
        "learnt_from": said["learnt_from"],
        "model": model,
        "importances": [(name, unit, share) for name, unit, share in said["importances"]],
        "reasons": [
            {
                "name": name,
                "unit": unit,
                "weight": weight,
                "value": value,
                "loops": list(loops.get(name, ())),
            }
            for name, unit, weight, value in said["reasons"]
        ],
    }


def recalled_view(number: int, run: FollowedRun) -> ExplanationView:
    """What a model goes by that is fitted to the trials of a run whose own is gone.

    Raises:
        TvmlabError: there is too little to learn from.
    """
    found = run.recalled()
    said = found.explanation
    names = [reason.name for reason in said.reasons]
    try:
        loops = run.loops_of(said.trial, names)
    except TvmlabError:  # a trial that is no legal schedule any more; what it weighs stays true
        loops = {}
    words = model_words(found.model, found.is_own, said.learnt_from, run.facts)
    return explanation_view(number, said.to_json(), loops, words)
