"""PTX and SASS line by line, each with the line of the scheduled program that it comes from.

Lines of the printed kernels carry marks that name the program's line. The compiler says of every
instruction which line of the text it comes from: PTX in `.loc` directives (PTX ISA, "Debugging
directives"), nvdisasm in comments. Code inlined from a function or a header says where it was
called as well; the innermost place that the program knows counts. Here that is read off, and what
is there for it alone is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tvmlab.targets.cfamily.statements import Line

SOURCE = "kernel.cu"
"""The name that the compiler is told for the printed text."""

_FILE = re.compile(r'^\t\.file\t(\d+) "(?:.*/)?([^/"]+)"')
_LOC = re.compile(r"^\t\.loc\t(\d+) (\d+)")
_INLINED = re.compile(r"inlined_at (\d+) (\d+)")
_COMMENT = re.compile(r"^\s*//##")
_PLACE = re.compile(r'"(?:[^"]*/)?([^/"]+)", line (\d+)')
_INSTRUCTION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/")
_DEBUG_SECTION = re.compile(r"^\t\.section\t\.debug")


def linked(text: str, kind: str, source: Sequence[Line]) -> list[Line]:
    """The lines of `text`, PTX or SASS (`kind`), each with the program's line it comes from.

    Args:
        text: as the compiler or the disassembler gives it.
        kind: `ptx` or `sass`.
        source: the lines of the text that was compiled, with theirs.
    """
    origins = [number for _, number in source]
    lines = list((_ptx if kind == "ptx" else _sass)(text, origins))
    while lines and not lines[-1][0].strip():
        lines.pop()
    return lines


def _origin(places: Iterable[int], origins: Sequence[int]) -> int:
    """The program's line of the first place, a line of the source, that comes from it."""
    found = (origins[n - 1] for n in places if 0 < n <= len(origins))
    return next((number for number in found if number), 0)


def _ptx(text: str, origins: Sequence[int]) -> Iterator[Line]:
    """PTX: a directive holds until the next one; files have numbers, told at the end."""
    lines = text.splitlines()
    files = [found for found in map(_FILE.match, lines) if found]
    ours = {found[1] for found in files if found[2] == SOURCE}
    now = 0
    for line in lines:
        found = _LOC.match(line)
        if _DEBUG_SECTION.match(line):
            return
        if found:
            places = [found.groups(), *_INLINED.findall(line)]
            now = _origin((int(n) for file, n in places if file in ours), origins)
        elif not _FILE.match(line):
            is_code = line.startswith("\t") and not line.startswith("\t.")
            yield line, now if is_code else 0


def _sass(text: str, origins: Sequence[int]) -> Iterator[Line]:
    """SASS: comments before an instruction name its places, the innermost first."""
    places: list[int] = []
    is_fresh = True
    for line in text.splitlines():
        if _COMMENT.match(line):
            places = [] if is_fresh else places
            places += [int(n) for name, n in _PLACE.findall(line) if name == SOURCE]
            is_fresh = False
            continue
        is_fresh = True
        yield line, _origin(places, origins) if _INSTRUCTION.match(line) else 0
