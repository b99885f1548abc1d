"""Which loops of a program a feature speaks of, so that what a model says can be shown there.

A column of a knob speaks of the loops, and of the steps of the schedule, that are others when the
knob has another option: that is found by difference, and so holds for every template and every
structure. A column of a program names its statement and its loop itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tvmlab.errors import ScheduleError
from tvmlab.ir.expr import Var
from tvmlab.ir.printer import print_program
from tvmlab.ir.program import For, Program
from tvmlab.ops.knobs import Knob
from tvmlab.tune.features.statement import read
from tvmlab.tune.space import Space

LoopName = tuple[str, str]
"""A block and the name of a loop around it."""

OF_STATEMENT = re.compile(r"statement (\d+) (?:loop (\d+) )?(?:access (\d+) )?(.+)")

ATTEMPTS = 8
"""Options of a knob that are looked at, the nearest first; more are illegal together or not."""


class Place(NamedTuple):
    """Where a feature belongs.

    Attributes:
        words: what it is, told without its place: the buffer's name in front where it is of one.
        loops: the loops that it speaks of, outermost first.
        steps: the steps of the schedule, from 0, that would be others.
    """

    words: str
    loops: tuple[LoopName, ...] = ()
    steps: tuple[int, ...] = ()


class ProgramPlaces:
    """Where the features of a scheduled program belong."""

    def __init__(self, program: Program) -> None:
        self._statements = read(program).statements
        self._headers: dict[Var, list[LoopName]] = {}
        for line in print_program(program).lines:
            if line.loop is not None and isinstance(line.node, For):
                self._headers.setdefault(line.node.var, []).append(line.loop)

    def __call__(self, column: str) -> Place:
        """The place of a column; nowhere for one of a statement, loop or access that the program
        lacks."""
        match = OF_STATEMENT.fullmatch(column)
        if match is None:
            return Place(column)
        number, loop, access, words = match.groups()
        if int(number) >= len(self._statements):
            return Place(f"no statement {int(number) + 1}: {column.partition(' ')[2][2:]}")
        statement = self._statements[int(number)]
        if access is not None:
            if int(access) >= len(statement.accesses):
                return Place(f"no access {int(access) + 1}: {words}")
            words = f"{statement.accesses[int(access)].buffer.name} {words}"
        if loop is None:
            return Place(f"{statement.accesses[0].buffer.name}: {words}")
        if int(loop) >= len(statement.axes):
            return Place(f"no loop {int(loop) + 1}: {words}")
        return Place(words, tuple(self._headers.get(statement.axes[int(loop)].var, ())))


class ConfigPlaces:
    """Where the features of a configuration belong, those of its knobs and of its program.

    Raises:
        ScheduleError: the configuration is illegal.
        UsageError: the space has no programs.
    """

    def __init__(self, space: Space, config: Mapping[str, Any]) -> None:
        self._space = space
        self._config = config
        self._program = space.program(config)
        self._of_program = ProgramPlaces(self._program)
        self._by_knob: dict[str, Place] = {}

    def __call__(self, column: str) -> Place:
        """The place of a column."""
        knob = _knob_of(self._space, column)
        if knob is None:
            return self._of_program(column)
        if knob.name not in self._by_knob:
            self._by_knob[knob.name] = self._moved(knob)
        return self._by_knob[knob.name]._replace(words=column)

    def _moved(self, knob: Knob) -> Place:
        """The loops and steps that another option of `knob` makes others."""
        space, digits = self._space, self._space.digits(self._config)
        column = space.knobs.index(knob)
        here = int(digits[column])
        others = sorted(range(len(knob.options)), key=lambda n: (abs(n - here), n))[1:]
        mine, steps = _loops(self._program), space.trace(self._config)
        differing: tuple[int, ...] = ()
        for other in others[:ATTEMPTS]:
            changed = digits.copy()
            changed[column] = other
            config = space.config(space.settled(changed[None, :])[0])
            try:
                neighbour, there = space.program(config), space.trace(config)
            except ScheduleError:
                continue
            theirs = set(_loops(neighbour).values())
            moved = tuple(name for name, loop in mine.items() if loop not in theirs)
            differing = tuple(n for n, step in enumerate(steps) if step not in there)
            if moved:
                return Place(knob.name, moved, differing)
        return Place(knob.name, (), differing)


def loops_of(
    space: Space, config: Mapping[str, Any], columns: Iterable[str]
) -> dict[str, list[LoopName]]:
    """For each column the loops of the program of `config` that it speaks of, outermost first;
    none where it speaks of no loop.

    Raises:
        ScheduleError: the configuration is illegal.
        UsageError: the space has no programs.
    """
    places = ConfigPlaces(space, config)
    return {column: list(places(column).loops) for column in columns}


def _knob_of(space: Space, column: str) -> Knob | None:
    """The knob whose column it is: the one with the longest name that the column begins with."""
    begins = [knob for knob in space.knobs if column.startswith(knob.name)]
    return max(begins, key=lambda knob: len(knob.name), default=None)


def _loops(program: Program) -> dict[LoopName, tuple[str, str]]:
    """The loops by name, outermost first: the block and the line, which by its indentation says
    depth as well."""
    return {
        line.loop: (line.loop[0], line.text)
        for line in print_program(program).lines
        if line.loop is not None
    }
