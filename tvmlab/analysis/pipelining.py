"""Loops whose iterations overlap: the statements of a body in stages, one iteration apart.

A statement of stage s runs iteration i at time i + s; at one time, statements run in their order.
What is proved is that no two that touch one element change places, where a buffer that each
iteration has for itself is kept in as many versions as iterations hold it at once.
"""

from __future__ import annotations

from itertools import combinations

from tvmlab.analysis.conflicts import Conflict, overtaking
from tvmlab.analysis.parallelism import is_private
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.program import For, Program, Seq, Stmt
from tvmlab.ir.walk import blocks

STAGE = "software_pipeline_stage"
ORDER = "software_pipeline_order"
MOST_STAGES = 8
"""Each stage but the first runs once more before the loop and once behind it."""


def statements(loop: For) -> tuple[Stmt, ...]:
    """The statements of a loop's body."""
    return loop.body.stmts if isinstance(loop.body, Seq) else (loop.body,)


def stages_of(loop: For) -> tuple[int, ...] | None:
    """The stage of each statement; None for a loop that is not pipelined."""
    found = dict(loop.annotations).get(STAGE)
    return found if isinstance(found, tuple) else None


def order_of(loop: For) -> tuple[int, ...]:
    """The place of each statement among those that run at one time."""
    found = dict(loop.annotations).get(ORDER)
    return found if isinstance(found, tuple) else tuple(range(len(statements(loop))))


def versions(loop: For, buffer: Buffer) -> int:
    """How many iterations of a loop hold a buffer at once that each has for itself."""
    stages = stages_of(loop)
    if stages is None:
        return 1
    touching = [
        s for s, stmt in zip(stages, statements(loop), strict=True) if buffer in _touched(stmt)
    ]
    return max(touching) - min(touching) + 1 if touching else 1


def leads(loop: For) -> dict[str, int]:
    """By name of a block inside, how many iterations before the last that touches what it writes
    it runs; empty for a loop that is not pipelined."""
    stages = stages_of(loop)
    if stages is None:
        return {}
    found: dict[str, int] = {}
    touched = [_touched(part) for part in statements(loop)]
    for stage, part in zip(stages, statements(loop), strict=True):
        for block in blocks(part):
            written = {w.buffer for w in block.writes}
            last = max(s for s, own in zip(stages, touched, strict=True) if own & written)
            found[block.name] = last - stage
    return found


def pipeline_problem(
    program: Program, loop: For, stages: tuple[int, ...], order: tuple[int, ...]
) -> str | None:
    """Why `loop` cannot run in these stages, in words; None if it can."""
    parts = statements(loop)
    count = len(parts)
    if loop.kind != "serial":
        return f"the loop is {loop.kind}"
    if len(stages) != count or min(stages) != 0 or not 0 < max(stages) < MOST_STAGES:
        return f"{list(stages)} are no stages of {count} statements, from 0 to at most 7"
    if sorted(order) != list(range(count)):
        return f"{list(order)} is no order of {count} statements"
    if not isinstance(loop.extent, int) or loop.extent <= max(stages):
        return f"{loop.extent} iterations do not fill {max(stages) + 1} stages"
    for a, b in combinations(range(count), 2):
        for buffer in _shared(parts[a], parts[b]):
            problem = _reordered(program, loop, (a, b), stages, order, buffer)
            if problem is not None:
                return problem
    return None


def _reordered(
    program: Program,
    loop: For,
    pair: tuple[int, int],
    stages: tuple[int, ...],
    order: tuple[int, ...],
    buffer: Buffer,
) -> str | None:
    """How two statements, the first before the second, would change places at a buffer."""
    a, b = pair
    one, two = [next(blocks(statements(loop)[n])).name for n in pair]
    if (stages[a], order[a]) > (stages[b], order[b]):
        return f"{two} would run before {one} of the same iteration, and both touch {buffer.name}"
    if stages[a] == stages[b] or is_private(program, loop, buffer):
        return None
    parts = statements(loop)
    found = overtaking(program, parts[b], loop, parts[a], loop, lambda x: x is not buffer)
    if found is None:
        return None
    if not isinstance(found, Conflict):
        return f"cannot prove that {one} may run ahead of {two}: both touch {buffer.name}"
    name = loop.var.name
    return (
        f"{one} in {name}={found.second[0]} would run before {two} in {name}={found.first[0]}, "
        f"and both touch {found.element}"
    )


def _touched(stmt: Stmt) -> set[Buffer]:
    return {r.buffer for block in blocks(stmt) for r in (*block.reads, *block.writes)}


def _written(stmt: Stmt) -> set[Buffer]:
    return {w.buffer for block in blocks(stmt) for w in block.writes}


def _shared(a: Stmt, b: Stmt) -> list[Buffer]:
    """The buffers that both touch and one of them writes."""
    both = _touched(a) & _touched(b) & (_written(a) | _written(b))
    return sorted(both, key=lambda buffer: buffer.name)
