"""Facts about statements, kept as long as the statement is.

Statements do not change, and the program after a step shares with the one before all that the step
leaves alone. So what was found out about a nest or a block holds wherever it stands, and what is
asked of a program costs what is new in it. A fact is kept with its statement and goes with it: a
long run of a tuner keeps those of programs that somebody still holds, and no others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from tvmlab.ir.program import Stmt

MOST = 64
"""Facts of one statement: what depends on where it stands may be asked for many places."""

_About = TypeVar("_About", bound=Stmt)
_Rest = ParamSpec("_Rest")
_Fact = TypeVar("_Fact")


def kept_with_statement(
    ask: Callable[Concatenate[_About, _Rest], _Fact],
) -> Callable[Concatenate[_About, _Rest], _Fact]:
    """A function of a statement and of what can be hashed, by place, that is computed once for each
    statement as long as that lives. What it raises is not kept."""

    @wraps(ask)
    def found(stmt: _About, *args: _Rest.args, **kwargs: _Rest.kwargs) -> _Fact:
        key = (ask, *args)
        try:
            facts = stmt.facts
        except AttributeError:
            facts = stmt.facts = {}
        try:
            return facts[key]  # type: ignore[no-any-return]
        except KeyError:
            fact = ask(stmt, *args, **kwargs)
        if len(facts) >= MOST:
            facts.clear()
        facts[key] = fact
        return fact

    return found
