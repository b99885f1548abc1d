"""The program of a state as lines with tokens, identities and the marks of the last step.

A step leaves most lines as they were. Those keep their plain data, the very same objects, so that
what a step costs, here and on the way to a screen, is a matter of what it changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from tvmlab.ir.expr import Var
from tvmlab.ir.printed import Line
from tvmlab.ir.printer import print_program
from tvmlab.schedule import State
from tvmlab.view.diff import changes
from tvmlab.view.schema import GoneLine, LineView, LoopRef, Token
from tvmlab.view.splices import Splice

FIRST_LINES = 400
"""Lines of a long program that are shown at once, and the most that are left in a notebook."""

REMEMBERED = 512
"""States whose lines are kept; others are printed again when they are visited."""


@dataclass(frozen=True)
class StateLines:
    """A printed state: its lines, the same as plain data, and what the step before it changed.

    `new` holds the positions of the lines that it wrote. `gone` holds pairs (line of this program
    above which it stood, the line).
    """

    lines: tuple[Line, ...]
    views: list[LineView]
    new: list[int]
    gone: list[tuple[int, Line]]


class ProgramLines:
    """Prints states and carries the identity of lines from each state to the next."""

    def __init__(self) -> None:
        self._known: dict[State, StateLines] = {}
        self._ids = count()

    def of(self, state: State) -> StateLines:
        """The lines of `state`; identities come from its parent, so they do not depend on order."""
        if state not in self._known:
            for each in state.states():
                if each not in self._known:
                    self._known[each] = self._print(each)
        lines = self._known[state]
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return lines

    def against(self, base: State, state: State) -> StateLines:
        """The lines of `state`, with what is new in it and gone from it against `base`."""
        lines, before = self.of(state), self.of(base)
        new, gone = _marked(before.lines, changes(before.lines, lines.lines))
        return StateLines(lines.lines, lines.views, new, gone)

    def _print(self, state: State) -> StateLines:
        printed = print_program(state.program)
        lines, headers = printed.lines, printed.line_of()
        before = self._known.get(state.parent) if state.parent is not None else None
        if before is None:
            views = [_view(x, n, headers, next(self._ids), 0) for n, x in enumerate(lines)]
            return StateLines(lines, views, [], [])
        found = changes(before.lines, lines)
        views, end = [], 0
        for (at, removed, start, added), moved in found:
            views += before.views[end:at]
            end = at + removed
            for n in range(start, start + added):
                old = before.views[moved[n]] if n in moved else None
                if old is None:
                    view = _view(lines[n], n, headers, next(self._ids), state.depth)
                else:
                    view = _view(lines[n], n, headers, old["id"], old["step"])
                views.append(old if old == view else view)
        views += before.views[end:]
        return StateLines(lines, views, *_marked(before.lines, found))


def _marked(
    before: Sequence[Line], found: Sequence[tuple[Splice, dict[int, int]]]
) -> tuple[list[int], list[tuple[int, Line]]]:
    """The positions of what is new, and the lines of `before` that are gone, each below the last
    line before it that is not."""
    new: list[int] = []
    gone: list[tuple[int, Line]] = []
    for (at, removed, start, added), moved in found:
        new += [n for n in range(start, start + added) if n not in moved]
        place_of = {old: n + 1 for n, old in moved.items()}
        place = start
        for old in range(at, at + removed):
            place = place_of.get(old, place)
            if old not in place_of:
                gone.append((place, before[old]))
    return new, gone


def gone_views(printed: StateLines) -> list[GoneLine]:
    """The lines that the last step removed, as plain data."""
    return [
        {"before": place, "text": line.text, "tokens": _tokens(line)}
        for place, line in printed.gone
    ]


def first_new_loop(printed: StateLines) -> LoopRef | None:
    """The outermost loop that the last step wrote."""
    loops = (printed.views[n]["loop"] for n in printed.new)
    return next((loop for loop in loops if loop is not None), None)


def _view(
    line: Line, position: int, headers: Mapping[Var | str, int], number: int, step: int
) -> LineView:
    """A line at `position` as plain data, of identity `number`, written by `step`."""
    header = position + 1 if line.loop is not None else headers.get(line.block or "")
    return {
        "id": number,
        "above": None if header is None else position + 1 - header,
        "text": line.text,
        "tokens": _tokens(line),
        "loop": _loop(line),
        "step": step,
    }


def _tokens(line: Line) -> list[Token]:
    found, at = [], 0
    each = iter(line.pieces)
    for text, kind, _ in zip(each, each, each, strict=True):
        if kind:
            found.append((at, at + len(text), kind))
        at += len(text)
    return found


def _loop(line: Line) -> LoopRef | None:
    return {"block": line.loop[0], "loop": line.loop[1]} if line.loop is not None else None
