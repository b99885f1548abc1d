"""Planting a bug: one module of tvmlab is loaded from a source text with one place changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bug:
    """One mistake that a compiler's author could make.

    Attributes:
        name: what goes wrong, in a few words.
        module: where.
        old: text that stands exactly once in the module.
        new: what stands there instead.
    """

    name: str
    module: str
    old: str
    new: str


@dataclass(frozen=True)
class Room:
    """Bugs of one part of the compiler.

    Attributes:
        name: the part.
        tests: the files whose tests are about it.
        bugs: what is planted, one at a time.
    """

    name: str
    tests: tuple[str, ...]
    bugs: tuple[Bug, ...]


class StalePatch(Exception):
    """The text to change is not there, or not once: the bug must be planted anew."""


def path_of(bug: Bug) -> Path:
    """The file of the bug's module."""
    return ROOT / f"{bug.module.replace('.', '/')}.py"


def planted(bug: Bug) -> str:
    """The text of the bug's module with the bug in it.

    Raises:
        StalePatch: the text to change does not stand there exactly once.
    """
    source = path_of(bug).read_text(encoding="utf-8")
    count = source.count(bug.old)
    if count != 1:
        raise StalePatch(
            f"the bug {bug.name!r} looks for {bug.old!r} once in {bug.module}, where it stands "
            f"{count} times; plant it anew in tests/power/bugs."
        )
    return source.replace(bug.old, bug.new)


def plant(bug: Bug) -> None:
    """Let this process import tvmlab with the bug in it.

    Call it before tvmlab is first imported.

    Raises:
        StalePatch: the text to change does not stand there exactly once.
    """
    planted(bug)
    already = [name for name in sys.modules if name.partition(".")[0] == "tvmlab"]
    assert not already, f"{already[0]} was imported before the bug was planted"
    sys.meta_path.insert(0, _Finder(bug))


class _Finder(MetaPathFinder):
    """Finds the module with the bug, and leaves every other to the finders after it."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.bug.module:
            return None
        where = path_of(self.bug)
        return spec_from_file_location(fullname, where, loader=_Loader(self.bug, str(where)))


class _Loader(SourceFileLoader):
    """Compiles the module's text with the bug in it; no compiled file is read or written."""

    def __init__(self, bug: Bug, path: str) -> None:
        super().__init__(bug.module, path)
        self.bug = bug

    def get_code(self, fullname: str) -> CodeType:
        return compile(planted(self.bug), self.path, "exec", dont_inherit=True)
