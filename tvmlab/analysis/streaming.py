"""Stores that pass the caches by: the annotation, and when they are of use.

    for jo in range(16, nontemporal="Y"):
        for ji in vectorized(64):
            Y[i, jo * 64 + ji] = ...

What the loop writes to Y goes to memory without being fetched into the caches first, and drives
nothing out of them: for results that are larger than the caches, and not read soon.
"""

from __future__ import annotations

from tvmlab.arith.simplify import linear
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Program, Region, Seq
from tvmlab.ir.walk import blocks, blocks_with_loops, stmts, substitute

NONTEMPORAL = "nontemporal"
"""The annotation: the buffer that is written so."""

LEAST_BYTES = 16
"""What one such store writes at least, and a divisor of its address, on x86 and ARM."""


def streamed(loop: For) -> str | None:
    """The name of the buffer that the loop writes past the caches; None where there is none."""
    found = dict(loop.annotations).get(NONTEMPORAL)
    return found if isinstance(found, str) else None


def streaming_problem(program: Program, loop: For, name: str) -> tuple[str, str] | None:
    """Why stores of `loop` to `name` had better not pass the caches by, and what would."""
    if loop.kind != "serial":
        return f"the loop is {loop.kind}", "annotate a serial loop around the vectors"
    writers = [b for b in blocks(loop.body) if name in [r.buffer.name for r in b.writes]]
    if not writers:
        return f"nothing in the loop writes {name}", "choose a buffer that the loop writes"
    reader = _soon_read(program, loop, name)
    if reader is not None:
        return (
            f"{reader} reads {name} while it would still be in the caches",
            "choose a buffer that is not read soon",
        )
    for block, inside in blocks_with_loops(loop.body):
        if block in writers and not _is_in_vectors(block, inside, name):
            return (
                f"{block.name} does not write {name} in vectors of neighbours that are "
                f"{LEAST_BYTES} bytes or a multiple",
                f"vectorize the loop along the last dimension of {name} first",
            )
    return None


def _soon_read(program: Program, loop: For, name: str) -> str | None:
    """A block that reads the buffer in the nest in which the loop stands, itself included."""
    parts = program.body.stmts if isinstance(program.body, Seq) else (program.body,)
    nest = next(part for part in parts if any(s is loop for s in stmts(part)))
    for block in blocks(nest):
        is_folded = block.init is not None and name in [r.buffer.name for r in block.writes]
        if is_folded or name in [r.buffer.name for r in block.reads]:
            return block.name
    return None


def _is_in_vectors(block: Block, loops: tuple[For, ...], name: str) -> bool:
    lanes = next((o for o in loops if o.kind == "vectorized"), None)
    if lanes is None or not isinstance(lanes.extent, int):
        return False
    values: dict[Var, Expr] = dict(zip([it.var for it in block.iters], block.bindings, strict=True))
    return all(
        lanes.extent * size_bytes(region.buffer.dtype) % LEAST_BYTES == 0
        and _moves(region, lanes.var, values)
        for region in block.writes
        if region.buffer.name == name
    )


def _moves(region: Region, lane: Var, values: dict[Var, Expr]) -> bool:
    """Whether neighbouring lanes write neighbouring elements."""
    steps = [linear(substitute(start, values), {}).terms.get(lane, 0) for start, _ in region.bounds]
    return bool(steps) and steps[-1] == 1 and not any(steps[:-1])
