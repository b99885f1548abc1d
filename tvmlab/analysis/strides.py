"""How far apart in memory neighbouring iterations of a loop access a buffer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tvmlab.analysis.regions import atom_variables
from tvmlab.arith.lane_offsets import lane_offsets, windows
from tvmlab.arith.linear import Interval, Linear
from tvmlab.arith.simplify import extent_range
from tvmlab.arith.undigited import flat_index
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Block, For, Store
from tvmlab.ir.walk import exprs, exprs_of, stmts, substitute

LANES = 16
"""Of a machine vector, at most, as far as patterns of lanes go: float32 in 512 bits."""

CLOSE = 4
"""Up to this stride, in elements, whole vectors are loaded and shuffled, for little more than
side by side; beyond it each lane is an access of its own, and a vector no faster than a scalar
loop (3.4 ms against 0.1 ms for a 1024 x 1024 copy read by columns)."""


@dataclass(frozen=True)
class Stride:
    """One access of a block along a loop.

    Attributes:
        buffer: what is accessed.
        is_store: whether it is written.
        elements: from one iteration's element to the next one's; None: not the same everywhere.
        is_pattern: whether few whole vectors hold what lanes along the loop read all the same.
    """

    buffer: Buffer
    is_store: bool
    elements: int | None
    is_pattern: bool = False


def strides(block: Block, loops: Sequence[For], loop: For) -> tuple[Stride, ...]:
    """Every access of `block`, below `loops`, along `loop`, which is one of them.

    Buffers of symbolic shape are left out.
    """
    return _strides(block, tuple((o.var, o.extent) for o in loops), loop.var)


@lru_cache(maxsize=4096)
def _strides(block: Block, loops: tuple[tuple[Var, Extent], ...], var: Var) -> tuple[Stride, ...]:
    """Kept: several rules ask, at every step, and most blocks are as they were."""
    ranges: dict[Var, Interval] = {}
    for outer, extent in loops:
        ranges[outer] = extent_range(extent, ranges)
    found = []
    values = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
    for buffer, indices, is_store in _accesses(block):
        steps = buffer.strides()
        if not all(isinstance(s, int) for s in steps):
            continue
        over = [substitute(index, values) for index in indices]
        place = flat_index(over, [int(s) for s in steps], ranges)  # type: ignore[arg-type]
        elements = _coefficient(place, var)
        is_pattern = elements is None and not is_store and _is_pattern(place, var, loops)
        found.append(Stride(buffer, is_store, elements, is_pattern))
    return tuple(found)


def _accesses(block: Block) -> Iterator[tuple[Buffer, tuple[Expr, ...], bool]]:
    for stmt in stmts(block.body):
        if isinstance(stmt, Store):
            yield stmt.buffer, stmt.indices, True
        for expr in exprs_of(stmt):
            for e in exprs(expr):
                if isinstance(e, Load):
                    yield e.buffer, e.indices, False


def _coefficient(place: Linear, var: Var) -> int | None:
    """What a step of `var` adds to a place; None where that depends on where it is."""
    if any(a is not var and var in atom_variables(a) for a in place.terms):
        return None
    return place.terms.get(var, 0)


def _is_pattern(place: Linear, var: Var, loops: Sequence[tuple[Var, Extent]]) -> bool:
    """Whether lanes along a loop lie alike wherever they stand, in few stretches of memory."""
    extent = next((extent for outer, extent in loops if outer is var), 1)
    if not isinstance(extent, int) or extent < 2:
        return False
    lanes = min(extent, LANES)
    found = lane_offsets(place, var, lanes)
    return found is not None and windows(found[1], lanes) is not None
