"""What a program does with constants alone, and the rest: the part to run once, and that to run.

A nest belongs to the first part if all it reads are inputs that are the same at every call, or what
other nests of that part wrote, and if what it writes is an intermediate that only such nests write,
all of them before anything else reads it. So the rest finds in those intermediates what it would
have found, however often it runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tvmlab.arith.pitch import as_stored
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Allocate, Program, Seq, Stmt, Store
from tvmlab.ir.shapes import bare_sizes, sizes_in, sizes_of
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs, exprs_of, loads, nests, replace_buffers, stmts


@dataclass(frozen=True)
class Halves:
    """A program in two, which one after the other do what it does.

    Attributes:
        once: takes the constants it reads, and writes `kept`, its outputs.
        rest: takes the other inputs, the constants that it reads itself, and `kept`, then the
            outputs.
        constants: the inputs that are the same at every call.
        kept: what the first part hands to the second.
    """

    once: Program
    rest: Program
    constants: tuple[Buffer, ...]
    kept: tuple[Buffer, ...]


def halves(program: Program, constants: Collection[Buffer] | None = None) -> Halves | None:
    """What a scheduled program does with constants alone, and the rest; None where that is nothing.

    Args:
        program: before it is lowered.
        constants: the inputs to take for constants; those declared so if None.
    """
    inputs = program.params[: -program.outputs]
    known = [b for b in inputs if (b.constant if constants is None else b in constants)]
    if not known:
        return None
    outermost = [_Nest(s) for s in nests(program.body)]
    ours = _constant_nests(outermost, known, program.buffers)
    first = [n for n, is_ours in zip(outermost, ours, strict=True) if is_ours]
    then = [n for n, is_ours in zip(outermost, ours, strict=True) if not is_ours]
    read_first = {b for n in first for b in n.read}
    read_then = {b for n in then for b in n.read}
    made = {b for n in first for b in n.written}
    handed = [b for b in program.buffers if b in made and b in read_then]
    if not handed:
        return None  # nobody reads what they compute
    # Arrays have no alignments: what is handed on gets a shape that has them.
    stored = {b: as_stored(b) for b in handed if b.alignments}
    kept = tuple(stored.get(b, b) for b in handed)
    once = Program(
        f"{program.name}_once",
        [*(b for b in known if b in read_first), *kept],
        len(kept),
        [b for b in program.buffers if b in made and b not in handed],
        _body(first, stored),
    )
    rest = Program(
        program.name,
        [
            *(b for b in inputs if b not in known),
            *(b for b in known if b in read_then),
            *kept,
            *program.params[-program.outputs :],
        ],
        program.outputs,
        [b for b in program.buffers if b not in made],
        _body(then, stored),
    )
    used = {size for n in first for size in n.sizes}
    for part, sizes in ((once, used), (rest, set(sizes_of(program)))):
        if not sizes <= set(bare_sizes(e for b in part.params for e in b.shape)):
            return None  # its arrays would not tell its sizes
    return Halves(once, rest, tuple(known), kept)


def timed_part(program: Program) -> Program:
    """What a call of the program runs where constants have been prepared: what its time is of."""
    parts = halves(program)
    return program if parts is None else parts.rest


class _Nest:
    """An outermost statement, and what it touches of the whole program's buffers."""

    def __init__(self, stmt: Stmt) -> None:
        below = list(stmts(stmt))
        own = {s.buffer for s in below if isinstance(s, Allocate)}
        self.stmt = stmt
        self.read = {load.buffer for load in loads(stmt)} - own
        self.written = {s.buffer for s in below if isinstance(s, Store)} - own
        self.sizes = {
            e for s in below for x in exprs_of(s) for e in exprs(x) if isinstance(e, Size)
        }


def _constant_nests(
    outermost: list[_Nest], constants: Collection[Buffer], intermediates: Collection[Buffer]
) -> list[bool]:
    """For each nest whether it is of the first part: all are until something speaks against it."""
    told = set(bare_sizes(e for b in constants for e in b.shape))
    may_keep = {b for b in intermediates if b.scope == "global" and set(sizes_in(b.shape)) <= told}
    ours = [n.written <= may_keep and n.sizes <= told for n in outermost]
    while True:
        fixed = {*constants, *may_keep}
        found = [
            is_ours and n.read <= fixed and n.written <= may_keep
            for is_ours, n in zip(ours, outermost, strict=True)
        ]
        left = {b for b in may_keep if _is_settled(b, outermost, found)}
        if found == ours and left == may_keep:
            return ours
        ours, may_keep = found, left


def _is_settled(buffer: Buffer, outermost: list[_Nest], ours: list[bool]) -> bool:
    """Whether only nests of the first part write a buffer, and all do before another reads it."""
    is_read = False
    for nest, is_ours in zip(outermost, ours, strict=True):
        if buffer in nest.written and (is_read or not is_ours):
            return False
        is_read = is_read or (buffer in nest.read and not is_ours)
    return True


def _body(parts: list[_Nest], stored: Mapping[Buffer, Buffer]) -> Stmt:
    body = parts[0].stmt if len(parts) == 1 else Seq([n.stmt for n in parts])
    return replace_buffers(body, stored) if stored else body
