"""Match a program: the steps that lead to a program whose text is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import ClassVar

from tvmlab.ir.equality import equal
from tvmlab.ir.parse import parse_program
from tvmlab.learn.exercise import Exercise
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper


class MatchProgram(Kind):
    """The program whose text is the goal's `program`, up to the names of loops and buffers."""

    name = "match_program"
    title = "Match a program"
    goal: ClassVar[Mapping[str, type]] = {"program": str}

    def shown(self, exercise: Exercise) -> str:
        """The program to match."""
        return str(goal_of(exercise, self.goal)["program"]).strip()

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """How much of the program is there, and where it begins to differ."""
        wanted = parse_program(goal_of(paper.exercise, self.goal)["program"])
        made = paper.state.program
        if equal(wanted, made):
            return (Mark("the program", 1.0, 1.0, "it is the same, up to names"),)
        lines = (str(wanted).splitlines(), str(made).splitlines())
        share = SequenceMatcher(None, *lines, autojunk=False).ratio()
        pairs = enumerate(zip_longest(*lines, fillvalue="(nothing)"), 1)
        differing = next(((n, a, b) for n, (a, b) in pairs if a != b), None)
        words = f"{100 * share:.0f} % of the lines are there"
        if differing is not None:
            number, target, own = differing
            words += f"; line {number} is {own.strip()!r} where {target.strip()!r} is wanted"
        return (Mark("the program", min(share, 0.99), 1.0, words),)
