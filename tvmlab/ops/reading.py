"""How a computation reads its operands: what a template must know to choose its loops."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import prod

from tvmlab.arith.linear import Interval, Linear
from tvmlab.arith.simplify import linear
from tvmlab.arith.undigited import flat_index
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Var
from tvmlab.ir.walk import exprs, variables
from tvmlab.te import Tensor
from tvmlab.te.graph import terms_of
from tvmlab.te.reduction import Axis


def loads(stage: Tensor) -> Iterator[Load]:
    """Every element that the computation reads, those in indices included."""
    for value in terms_of(stage):
        for e in exprs(value):
            if isinstance(e, Load):
                yield e


def runs_along(stage: Tensor, axis: Axis, but: Collection[str] = ()) -> bool:
    """Whether neighbours along `axis` read neighbours in memory, every second, or the same.

    What is read of buffers named in `but` does not count.
    """
    for load in loads(stage):
        if load.indices and load.buffer.name not in but:
            *outer, last = load.indices
            if any(axis in variables(index) for index in outer):
                return False
            if axis in variables(last) and not 0 <= linear(last, {}).terms.get(axis, 3) <= 2:
                return False
    return True


def trailing_run(stage: Tensor) -> int:
    """How many of the last dimensions are one in memory, for the result and all that is read.

    One at least. An operand that is the same along all of them is no hindrance: the bias of a
    channel, say.
    """
    ranges: dict[Var, Interval] = {
        axis: (0, extent - 1) for axis, extent in zip(stage.axes, stage.extents, strict=True)
    }
    places = [
        flat_index(load.indices, [int(step) for step in load.buffer.strides()], ranges)  # type: ignore[arg-type]
        for load in loads(stage)
    ]
    count = 1
    while count < len(stage.axes):
        axes = stage.axes[-count - 1 :]
        inner = [prod(stage.extents[d + 1 :]) for d in range(-count - 1, -1)] + [1]
        if not all(_rises(place, axes, inner) for place in places):
            break
        count += 1
    return count


def _rises(place: Linear, axes: Sequence[Axis], steps: Sequence[int]) -> bool:
    """Whether a place depends on `axes` as on one number that they are digits of, or not at all."""
    step = place.terms.get(axes[-1], 0)
    if any(place.terms.get(axis, 0) != step * by for axis, by in zip(axes, steps, strict=True)):
        return False
    others = Linear({a: c for a, c in place.terms.items() if a not in axes}, 0).expr()
    return variables(others).isdisjoint(axes)


def row_axis(stage: Tensor) -> int | None:
    """The dimension whose neighbours, side by side in registers, save loads; None if none does.

    Of a fold it is the longest that the operands read by vectors do not depend on, so that a vector
    serves all rows; else the one before the last, whose windows overlap. Of an element-wise
    computation that reads across memory it is the one before the last, for its cache lines.
    """
    rank = len(stage.axes)
    if rank < 2 or (not stage.reduce_axes and runs_along(stage, stage.axes[-1])):
        return None
    if stage.reduce_axes:
        places = [{v for i in load.indices for v in variables(i)} for load in loads(stage)]
        vectors = {v for place in places if stage.axes[-1] in place for v in place}
        free = [d for d in range(rank - 1) if stage.axes[d] not in vectors]
        longest = max(free, key=lambda d: stage.extents[d], default=rank - 2)
        return longest if stage.extents[longest] > 1 else rank - 2
    return rank - 2


def overlaps(stage: Tensor, row: int) -> bool:
    """Whether what a fold reads by vectors moves with the dimension `row` as well: windows."""
    both = {stage.axes[row], stage.axes[-1]}
    places = ({v for i in load.indices for v in variables(i)} for load in loads(stage))
    return bool(stage.reduce_axes) and any(both <= place for place in places)


def reads(stage: Tensor, other: Tensor) -> bool:
    """Whether `stage` reads elements of `other`."""
    return any(load.buffer is other for load in loads(stage))


def follows(stage: Tensor, reader: Tensor, axes: Sequence[Axis]) -> bool:
    """Whether iterations of `reader` that differ along `axes` read other elements of `stage`.

    So `stage` may be computed within loops over them and nothing is computed twice.
    """
    for load in loads(reader):
        if load.buffer is stage and not set(axes) <= set(load.indices):
            return False
    return True
