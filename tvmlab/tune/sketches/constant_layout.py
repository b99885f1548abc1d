"""The layout of a constant operand: what a tile reads lies together, in the order it is read in.

    W[k, j], vectors of 16 along j   ->   W[j // 16, k, j % 16]

As Ansor and MetaSchedule rewrite the layouts of weights. The copy is whole and outside of all
loops, so that of a constant it is made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.ops.reading import loads
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.graph import is_constant
from tvmlab.te.reduction import Axis


def constant_operands(stage: Tensor, but: Sequence[Axis]) -> dict[str, tuple[Axis, ...]]:
    """The operands of a fold that are the same at every call, and the loops that index them.

    They are read at one place only, and each of their two or more dimensions by a loop of its own,
    none of those in `but`.
    """
    found: dict[str, tuple[Axis, ...]] = {}
    for load in loads(stage):
        name, axes = load.buffer.name, tuple(i for i in load.indices if isinstance(i, Axis))
        is_plain = name not in found and len(set(axes)) == len(load.indices) > 1
        is_fixed = isinstance(load.buffer, Tensor) and is_constant(load.buffer)
        found[name] = axes if is_plain and is_fixed and not {*axes} & {*but} else ()
    return {name: axes for name, axes in found.items() if axes}


def tile_order(axes: Sequence[Axis], tile: Mapping[Axis, int], folded: Sequence[Axis]) -> str:
    """The layout, as an index map, of an operand whose dimensions are indexed by `axes`.

    Args:
        tile: the spatial loops, in order, and how many iterations of each a tile has.
        folded: the loops of the fold, in the order in which a tile goes through them.
    """
    names = {axis: f"i{n}" for n, axis in enumerate(axes)}
    tiles: list[str] = []
    within: list[str] = []
    for axis, size in tile.items():
        if axis not in names:
            continue
        if 1 < size < axis.count:
            tiles.append(f"{names[axis]} // {size}")
            within.append(f"{names[axis]} % {size}")
        else:
            (tiles if size == 1 else within).append(names[axis])
    places = [*tiles, *(names[axis] for axis in folded if axis in names), *within]
    return f"{', '.join(names.values())} -> {', '.join(places)}"


def lay_out(schedule: Schedule, block: str, operand: str, layout: str) -> None:
    """Let `block` read `operand` through a whole copy of this layout.

    Raises:
        ScheduleError: a step is illegal.
    """
    before = set(schedule.blocks)
    schedule[block].cache_read(operand)
    (copy,) = set(schedule.blocks) - before
    schedule[copy].transform_layout(copy, layout)
