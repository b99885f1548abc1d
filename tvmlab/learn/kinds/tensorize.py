"""Tensorize: the computation as a hardware instruction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tvmlab.ir.instruction import INSTRUCTIONS
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import stmts
from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper


class Tensorize(Kind):
    """The innermost loops become the instruction of the name `instruction`, one of `t.intrin`."""

    name = "tensorize"
    title = "Tensorize to match"
    goal: ClassVar[Mapping[str, type]] = {"instruction": str}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Right, and executed by the instruction."""
        wanted = goal_of(paper.exercise, self.goal)["instruction"]
        used = {s.name for s in stmts(paper.state.program.body) if isinstance(s, Invoke)}
        words = f"it invokes {', '.join(sorted(used))}" if used else "it invokes no instruction"
        share = float(INSTRUCTIONS[wanted].update in used)
        return (paper.right(0.4), Mark(f"uses {wanted}", share, 0.6, words))
