"""Predict the bound: whether memory or arithmetic limits a computation on this machine at best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.analysis.work import work_of
from tvmlab.learn.bench import Rates
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.measure.figures import figure, scaled
from tvmlab.schedule import State

MEMORY, ARITHMETIC = "memory", "arithmetic"


class PredictBound(Kind):
    """`memory` or `arithmetic`, by the roofline of the machine that grades."""

    name = "predict_bound"
    title = "Predict the bound"

    def settings(self, exercise: Exercise) -> Mapping[str, Sequence[str]]:
        """The two roofs."""
        return {"choice": (MEMORY, ARITHMETIC)}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """The guess and its confidence."""
        goal_of(paper.exercise, self.goal)
        state = paper.exercise.naive
        chosen = paper.choice(self.settings(paper.exercise)["choice"])
        bound, words = bound_of(state, paper.bench.rates(state))
        return paper.guess(chosen == bound, f"it is {bound}: {words}")


def bound_of(state: State, rates: Rates) -> tuple[str, str]:
    """What bounds the computation of a state at best, and why, in figures.

    The roofline of S. Williams, A. Waterman, D. Patterson, *Roofline: an insightful visual
    performance model for multicore architectures*, CACM 52 (2009): every input and output crosses
    the memory bus once.
    """
    work = work_of(state.first.program)
    balance = rates.flop_per_s / rates.byte_per_s
    intensity = work.flops / work.size_bytes
    words = (
        f"{scaled(work.flops)}operations over {scaled(work.size_bytes)}bytes are "
        f"{figure(intensity, 2)} a byte, and this machine does {figure(balance, 2)} in the time "
        "one byte comes from memory"
    )
    return (MEMORY if intensity < balance else ARITHMETIC), words
