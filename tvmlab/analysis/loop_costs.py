"""What each loop of a program costs, in closed forms: operations, and different bytes touched.

Footprints are boxes (`tvmlab.analysis.regions`): exact for what steps usually make, never too
small. A copy counts as one operation for each element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from tvmlab.analysis.regions import Box, span_of, union
from tvmlab.analysis.work import operations
from tvmlab.arith import Interval
from tvmlab.arith.simplify import loop_range
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Block, For, Program
from tvmlab.ir.walk import blocks_with_loops, substitute

Boxes = dict[Buffer, Box]


@dataclass(frozen=True)
class LoopCost:
    """A loop's part in a program.

    Attributes:
        share: of all operations, those inside the loop.
        runs: how often the loop is run.
        size_bytes: different bytes that one run touches.
        iteration_bytes: different bytes that one iteration touches.
        reused: the buffers of which an iteration touches elements that others touch as well.
    """

    share: float
    runs: int
    size_bytes: float
    iteration_bytes: float
    reused: tuple[str, ...]


def loop_costs(program: Program) -> dict[tuple[str, str], LoopCost]:
    """The cost of each loop, by a block inside it and the loop's name.

    Loops whose extents are over sizes count as one iteration.
    """
    work: dict[For, float] = {}
    whole: dict[For, Boxes] = {}
    single: dict[For, Boxes] = {}
    around: dict[For, tuple[For, ...]] = {}
    names: dict[tuple[str, str], For] = {}
    total = 0.0
    for block, loops in blocks_with_loops(program.body):
        done = max(1, operations(block)) * prod(map(_extent, loops))
        total += done
        nested = _nested_boxes(block, loops)
        for level, loop in enumerate(loops):
            work[loop] = work.get(loop, 0.0) + done
            around[loop] = loops[:level]
            names.setdefault((block.name, loop.var.name), loop)
            _merge(whole.setdefault(loop, {}), nested[level])
            _merge(single.setdefault(loop, {}), nested[level + 1])
    costs = {
        loop: LoopCost(
            work[loop] / total,
            prod(map(_extent, around[loop])),
            sum(_bytes(buffer, box) for buffer, box in whole[loop].items()),
            sum(_bytes(buffer, box) for buffer, box in single[loop].items()),
            _reused(_extent(loop), whole[loop], single[loop]),
        )
        for loop in work
    }
    return {name: costs[loop] for name, loop in names.items()}


def _extent(loop: For) -> int:
    return loop.extent if isinstance(loop.extent, int) else 1


def _nested_boxes(block: Block, loops: tuple[For, ...]) -> list[Boxes]:
    """What a block touches while the loops from each level inwards run; last, in one instance."""
    known: dict[Var, Interval] = {}
    for loop in loops:
        known[loop.var] = loop_range(loop, known)
    values = {it.var: b for it, b in zip(block.iters, block.bindings, strict=True)}
    starts = [
        (region.buffer, [(substitute(start, values), extent) for start, extent in region.bounds])
        for region in (*block.reads, *block.writes)
    ]
    found: list[Boxes] = []
    for level in range(len(loops) + 1):
        local = {loop.var for loop in loops[level:]}
        boxes: Boxes = {}
        for buffer, bounds in starts:
            spans = tuple([span_of(start, extent, local, known) for start, extent in bounds])
            _merge(boxes, {buffer: spans})
        found.append(boxes)
    return found


def _merge(into: Boxes, boxes: Mapping[Buffer, Box]) -> None:
    for buffer, box in boxes.items():
        into[buffer] = union(into[buffer], box) if buffer in into else box


def _elements(buffer: Buffer, box: Box) -> float:
    """Elements of a box; a dimension of which nothing is known counts whole."""
    sizes = []
    for span, extent in zip(box, buffer.shape, strict=True):
        most = extent if isinstance(extent, int) else 1
        sizes.append(
            min(span.extent, most) if span is not None and isinstance(span.extent, int) else most
        )
    return float(prod(sizes))


def _bytes(buffer: Buffer, box: Box) -> float:
    return _elements(buffer, box) * dtypes.size_bytes(buffer.dtype)


def _reused(extent: int, whole: Boxes, single: Boxes) -> tuple[str, ...]:
    """The buffers of which all iterations together touch less than each by itself."""
    return tuple(
        [
            buffer.name
            for buffer, box in whole.items()
            if _elements(buffer, box) < extent * _elements(buffer, single[buffer])
        ]
    )
