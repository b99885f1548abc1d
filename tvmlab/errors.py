"""The exception tree, and the refusal that every illegal request is answered with.

Every error a user can cause derives from `TvmlabError`; its message is one sentence that says
what was asked, what is wrong and where, and what would do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from traceback import extract_tb, format_exception

_PACKAGE = str(Path(__file__).parent)
_GO_BETWEENS = ("interactiveshell.py", "contextlib.py", "async_helpers.py")


class TvmlabError(Exception):
    """Base of every error that tvmlab raises for a user's mistake or a machine's failure."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the sentence, and the line of the user's that led to it.

        The frames inside tvmlab say nothing about a user's mistake. `%debug` still has them.
        """
        name = f"{type(self).__name__}: {self}"
        calls = extract_tb(self.__traceback__)
        inside = next((i for i, call in enumerate(calls) if _PACKAGE in call.filename), len(calls))
        own = [c for c in calls[:inside] if Path(c.filename).name not in _GO_BETWEENS]
        if not own or not own[-1].line:
            return [name]
        file = Path(own[-1].filename)
        place = "" if "ipykernel" in str(file) else f" of {file.name}"
        return [f"line {own[-1].lineno}{place}: {own[-1].line}", name]


class ExpressionError(TvmlabError):
    """A tensor expression is malformed: wrong rank, dtype, extent or use of a reduction."""


@dataclass(frozen=True)
class Refusal:
    """Why a step cannot be applied, in words a learner can act on.

    Attributes:
        asked: the request, as the line of Python that stands for it.
        where: the block and loop concerned.
        why: the reason, with a concrete witness where there is one; at most 25 words.
        instead: the nearest legal alternative, as something the user can do.
    """

    asked: str
    where: str
    why: str
    instead: str

    def __str__(self) -> str:
        return f"{self.asked} is refused at {self.where}: {self.why}; {self.instead}."


class ScheduleError(TvmlabError):
    """A schedule step was refused; `.refusal` says why and what would do instead."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class TraceError(TvmlabError):
    """A trace is not JSON, of another version, or names unknown steps or fields."""


class ParseError(TvmlabError):
    """A text is not the printed form of a program or a loop nest; the message names the line."""


class VerifyError(TvmlabError):
    """A program is not well formed: a defect of tvmlab itself, named so it can be reported."""

    def _render_traceback_(self) -> list[str]:
        """All of it: whoever mends tvmlab needs the frames inside."""
        return format_exception(self)


class TargetError(TvmlabError):
    """A target cannot build or run a program; the message names the stage."""


class MeasureError(TvmlabError):
    """A measurement could not be made at all (no runner, no device)."""


class DatabaseError(TvmlabError):
    """A tuning database is locked, missing, damaged or from a newer version."""


class UsageError(TvmlabError):
    """A command or call was given arguments it cannot use."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to use in place of a name that is not among the `known`, to end a sentence with."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}there are {', '.join(names) or 'none'}"


def brief(given: object) -> str:
    """What was given, in at most 60 signs of one line."""
    said = " ".join(repr(given).split())
    return said if len(said) <= 60 else f"{said[:57]}..."


def as_path(given: str | PathLike[str], what: str) -> Path:
    """The path of a file that a user named.

    Args:
        given: what should name it.
        what: the file in words, such as "the log".

    Raises:
        UsageError: it is neither a text nor a path.
    """
    if not isinstance(given, str | PathLike):
        raise UsageError(f"{what} was given as {brief(given)}; name its file, as a text or a path.")
    return Path(given)
