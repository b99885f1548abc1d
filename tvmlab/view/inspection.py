"""One trial looked at closely: its steps, its program, and how that differs from the lab's."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.ir.printer import print_program
from tvmlab.schedule import State, Trace
from tvmlab.view.diff import matched_lines
from tvmlab.view.schema import TrialView


def trial_view(run: int, number: int, state: State, mine: State) -> TrialView:
    """Trial `number` of run `run`, whose schedule leads to `state`, beside the lab's state."""
    program = _lines(state)
    return {
        "run": run,
        "number": number,
        "status": "ready",
        "reason": "",
        "steps": list(Trace(state).lines),
        "program": program,
        "diff": diff_lines(_lines(mine), program),
        "code": "",
    }


def failed_view(run: int, number: int, reason: str) -> TrialView:
    """A trial that cannot be looked at, and why."""
    return {
        "run": run, "number": number, "status": "failed", "reason": reason, "steps": [],
        "program": [], "diff": [], "code": "",
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


def _lines(state: State) -> list[str]:
    return [line.text for line in print_program(state.program).lines]
