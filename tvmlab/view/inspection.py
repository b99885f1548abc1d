"""One trial looked at closely: its steps, its program, and how that differs from the lab's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from tvmlab.ir.printer import print_program
from tvmlab.schedule import State, Trace
from tvmlab.tune.logs import Told
from tvmlab.view.diff import matched_lines
from tvmlab.view.schema import ContributionsView, LoopRef, OverlayMark, TrialView


class _Rest(TypedDict):
    """The fields of a `TrialView` that are filled later, or only for the trials of logs."""

    code: str
    contributions: ContributionsView | None
    marks: list[OverlayMark]
    facts: list[tuple[str, str]]
    raw: str


_NOT_ASKED: _Rest = {"code": "", "contributions": None, "marks": [], "facts": [], "raw": ""}


def trial_view(run: int, number: int, state: State, mine: State) -> TrialView:
    """Trial `number` of run `run`, whose schedule leads to `state`, beside the lab's state."""
    lines = print_program(state.program).lines
    program = [line.text for line in lines]
    return {
        "run": run,
        "number": number,
        "status": "ready",
        "reason": "",
        "steps": list(Trace(state).lines),
        "program": program,
        "loops": [_ref(line.loop) for line in lines],
        "diff": diff_lines(_lines(mine), program),
        **_NOT_ASKED,
    }


def logged_view(run: int, number: int, told: Told) -> TrialView:
    """A trial of another tuner, of which its log tells all there is."""
    return {
        "run": run,
        "number": number,
        "status": "logged",
        "reason": told.why,
        "steps": told.steps,
        "program": [],
        "loops": [],
        "diff": [],
        **_NOT_ASKED,
        "facts": told.facts,
        "raw": told.raw,
    }


def failed_view(run: int, number: int, reason: str) -> TrialView:
    """A trial that cannot be looked at, and why."""
    return {
        "run": run, "number": number, "status": "failed", "reason": reason, "steps": [],
        "program": [], "loops": [], "diff": [], **_NOT_ASKED,
    }  # fmt: skip


def diff_lines(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """The lines of `after` marked "+" where they are new and " " where not, and those of `before`
    that are gone, marked "-", above what is new in their place."""
    pairs = matched_lines(before, after)
    found: list[tuple[str, str]] = []
    old = new = 0
    for n, partner in [*pairs.items(), (len(after), len(before))]:
        found += [("-", gone) for gone in before[old:partner]]
        found += [("+", line) for line in after[new:n]]
        found += [(" ", line) for line in after[n : n + 1]]
        old, new = partner + 1, n + 1
    return found


def _ref(loop: tuple[str, str] | None) -> LoopRef | None:
    return {"block": loop[0], "loop": loop[1]} if loop is not None else None


def _lines(state: State) -> list[str]:
    return [line.text for line in print_program(state.program).lines]
