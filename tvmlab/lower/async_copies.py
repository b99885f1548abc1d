"""Copies that go on by themselves stay where what they fill is waited for before it is read.

A barrier waits for them on the device. So they stay where nothing but instructions of warps read
what they fill: a tile holds what many threads copied, and between them and the warp there is a
barrier. Elsewhere a thread may read without one what it copied itself; those are spelled out.
"""

from __future__ import annotations

from collections.abc import Collection

from tvmlab.intrin.copies import BYTES
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.instruction import is_asynchronous, is_collective
from tvmlab.ir.program import Block, Invoke, Program, Stmt
from tvmlab.ir.walk import blocks, rewrite

_ON_THE_DEVICE = ("shared", "warp", "local")


def keep_copies(program: Program, known: Collection[str]) -> Program:
    """The program with such copies only where they are `known` and are waited for.

    Takes a program with instructions of warps only where warps execute them.
    """

    def on_stmt(s: Stmt) -> Stmt | None:
        if not isinstance(s, Invoke) or not is_asynchronous(s):
            return None
        to, source = (o.buffer for o in s.operands)
        is_kept = (
            s.name in known
            and to.scope == "shared"
            and source.scope not in _ON_THE_DEVICE
            and _stays_together(to)
            and all(_waits(block, to) for block in blocks(program.body))
        )
        return None if is_kept else s.body

    return program.with_body(rewrite(program.body, on_stmt))


def _stays_together(filled: Buffer) -> bool:
    """Whether what a copy moves is not torn apart by rows that are swizzled in smaller chunks."""
    return not filled.swizzle or filled.swizzle * size_bytes(filled.dtype) >= BYTES


def _waits(block: Block, filled: Buffer) -> bool:
    """Whether a block reads the buffer, if it does, after a barrier."""
    if filled not in [r.buffer for r in block.reads]:
        return True
    return isinstance(block.body, Invoke) and is_collective(block.body)
