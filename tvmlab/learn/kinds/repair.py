"""Repair: a schedule that is refused, or slow in a known way, made good with few changes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import ClassVar

from tvmlab.learn.kind import Kind, goal_of
from tvmlab.learn.paper import Mark, Paper
from tvmlab.schedule import Trace
from tvmlab.schedule.cautioning import cautions


class Repair(Kind):
    """The start, mended: legal, right, without cautions, with the steps named in `uses`, and at
    most `edits` lines away from it."""

    name = "repair"
    title = "Repair a schedule"
    goal: ClassVar[Mapping[str, type]] = {"edits": int, "uses": list}

    def marks(self, paper: Paper) -> Sequence[Mark]:
        """Right, still what it was meant to be, and without cautions; worth nothing where it is
        what was handed out."""
        goal, state = goal_of(paper.exercise, self.goal), paper.state
        used = {step.name for step in state.steps}
        lacking = [name for name in goal["uses"] if name not in used]
        text = Trace(state).to_python()
        changed = edits(paper.exercise.start, text)
        slow = cautions(state.program)
        marks = (
            paper.right(0.4),
            Mark(
                f"at most {goal['edits']} lines changed",
                float(changed <= goal["edits"]),
                0.2,
                f"lines that differ from the start: {changed}",
            ),
            Mark(
                "what it was meant to do",
                float(not lacking),
                0.2,
                f"it no longer has {', '.join(lacking)}: mend the step, do not drop it"
                if lacking
                else f"it still has {', '.join(goal['uses'])}",
            ),
            Mark("no caution", float(not slow), 0.2, str(slow[0]) if slow else "nothing is slow"),
        )
        if text == Trace(paper.exercise.state).to_python():
            return [mark._replace(share=0.0, words="nothing was mended yet") for mark in marks]
        return marks


def edits(before: str, after: str) -> int:
    """How many lines of one schedule were changed, added or left out to make the other."""
    matcher = SequenceMatcher(None, _calls(before), _calls(after), autojunk=False)
    return sum(
        max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in matcher.get_opcodes() if kind != "equal"
    )


def _calls(text: str) -> list[str]:
    """The calls of some lines of Python, whatever the names before `=` and the spacing."""
    return [
        ast.unparse(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign | ast.Expr)
    ]
