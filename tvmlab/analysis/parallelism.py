"""Which loops may run their iterations in any order.

A loop is data-parallel for a block if its variable reaches only spatial bindings: by the meaning
of a block, different spatial values name different elements, and no block reads what another
iteration of the same loop writes unless `carried` finds a shared buffer.
"""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import Block, For, Stmt
from tvmlab.ir.walk import blocks, variables


@dataclass(frozen=True)
class Conflict:
    """Two iterations of a loop that must not swap or run at once.

    Attributes:
        block: the block whose instances conflict.
        first, second: values of the loop's variable.
        element: the element both touch, as text.
        why: `reduction` (both fold into it) or `exchange` (one block writes what another reads).
    """

    block: str
    first: int
    second: int
    element: str
    why: str


def conflict(loop: For) -> Conflict | None:
    """A witness that `loop` is not data-parallel, or None if it is."""
    inside = list(blocks(loop.body))
    for block in inside:
        for it, binding in zip(block.iters, block.bindings, strict=True):
            if it.is_reduce and loop.var in variables(binding):
                return Conflict(block.name, 0, 1, _written_element(block), "reduction")
    shared = exchanged(inside)
    if shared is not None:
        writer, _, buffer = shared
        return Conflict(writer, 0, 1, buffer.name, "exchange")
    return None


def exchanged(inside: list[Block]) -> tuple[str, str, Buffer] | None:
    """Two of `inside` and a buffer that one writes and the other reads or writes, if any."""
    for n, writer in enumerate(inside):
        written = {r.buffer for r in writer.writes}
        for other in inside[:n] + inside[n + 1 :]:
            touched = [r.buffer for r in (*other.reads, *other.writes)]
            for buffer in touched:
                if buffer in written:
                    return writer.name, other.name, buffer
    return None


def _written_element(block: Block) -> str:
    """The element a block writes in its first instance, as text."""
    region = block.writes[0]
    return f"{region.buffer.name}[{', '.join('0' for _ in region.bounds)}]"


def loop_kinds(stmt: Stmt) -> set[str]:
    """The kinds of the loops in `stmt`."""
    kinds: set[str] = set()
    todo = [stmt]
    while todo:
        s = todo.pop()
        if isinstance(s, For):
            kinds.add(s.kind)
            todo.append(s.body)
        elif hasattr(s, "stmts"):
            todo.extend(s.stmts)
    return kinds
