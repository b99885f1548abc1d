"""Generated code, linked to the lines of the program."""

from __future__ import annotations

from typing import Literal, TypedDict


class CodeKind(TypedDict):
    """A kind of generated text that the target can show."""

    kind: str
    title: str


class CodeLoop(TypedDict):
    """An innermost loop of the machine code: its line in the program, what a step does, in words.

    `remarks` says in sentences what is slow and what would do better.
    """

    line: int
    place: str
    words: str
    remarks: list[str]


class CodeView(TypedDict):
    """The generated text of one kind; `is_stale` when it belongs to an earlier program.

    Whether it `follows` the program, made anew by itself, or is made when asked for.
    `origins` has, for each line of the text, the line of the program that it comes from (0: none).
    `loops` are those of assembly that do most, the first most of all.
    """

    kinds: list[CodeKind]
    kind: str
    status: Literal["idle", "working", "ready", "failed"]
    text: str
    origins: list[int]
    facts: str
    loops: list[CodeLoop]
    reason: str
    is_stale: bool
    follows: bool
