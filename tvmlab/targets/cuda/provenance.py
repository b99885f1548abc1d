"""PTX and SASS line by line, each with the line of the scheduled program that it comes from.

The emitted text says `#line N "program"` before what came from line N of the printed program. The
compiler carries that along: PTX has it in `.loc` directives (PTX ISA, "Debugging directives"), and
nvdisasm prints it in comments. Code inlined from a header says where it was called. Here lines are
read off, and what is there for them alone is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SOURCE = "program"
"""The name under which lines of the scheduled program stand in the text."""

LinkedLine = tuple[str, int]
"""A line of code, and the line of the scheduled program that it comes from (0: none)."""

_DIRECTIVE = re.compile(rf'^\s*#\s*line (\d+) "{SOURCE}"')
_OTHER_DIRECTIVE = re.compile(r"^\s*#\s*line ")
_FILE = re.compile(r'^\t\.file\t(\d+) "(?:.*/)?([^/"]+)"')
_LOC = re.compile(r"^\t\.loc\t(\d+) (\d+)")
_INLINED = re.compile(r"inlined_at (\d+) (\d+)")
_COMMENT = re.compile(r"^\s*//##")
_PLACE = re.compile(r'"(?:[^"]*/)?([^/"]+)", line (\d+)')
_INSTRUCTION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/")
_DEBUG_SECTION = re.compile(r"^\t\.section\t\.debug")


def linked_lines(text: str, kind: str) -> list[LinkedLine]:
    """The lines of `text`, code of `kind` (`cuda`, `ptx` or `sass`), with where they come from."""
    read = {"cuda": _source, "ptx": _ptx, "sass": _sass}[kind]
    lines = list(read(text))
    while lines and not lines[-1][0].strip():
        lines.pop()
    return lines


def plain(text: str, kind: str) -> str:
    """`text` without what links it to the program."""
    return "".join(line + "\n" for line, _ in linked_lines(text, kind))


def _source(text: str) -> Iterator[LinkedLine]:
    """CUDA C: a directive holds until the next one."""
    now = 0
    for line in text.splitlines():
        found = _DIRECTIVE.match(line)
        if found:
            now = int(found[1])
        elif _OTHER_DIRECTIVE.match(line):
            now = 0
        else:
            yield line, now if line.strip() not in ("", "{", "}") else 0


def _ptx(text: str) -> Iterator[LinkedLine]:
    """PTX: a directive holds until the next one; files have numbers, told at the end."""
    lines = text.splitlines()
    files = [found for found in map(_FILE.match, lines) if found]
    ours = {int(f[1]) for f in files if f[2] == SOURCE}
    now = 0
    for line in lines:
        found = _LOC.match(line)
        if _DEBUG_SECTION.match(line):
            return
        if found:
            places = [(int(found[1]), int(found[2]))]
            places += [(int(f), int(n)) for f, n in _INLINED.findall(line)]
            now = next((n for f, n in places if f in ours), 0)
        elif not _FILE.match(line):
            is_code = line.startswith("\t") and not line.startswith("\t.")
            yield line, now if is_code else 0


def _sass(text: str) -> Iterator[LinkedLine]:
    """SASS: comments before an instruction, the innermost place first, then its callers."""
    now, is_fresh = 0, True
    for line in text.splitlines():
        if _COMMENT.match(line):
            places = [int(n) for name, n in _PLACE.findall(line) if name == SOURCE]
            now = (places[0] if places else 0) if is_fresh else now or (places or [0])[0]
            is_fresh = False
            continue
        is_fresh = True
        yield line, now if _INSTRUCTION.match(line) else 0
