"""Arguments of a command: argparse, with every complaint one sentence that says what would do."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from tvmlab.errors import UsageError, did_you_mean


class Parser(argparse.ArgumentParser):
    """A parser of one command whose complaints are raised as UsageError.

    Args:
        command: the command's name, e.g. `tune`.
        usage: the words after the name.
        about: what the command does.
        more: examples and exit codes, printed at the end of the help.
    """

    def __init__(self, command: str, usage: str, about: str, more: str = "") -> None:
        super().__init__(
            prog=f"tvmlab {command}",
            usage=f"tvmlab {command} {usage}".strip(),
            description=about,
            epilog=more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; a value such as -1,2,3 after an option is that option's, however it looks."""
        glued: list[str] = []
        for word in args:
            if glued and glued[-1].startswith("--") and re.match(r"-\d", word):
                glued[-1] += f"={word}"
            else:
                glued.append(word)
        return super().parse_args(glued, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse complains of."""
        raise UsageError(f"{self.prog}: {message}; `{self.prog} --help` shows how it is used.")


def closest(name: str, known: Sequence[str]) -> str:
    """What to use instead of an unknown name."""
    if len(known) == 1:
        return f"use {known[0]!r}"
    return did_you_mean(name, known)


def one_of(option: str, known: Iterable[str]) -> Callable[[str], str]:
    """Reads a word that must be one of `known`."""
    names = list(known)

    def read(text: str) -> str:
        if text not in names:
            raise UsageError(f"{option} {text!r} is not known; {closest(text, names)}.")
        return text

    return read


def whole_number(option: str, least: int) -> Callable[[str], int]:
    """Reads a whole number of at least `least`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise UsageError(
                f"{option} {text!r} is not a whole number of at least {least}; "
                f"give one, such as {option} {max(least, 64)}."
            )
        return number

    return read


def decimal(option: str, least: float) -> Callable[[str], float]:
    """Reads a finite number of at least `least`."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < least:
            raise UsageError(
                f"{option} {text!r} is not a number of at least {least:g}; "
                f"give one, such as {option} {max(least, 0.5):g}."
            )
        return number

    return read


def names(text: str) -> tuple[str, ...]:
    """Reads the names of `--constant`, between commas."""
    found = tuple(name.strip() for name in text.split(","))
    if not all(found):
        raise UsageError(
            f"--constant {text!r} names no input; give names between commas, such as --constant W."
        )
    return found


def extents(text: str) -> tuple[int, ...]:
    """Reads the extents of `--shape`, positive whole numbers between commas."""
    numbers = []
    for part in text.split(","):
        try:
            number = int(part)
        except ValueError:
            raise UsageError(
                f"--shape {text!r} holds {part!r}, which is not a whole number; "
                "give whole numbers between commas, such as --shape 512,512,512."
            ) from None
        if number < 1:
            raise UsageError(
                f"--shape {text!r} holds the extent {number}; every extent is at least 1."
            )
        numbers.append(number)
    return tuple(numbers)
