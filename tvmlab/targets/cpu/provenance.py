"""Generated code line by line, each with the line of the scheduled program that it comes from.

The emitter marks every instruction with a debug location whose line is one of the printed program;
LLVM carries them through optimisation and register allocation, and states them again in `.loc`
directives (LLVM Language Reference, "Debug Info"; GNU as manual, ".loc"). Here they are read off,
and everything that is there for them alone is taken out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tvmlab.targets.cpu.assembly import LinkedLine

_LOCATION = re.compile(r"^!(\d+) = !DILocation\(line: (\d+)", re.MULTILINE)
_MARK = re.compile(r",? !dbg !(\d+)")
_METADATA = re.compile(
    r"^!\d+ = (?:distinct )?(?:!DI|!\{\}|!\{i32 \d+, !\"D)|^!llvm\.(?:dbg|module)"
)
_LOC = re.compile(r"^\t\.loc\t\d+ (\d+)")
_ONLY_DEBUG = re.compile(r"^(?:\t\.(?:loc|file\t\d|cfi_)|\.Ltmp\d+:|\.Lfunc_begin\d+:)")
_DEBUG_SECTION = re.compile(r"^\t\.section\t\.debug")
_CODE_AGAIN = re.compile(r"^\t\.(?:text|ident|section\t\"?\.note)")


def linked_lines(text: str, kind: str) -> list[LinkedLine]:
    """The lines of `text`, code of `kind` with debug locations, each with where it comes from."""
    lines = list(_assembly(text) if kind.startswith("asm") else _llvm(text))
    while lines and not lines[-1][0].strip():
        lines.pop()
    return lines


def _llvm(text: str) -> Iterator[LinkedLine]:
    """LLVM IR: a location is a numbered node that instructions refer to."""
    lines = {number: int(line) for number, line in _LOCATION.findall(text)}
    for line in text.splitlines():
        if not _METADATA.match(line):
            mark = _MARK.search(line)
            yield _MARK.sub("", line), lines.get(mark[1], 0) if mark else 0


def _assembly(text: str) -> Iterator[LinkedLine]:
    """Assembly: a directive holds until the next one or the end of the function."""
    now, is_code = 0, True
    for line in text.splitlines():
        if _DEBUG_SECTION.match(line):
            is_code = False
        elif not is_code:
            is_code = bool(_CODE_AGAIN.match(line))
        if not is_code:
            continue
        found = _LOC.match(line)
        if found:
            now = int(found[1])
        elif line.startswith(".Lfunc_end"):
            now = 0
        if not _ONLY_DEBUG.match(line):
            is_instruction = line.startswith("\t") and not line.startswith("\t.")
            yield line, now if is_instruction else 0
