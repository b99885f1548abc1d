"""The program of a state as lines with tokens, identities and the marks of the last step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from tvmlab.ir.printed import Line, Printed
from tvmlab.ir.printer import print_program
from tvmlab.schedule import State
from tvmlab.view.diff import matched_lines
from tvmlab.view.schema import GoneLine, LineView, LoopRef, Token

FIRST_LINES = 400
"""Lines of a long program that are shown at once, and the most that are left in a notebook."""

REMEMBERED = 512
"""States whose lines are kept; others are printed again when they are visited."""


@dataclass(frozen=True)
class StateLines:
    """A printed state: its lines, their identities, and those of the state before that are gone.

    `gone` holds pairs (line of this program above which it stood, the line). `steps` says of each
    line after how many steps it was first there.
    """

    lines: tuple[Line, ...]
    ids: tuple[int, ...]
    steps: tuple[int, ...]
    new: frozenset[int]
    gone: tuple[tuple[int, Line], ...]


class ProgramLines:
    """Prints states and carries the identity of lines from each state to the next."""

    def __init__(self) -> None:
        self._known: dict[State, StateLines] = {}
        self._ids = count()

    def of(self, state: State) -> StateLines:
        """The lines of `state`; identities come from its parent, so they do not depend on order."""
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
        pairs = matched_lines([x.text for x in before.lines], [x.text for x in lines.lines])
        new = frozenset(set(range(len(lines.lines))) - set(pairs))
        return StateLines(lines.lines, lines.ids, lines.steps, new, _gone(before.lines, pairs))

    def _print(self, state: State) -> StateLines:
        lines = print_program(state.program).lines
        before = self._known.get(state.parent) if state.parent is not None else None
        if before is None:
            ids = tuple(next(self._ids) for _ in lines)
            return StateLines(lines, ids, (0,) * len(lines), frozenset(), ())
        pairs = matched_lines([x.text for x in before.lines], [x.text for x in lines])
        ids = tuple(
            before.ids[pairs[n]] if n in pairs else next(self._ids) for n in range(len(lines))
        )
        steps = tuple(
            before.steps[pairs[n]] if n in pairs else state.depth for n in range(len(lines))
        )
        new = frozenset(set(range(len(lines))) - set(pairs))
        return StateLines(lines, ids, steps, new, _gone(before.lines, pairs))


def _gone(before: tuple[Line, ...], pairs: dict[int, int]) -> tuple[tuple[int, Line], ...]:
    """The lines of `before` that have no partner, each below the last line before it that has."""
    place_of = {old: new for new, old in pairs.items()}
    gone, place = [], 0
    for old, line in enumerate(before):
        if old in place_of:
            place = place_of[old] + 1
        else:
            gone.append((place, line))
    return tuple(gone)


def line_views(printed: StateLines, count: int | None = None) -> list[LineView]:
    """The first `count` lines as plain data."""
    numbers = Printed(printed.lines).line_of()
    return [
        {
            "id": printed.ids[n],
            "origin": n + 1 if line.loop is not None else numbers.get(line.block or "", 0),
            "text": line.text,
            "tokens": _tokens(line),
            "loop": _loop(line),
            "mark": "new" if n in printed.new else "",
            "step": printed.steps[n],
        }
        for n, line in enumerate(printed.lines[:count])
    ]


def gone_views(printed: StateLines) -> list[GoneLine]:
    """The lines that the last step removed, as plain data."""
    return [
        {"before": place, "text": line.text, "tokens": _tokens(line)}
        for place, line in printed.gone
    ]


def first_new_loop(printed: StateLines) -> LoopRef | None:
    """The outermost loop that the last step wrote."""
    loops = (_loop(printed.lines[n]) for n in sorted(printed.new))
    return next((loop for loop in loops if loop is not None), None)


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
