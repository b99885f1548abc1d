"""The text of one LLVM function under construction: one frame a loop or branch that is open.

An instruction without effects is written once, in the outermost open frame where its operands are
known: text that is equal names a value that is equal. So loop-invariant code is hoisted and common
subterms are shared as the text is made, without a pass. Loads obey the stores around them.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Protocol

from tvmlab.errors import TargetError
from tvmlab.ir.buffer import Buffer

MAX_VALUES = 300_000
"""Names in one function: half a minute of compiling, and some seconds of printing before."""

_NOT_A_NAME = re.compile(r"\W", re.ASCII)


Lines = list[Any]
"""Lines of text in order; a nested list is the code of an inner loop or branch."""


class Declarations(Protocol):
    """Where the functions that a function calls are declared or defined.

    Attributes:
        attributes: how a function refers to the attributes that all have.
    """

    attributes: str

    def declare(self, result: str, name: str, arguments: tuple[str, ...]) -> None:
        """Note that `name` is called, once or often."""

    def defines(self, name: str) -> bool:
        """Whether a function of that name has been defined."""

    def define(self, name: str, lines: list[str]) -> None:
        """Add a function that is not part of the program, once."""

    def loop_hint(self, is_shaped: bool) -> str:
        """What ends a loop's branch: whether LLVM may reshape the loop."""

    def stream_hint(self) -> str:
        """What ends a store that is to pass the caches by."""


class Frame:
    """Straight-line code of one nesting level: what stands before the next inner loop opens.

    Attributes:
        lines: text; nested lists are the code of inner loops and branches already closed.
        memo: instruction text -> the value it computes.
        bases: access -> the pointer its variable part leads to, and its alignment.
        label: the block that code appended now belongs to.
        stored: memory buffers that the loop stores to (None: a branch, which no load may leave).
    """

    __slots__ = ("lines", "memo", "bases", "label", "stored")

    def __init__(self, label: str, stored: frozenset[Buffer] | None) -> None:
        self.lines: Lines = []
        self.memo: dict[str, str] = {}
        self.bases: dict[Hashable, tuple[str, int]] = {}
        self.label = label
        self.stored = stored


class FunctionText:
    """The frames of a function, and the names in it."""

    def __init__(self, module: Declarations) -> None:
        self.module = module
        self.entry: list[str] = []
        self.frames = [Frame("entry", frozenset())]
        self.location = ""
        self._level: dict[str, int] = {}
        self._versions: dict[Buffer, int] = {}
        self._count = 0

    # Names

    def fresh(self, hint: str = "") -> str:
        """A name, unique in the function, without its `%`.

        Raises:
            TargetError: the function is too long to be compiled in any reasonable time.
        """
        self._count += 1
        if self._count > MAX_VALUES:
            raise TargetError(
                f"Emitting for target cpu was stopped at {MAX_VALUES:,} instructions, which take "
                "half a minute and more to compile; unroll or vectorize less (split a loop and "
                "unroll its inner part only)."
            )
        return f"{_NOT_A_NAME.sub('_', hint)}.{self._count}"

    def level(self, name: str) -> int:
        """The number of frames outside the one that defines `name`; 0 for constants."""
        return min(self._level.get(name, 0), len(self.frames) - 1)

    def _innermost(self, names: Iterable[str]) -> int:
        """The greatest level of the names."""
        known, level = self._level, 0
        for name in names:
            at = known.get(name)
            if at is not None and at > level:
                level = at
        return min(level, len(self.frames) - 1)

    def define(self, name: str) -> str:
        """Note that `name` is defined in the innermost frame."""
        self._level[name] = len(self.frames) - 1
        return name

    # Instructions

    def pure(self, text: str, operands: Iterable[str]) -> str:
        """The value of an instruction without effects that may run at any time."""
        return self._once(self._innermost(operands), text, text)

    def here(self, text: str) -> str:
        """The value of an instruction without effects, in the innermost frame."""
        return self._once(len(self.frames) - 1, text, text)

    def load(self, text: str, operands: Iterable[str], buffer: Buffer) -> str:
        """The value of an instruction that reads `buffer`."""
        level = self._innermost(operands)
        for depth in range(len(self.frames) - 1, level, -1):
            stored = self.frames[depth].stored
            if stored is None or buffer in stored:
                level = depth
                break
        return self._once(level, text, f"{text} after {self._versions.get(buffer, 0)}")

    def store(self, text: str, buffer: Buffer) -> None:
        """An instruction that writes `buffer`."""
        self.line(text)
        self.forget(buffer)

    def forget(self, buffer: Buffer) -> None:
        """Earlier loads of `buffer` no longer tell what it holds."""
        self._versions[buffer] = self._versions.get(buffer, 0) + 1

    def line(self, text: str) -> None:
        """An instruction with effects, in the innermost frame."""
        self.frames[-1].lines.append(f"  {text}{self.location}")

    def call(
        self, result: str, name: str, arguments: tuple[tuple[str, str], ...], flags: str = ""
    ) -> str:
        """The value of a function without effects; arguments are (type, operand)."""
        self.module.declare(result, name, tuple([t for t, _ in arguments]))
        written = ", ".join([f"{t} {a}" for t, a in arguments])
        call = f"call {flags} {result}" if flags else f"call {result}"
        return self.pure(f"{call} @{name}({written})", [a for _, a in arguments])

    def _once(self, level: int, text: str, key: str) -> str:
        frame = self.frames[level]
        known = frame.memo.get(key)
        if known is not None:
            return known
        name = f"%{self.fresh()}"
        if level:
            self._level[name] = level
        frame.memo[key] = name
        frame.lines.append(f"  {name} = {text}{self.location}")
        return name

    # Frames

    def open(self, label: str, stored: frozenset[Buffer] | None) -> Frame:
        """A new innermost frame."""
        for buffer in stored or ():
            self.forget(buffer)
        frame = Frame(label, stored)
        self.frames.append(frame)
        return frame

    def close(self) -> Frame:
        """The innermost frame, now finished; its text is the caller's to place."""
        frame = self.frames.pop()
        for buffer in frame.stored or ():
            self.forget(buffer)
        return frame

    def place(self, lines: Lines, label: str) -> None:
        """Closed code into the innermost frame; what follows it belongs to block `label`."""
        self.frames[-1].lines.append(lines)
        self.frames[-1].lines.append(f"{label}:")
        self.frames[-1].label = label

    def lines(self) -> Iterator[str]:
        """The whole text of the function's body."""
        yield from self.entry
        yield from _flatten(self.frames[0].lines)


def _flatten(lines: Lines) -> Iterator[str]:
    for line in lines:
        if isinstance(line, str):
            yield line
        else:
            yield from _flatten(line)
