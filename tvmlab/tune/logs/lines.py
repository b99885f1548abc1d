"""Lines of JSON, read strictly: a line that is not whole is reported, and the others are kept.

Logs are written by processes that get killed and copied by people who cut them, so damage is
normal; to guess at a damaged line would be to make up a measurement.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tvmlab.errors import UsageError

MAX_BYTES = 4 << 20
"""Of a line; a longer one is passed over without being held in memory."""

MAX_DEPTH = 100
"""Of lists in lists; no tuner writes a tenth of that."""

_CHUNK = 1 << 20


class Complaint(NamedTuple):
    """Why a line was left out: its number, from 1, and the reason."""

    line: int
    reason: str


class Line(NamedTuple):
    """A line that was read: its number, from 1, and what it says."""

    number: int
    data: Any


def json_lines(path: Path) -> Iterator[Line | Complaint]:
    """Every line of a file that is not empty, as its JSON or as what is wrong with it.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), 1):
                if line is None:
                    yield Complaint(number, f"longer than {MAX_BYTES >> 20} MiB")
                elif line.strip():
                    yield line_of(number, line)
    except OSError as error:
        raise _unread(path, error) from error


def line_at(path: Path, number: int) -> bytes | None:
    """Line `number` of a file, from 1; None where it has no such line, or one that is too long.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return next(islice(_lines(file), number - 1, None), None)
    except OSError as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: OSError) -> UsageError:
    why = "is a folder" if path.is_dir() else f"cannot be read ({error.strerror})"
    return UsageError(f"the log {path} {why}; give the name of a file.")


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long, of which no more is kept."""
    held, is_long = b"", False
    while chunk := file.read(_CHUNK):
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            yield None if is_long or len(held) + len(end) > MAX_BYTES else held + end
            held, is_long = b"", False
        is_long = is_long or len(held) + len(rest) > MAX_BYTES
        held = b"" if is_long else held + rest
    if held or is_long:
        yield None if is_long else held


def line_of(number: int, line: bytes) -> Line | Complaint:
    """What a line says, or what is wrong with it."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Complaint(number, f"not UTF-8 at byte {error.start}")
    if text.lstrip()[:1] not in ("{", "[") and "\t" in text:
        return Complaint(
            number,
            "a record of AutoTVM's pickle protocol, which could run any code when read; write it "
            "again with protocol='json'",
        )
    try:
        data = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return Complaint(number, f"not JSON at column {error.colno}: {error.msg}")
    except RecursionError:
        return Complaint(number, f"lists nested deeper than {MAX_DEPTH}")
    except ValueError as error:
        return Complaint(number, str(error))
    if _depth(data) > MAX_DEPTH:
        return Complaint(number, f"lists nested deeper than {MAX_DEPTH}")
    return Line(number, data)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name}, which is no JSON")


def _no_twin(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twin!r} twice in one object")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_no_twin)


def _depth(data: Any) -> int:
    """How deep lists and objects are nested, level by level: recursion would end at its limit."""
    level, depth = [data], 0
    while level and depth <= MAX_DEPTH:
        below: list[Any] = []
        for value in level:
            if isinstance(value, (list, dict)):
                below += value if isinstance(value, list) else value.values()
        level, depth = below, depth + bool(below)
    return depth
