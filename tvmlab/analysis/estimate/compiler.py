"""What LLVM's O3 makes of plain loops: lanes of neighbours, and short loops written out.

Both go from the inside outwards, so that a short loop around one that became lanes is written out
as well, and an accumulator that no remaining loop moves stays in a register.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tvmlab.analysis.estimate.machine import MachineFacts
from tvmlab.analysis.estimate.nest import Leaf, Nest, Touch
from tvmlab.analysis.estimate.operations import Operations

WRITTEN_OUT = 150
"""Instructions of all iterations up to which a loop is written out (LLVM counts up to 300, of which
some go by what is then known)."""


@dataclass(frozen=True)
class Compiler:
    """What the compiler does by itself.

    Attributes:
        finds_vectors: whether it vectorizes plain loops over neighbours, and unrolls short ones.
    """

    finds_vectors: bool = True


def compiled(nest: Nest, machine: MachineFacts) -> Nest:
    """`nest` as the compiler leaves it."""
    body = [part if isinstance(part, Leaf) else compiled(part, machine) for part in nest.body]
    new = Nest(nest.depth, nest.extent, nest.kind, nest.name, body)
    if nest.kind not in ("serial", "unrolled") or nest.depth < 0 or not _is_straight(new):
        return new
    found = [leaf for leaf, _ in new.leaves()]
    if any(leaf.is_hint for leaf in found):
        return new
    lanes = _lanes(found, new, machine)
    if lanes > 1:
        new = _with_lanes(new, new.depth, lanes, is_found=nest.kind == "serial")
    if new.extent * _instructions(new, machine) <= WRITTEN_OUT:
        new = Nest(new.depth, new.extent, "unrolled", new.name, new.body)
    return new


def _is_straight(nest: Nest) -> bool:
    """Whether nothing in an iteration is repeated."""
    inner = [part for part in nest.body if isinstance(part, Nest)]
    return all(part.kind == "unrolled" and _is_straight(part) for part in inner)


def _lanes(leaves: list[Leaf], nest: Nest, machine: MachineFacts) -> int:
    """How many iterations become lanes of one; 1 where they cannot."""
    most = machine.vector_bits
    for leaf in leaves:
        if leaf.update is not None and not leaf.update.is_moved_by(nest.depth):
            return 1
        for touch in leaf.touches:
            step = _step(touch, nest.depth)
            # Lanes found in a loop inside become more where they go on in this one.
            width = touch.element_bytes * touch.lanes
            is_asked = touch.lanes > 1 and not leaf.is_found
            if is_asked or touch.is_data or step not in (0.0, width):
                return 1
            most = min(most, machine.vector_bits // (8 * width))
    lanes = max(1, most)
    while lanes > nest.extent:
        lanes //= 2
    return lanes


def _with_lanes(nest: Nest, depth: int, lanes: int, is_found: bool) -> Nest:
    """`nest` with so many iterations of the loop at `depth` as one; those left over remain single,
    so that there are more of them than the quotient."""
    body = [
        _leaf_with_lanes(part, depth, lanes, is_found)
        if isinstance(part, Leaf)
        else _with_lanes(part, depth, lanes, is_found)
        for part in nest.body
    ]
    extent = nest.extent
    if nest.depth == depth:
        extent = nest.extent // lanes + nest.extent % lanes
    return Nest(nest.depth, extent, nest.kind, nest.name, body)


def _leaf_with_lanes(leaf: Leaf, depth: int, lanes: int, is_found: bool) -> Leaf:
    def wide(touch: Touch) -> Touch:
        step = _step(touch, depth)
        if step == 0:
            return touch
        steps = (*touch.steps[:depth], step * lanes, *touch.steps[depth + 1 :])
        size = float(touch.element_bytes)
        return touch._replace(steps=steps, lanes=touch.lanes * lanes, lane_step=size)

    vectors = tuple((bits * lanes, count) for bits, count in leaf.operations.vectors)
    return replace(
        leaf,
        operations=Operations(vectors, leaf.operations.indices),
        touches=tuple(map(wide, leaf.touches)),
        update=wide(leaf.update) if leaf.update is not None else None,
        is_found=is_found,
    )


def _instructions(nest: Nest, machine: MachineFacts) -> float:
    """Instructions of an iteration."""
    count = 0.0
    for leaf, loops in nest.leaves():
        each = 0.0
        for bits, often in leaf.operations.vectors:
            each += often * max(1, bits // machine.vector_bits)
        for touch in leaf.touches:
            if not touch.is_register:
                each += max(1, 8 * touch.element_bytes * touch.lanes // machine.vector_bits)
        for loop in loops:
            each *= loop.extent
        count += each
    return max(count, 1.0)


def _step(touch: Touch, depth: int) -> float:
    return touch.steps[depth] if depth < len(touch.steps) else 0.0
