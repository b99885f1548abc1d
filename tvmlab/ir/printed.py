"""A program's text as lines of tokens, each linked to the node it was printed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Stmt


@dataclass(frozen=True)
class Token:
    """A stretch of a line, its kind, and the node it was printed from.

    Kinds: keyword, loop, block, buffer, number, dtype, function, variable, operator.
    `start` and `end` are character offsets in the line's text.
    """

    start: int
    end: int
    kind: str
    node: Expr | Stmt | Buffer | None


@dataclass(frozen=True)
class Line:
    """One line of a printed program.

    `node` is the statement of the line; `loop` is (block name, loop name) on a loop's header,
    naming the first block below it; `block` is the innermost block or the first one below.
    `pieces` are the stretches of the text one after the other, each as its text, the kind of token
    that it is (empty: none) and the node it was printed from: in one tuple, for programs have
    hundreds of thousands of them.
    """

    text: str
    pieces: tuple[Any, ...]
    node: Stmt | None
    loop: tuple[str, str] | None
    block: str | None

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens in order, found when first asked for: of long programs few lines are seen."""
        found, at = [], 0
        each = iter(self.pieces)
        for text, kind, node in zip(each, each, each, strict=True):
            if kind:
                found.append(Token(at, at + len(text), kind, node))
            at += len(text)
        return tuple(found)


@dataclass(frozen=True)
class Printed:
    """A printed program."""

    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return "\n".join(line.text for line in self.lines)

    def line_of(self) -> dict[Var | str, int]:
        """1-based line numbers of loops (by their variable) and blocks (by their name)."""
        numbers: dict[Var | str, int] = {}
        for number, line in enumerate(self.lines, 1):
            if isinstance(line.node, For):
                numbers[line.node.var] = number
            elif isinstance(line.node, Block):
                numbers.setdefault(line.node.name, number)
        return numbers
