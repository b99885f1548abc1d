"""Which loops may run their iterations in any order.

A loop is data-parallel for a block if its variable reaches only spatial bindings: by the meaning
of a block, different spatial values name different elements. Blocks under one loop may hand
values to each other only within an iteration, through a buffer that nothing outside the loop
sees and of which each iteration writes all that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.dependence import is_carried
from tvmlab.analysis.regions import covers, fills_box, touched
from tvmlab.analysis.repetition import is_repeated
from tvmlab.arith import Interval
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.walk import blocks, blocks_with_loops, stmts, variables


@dataclass(frozen=True)
class Conflict:
    """Two iterations of a loop that must not swap or run at once.

    Attributes:
        block: the block whose instances conflict.
        first, second: values of the loop's variable.
        element: the element, or the buffer, that both touch, as text.
        why: `reduction` (both fold into it), `repetition` (both compute it), `meeting` (one writes
            what the other touches) or `exchange` (that could not be ruled out).
    """

    block: str
    first: int
    second: int
    element: str
    why: str


def conflict(program: Program, loop: For) -> Conflict | None:
    """A witness that `loop` is not data-parallel, or None if it is."""
    for block in blocks(loop.body):
        for it, binding in zip(block.iters, block.bindings, strict=True):
            if it.is_reduce and loop.var in variables(binding):
                return Conflict(block.name, 0, 1, _written_element(block), "reduction")
        written = block.writes[0].buffer
        if not is_private(program, loop, written) and is_repeated(
            block, (loop, *_inner(loop, block))
        ):
            return Conflict(block.name, 0, 1, written.name, "repetition")
    around = _around(program, loop)
    for writer, _, buffer in exchanged(list(blocks(loop.body))):
        if not is_private(program, loop, buffer):
            met = is_carried(loop, around, buffer)
            if met is not None:
                why = "meeting" if met.is_certain else "exchange"
                return Conflict(writer, met.earlier, met.later, met.element, why)
    return None


def _around(program: Program, loop: For) -> dict[Var, Interval]:
    """What is known of the variables around `loop`."""
    ranges: dict[Var, Interval] = {}
    outer = next(loops for _, loops in blocks_with_loops(program.body) if loop in loops)
    for o in outer[: outer.index(loop)]:
        ranges[o.var] = loop_range(o, ranges)
    return ranges


def exchanged(inside: list[Block]) -> Iterator[tuple[str, str, Buffer]]:
    """Pairs of `inside` and a buffer that the first writes and the second reads or writes."""
    for n, writer in enumerate(inside):
        written = {r.buffer for r in writer.writes}
        for other in inside[:n] + inside[n + 1 :]:
            for region in (*other.reads, *other.writes):
                if region.buffer in written:
                    yield writer.name, other.name, region.buffer


def is_private(program: Program, loop: For, buffer: Buffer) -> bool:
    """Whether each iteration of `loop` could have a `buffer` of its own.

    That is so for an intermediate that only blocks inside the loop touch, if an iteration writes
    every element it reads, and does so first.
    """
    if buffer not in program.buffers:
        return False
    inside = set(map(id, blocks(loop.body)))
    for block in blocks(program.body):
        if id(block) not in inside and buffer in _buffers(block):
            return False
    ranges = {loop.var: loop_range(loop, {})}
    before = _before_reads(loop.body, buffer)
    written = touched(before, buffer, ranges, writes=True)
    read = touched(loop.body, buffer, ranges, writes=False)
    if read is None or written is None or not covers(written, read):
        return read is None
    # A dimension of which all may be written is none that surely is.
    return None not in written and fills_box(before, buffer, ranges)


def _before_reads(body: Stmt, buffer: Buffer) -> Stmt:
    """The statements of `body` up to the first that only reads `buffer`; all, if it is one nest."""
    parts = body.stmts if isinstance(body, Seq) else (body,)
    for n, part in enumerate(parts):
        inside = list(blocks(part))
        if not any(buffer in [w.buffer for w in b.writes] for b in inside) and any(
            buffer in [r.buffer for r in b.reads] for b in inside
        ):
            return Seq(parts[:n])
    return body


def _inner(loop: For, block: Block) -> tuple[For, ...]:
    """The loops between `loop` and a block inside it."""
    return next(loops for b, loops in blocks_with_loops(loop.body) if b is block)


def _buffers(block: Block) -> list[Buffer]:
    return [r.buffer for r in (*block.reads, *block.writes)]


def _written_element(block: Block) -> str:
    """The element a block writes in its first instance, as text."""
    region = block.writes[0]
    return f"{region.buffer.name}[{', '.join('0' for _ in region.bounds)}]"


def loop_kinds(stmt: Stmt) -> set[str]:
    """The kinds of the loops in `stmt`."""
    return {s.kind for s in stmts(stmt) if isinstance(s, For)}
