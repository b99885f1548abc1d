"""Which loops of a program a feature speaks of, so that what a model says can be shown there.

A column of a knob speaks of the loops that are others when the knob has another option: that is
found by difference, and so holds for every template and every structure. A column of a program
names its statement and its loop itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tvmlab.errors import ScheduleError
from tvmlab.ir.printer import print_program
from tvmlab.ir.program import For, Program
from tvmlab.ops.knobs import Knob
from tvmlab.tune.features.statement import read
from tvmlab.tune.space import Space

LoopName = tuple[str, str]
"""A block and the name of a loop around it."""

OF_LOOP = re.compile(r"statement (\d+) loop (\d+) ")

ATTEMPTS = 8
"""Options of a knob that are looked at, the nearest first; more are illegal together or not."""


def loops_of(
    space: Space, config: Mapping[str, Any], columns: Iterable[str]
) -> dict[str, list[LoopName]]:
    """For each column the loops of the program of `config` that it speaks of, outermost first;
    none where it speaks of no loop.

    Raises:
        ScheduleError: the configuration is illegal.
        UsageError: the space has no programs.
    """
    program = space.program(config)
    by_knob: dict[str, list[LoopName]] = {}
    found: dict[str, list[LoopName]] = {}
    for column in columns:
        match = OF_LOOP.match(column)
        knob = _knob_of(space, column)
        if match:
            found[column] = _named(program, int(match[1]), int(match[2]))
        elif knob is not None:
            if knob.name not in by_knob:
                by_knob[knob.name] = _moved(space, config, knob, program)
            found[column] = by_knob[knob.name]
        else:
            found[column] = []
    return found


def _knob_of(space: Space, column: str) -> Knob | None:
    """The knob whose column it is: the one with the longest name that the column begins with."""
    begins = [knob for knob in space.knobs if column.startswith(knob.name)]
    return max(begins, key=lambda knob: len(knob.name), default=None)


def _named(program: Program, statement: int, loop: int) -> list[LoopName]:
    statements = read(program).statements
    if statement >= len(statements) or loop >= len(statements[statement].axes):
        return []
    var = statements[statement].axes[loop].var
    return [
        line.loop
        for line in print_program(program).lines
        if line.loop is not None and isinstance(line.node, For) and line.node.var is var
    ]


def _moved(space: Space, config: Mapping[str, Any], knob: Knob, program: Program) -> list[LoopName]:
    """The loops of `program` that another option of `knob` makes others."""
    digits, column = space.digits(config), space.knobs.index(knob)
    here = int(digits[column])
    others = sorted(range(len(knob.options)), key=lambda n: (abs(n - here), n))[1:]
    for other in others[:ATTEMPTS]:
        changed = digits.copy()
        changed[column] = other
        try:
            neighbour = space.program(space.config(space.settled(changed[None, :])[0]))
        except ScheduleError:
            continue
        theirs = set(_loops(neighbour).values())
        moved = [name for name, loop in _loops(program).items() if loop not in theirs]
        if moved:
            return moved
    return []


def _loops(program: Program) -> dict[LoopName, tuple[str, str]]:
    """The loops by name, outermost first: the block and the line, which by its indentation says
    depth as well."""
    return {
        line.loop: (line.loop[0], line.text)
        for line in print_program(program).lines
        if line.loop is not None
    }
