"""Elements at other places: reshape, concat, strided_slice, pad, gather."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir.expr import Const, Expr, select
from tvmlab.ops import checks
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor

Shape = Sequence[int]


def reshape(shape: Shape, to: Shape | int = -1, dtype: str = "float32") -> Workload:
    """The same elements in the same order under another shape.

    Args:
        shape: of A.
        to: of Y; one extent may be -1, and is what the others leave.
        dtype: of everything.

    Raises:
        UsageError: an argument is out of its range, or the shapes hold different numbers.
    """
    old = checks.shape("reshape", "shape", shape)
    wanted: list[int] = [to] if isinstance(to, int) else list(to)
    if wanted.count(-1) == 1:
        wanted[wanted.index(-1)] = max(1, prod(old) // max(1, -prod(wanted)))
    if min(wanted, default=1) < 1 or prod(wanted) != prod(old):
        raise UsageError(
            f"reshape was asked for {wanted}, {prod(wanted)} elements, of an input of {list(old)}, "
            f"which has {prod(old)}."
        )
    new = tuple(wanted)
    a = te.placeholder(old, dtype, "A")

    def element(*at: Expr) -> Expr:
        flat: Expr | int = 0
        for index, extent in zip(at, new, strict=True):
            flat = flat * extent + index
        steps = [prod(old[d + 1 :]) for d in range(len(old))]
        return a[tuple(flat // s % n for s, n in zip(steps, old, strict=True))]

    out = te.compute(new, element, name="Y")
    args = {"shape": old, "to": new, "dtype": dtype}
    return _moved("reshape", args, out, lambda x: x.reshape(new))


def concat(
    shape: Shape, others: Sequence[Shape] | None = None, axis: int = 0, dtype: str = "float32"
) -> Workload:
    """Arrays one after another along a dimension.

    Args:
        shape: of A0.
        others: of A1, A2, ..., each as `shape` but for the extent along `axis`; one array of the
            same shape if None.
        axis: the dimension, from 0, or from -1 backwards.
        dtype: of everything.

    Raises:
        UsageError: an argument is out of its range, or the shapes differ elsewhere.
    """
    first = checks.shape("concat", "shape", shape)
    rest = (first,) if others is None else tuple(others)
    shapes = [first, *(checks.shape("concat", "others", s) for s in rest)]
    d = checks.axis("concat", axis, len(first))
    for other in shapes[1:]:
        if len(other) != len(first) or other[:d] + other[d + 1 :] != first[:d] + first[d + 1 :]:
            raise UsageError(
                f"concat was given shapes {list(first)} and {list(other)}; they may differ along "
                f"axis {d} only."
            )
    given = [te.placeholder(s, dtype, f"A{n}") for n, s in enumerate(shapes)]
    starts = np.cumsum([0, *(s[d] for s in shapes)]).tolist()

    def element(*at: Expr) -> Expr:
        *before, value = (
            tensor[(*at[:d], at[d] - start, *at[d + 1 :])]
            for tensor, start in zip(given, starts[:-1], strict=True)
        )
        for piece, end in reversed(list(zip(before, starts[1:-1], strict=True))):
            value = select(at[d] < end, piece, value)
        return value

    out = te.compute((*first[:d], starts[-1], *first[d + 1 :]), element, name="Y")
    args = {"shape": first, "others": tuple(shapes[1:]), "axis": axis, "dtype": dtype}
    return _moved("concat", args, out, lambda *arrays: np.concatenate(arrays, d))


def strided_slice(
    shape: Shape,
    begin: Shape | int = 0,
    end: Shape | None = None,
    step: Shape | int = 1,
    dtype: str = "float32",
) -> Workload:
    """The elements from `begin` up to `end`, every `step`-th of them.

    Args:
        shape: of A.
        begin: the first place of each dimension; one number for all.
        end: the places before which it ends; those of A's ends if None.
        step: from one element to the next; one number for all; below 0 it goes backwards from
            the place before `end`.
        dtype: of everything.

    Raises:
        UsageError: an argument is out of its range, or nothing lies between begin and end.
    """
    extents = checks.shape("strided_slice", "shape", shape)
    rank = len(extents)
    first = (begin,) * rank if isinstance(begin, int) else tuple(begin)
    last = extents if end is None else tuple(end)
    steps = (step,) * rank if isinstance(step, int) else tuple(step)
    if {len(first), len(last), len(steps)} != {rank} or 0 in steps:
        raise UsageError(
            f"strided_slice was given begin={begin!r}, end={end!r} and step={step!r} of {rank} "
            "dimension(s); give a number for each, and no step of 0."
        )
    if any(not 0 <= b < e <= n for b, e, n in zip(first, last, extents, strict=True)):
        raise UsageError(
            f"strided_slice was given begin={begin!r} and end={end!r} of {list(extents)}; each "
            "begin is below its end, and both inside the array."
        )
    a = te.placeholder(extents, dtype, "A")
    counts = [-(-(e - b) // abs(s)) for b, e, s in zip(first, last, steps, strict=True)]
    origin = [b if s > 0 else e - 1 for b, e, s in zip(first, last, steps, strict=True)]
    out = te.compute(
        counts,
        lambda *at: a[tuple(o + i * s for o, i, s in zip(origin, at, steps, strict=True))],
        name="Y",
    )
    places = tuple(
        np.arange(count) * s + o for count, s, o in zip(counts, steps, origin, strict=True)
    )
    args = {"shape": extents, "begin": begin, "end": end, "step": step, "dtype": dtype}
    return _moved("strided_slice", args, out, lambda x: x[np.ix_(*places)])


def pad(
    shape: Shape,
    before: Shape | int = 1,
    after: Shape | int | None = None,
    value: float = 0.0,
    dtype: str = "float32",
) -> Workload:
    """An array with a constant around it.

    Args:
        shape: of A.
        before: elements put before each dimension; one number for all.
        after: elements put after; as many as before if None.
        value: of those elements.
        dtype: of everything.

    Raises:
        UsageError: an argument is out of its range.
    """
    extents = checks.shape("pad", "shape", shape)
    lead = checks.widths("pad", "before", before, len(extents))
    trail = lead if after is None else checks.widths("pad", "after", after, len(extents))
    a = te.placeholder(extents, dtype, "A")

    def element(*at: Expr) -> Expr:
        inside = None
        for index, low, n, high in zip(at, lead, extents, trail, strict=True):
            limits = [index >= low] * (low > 0) + [index < low + n] * (high > 0)
            for limit in limits:
                inside = limit if inside is None else inside & limit
        own = a[tuple(i - low for i, low in zip(at, lead, strict=True))]
        return own if inside is None else select(inside, own, Const(value, dtype))

    sizes = [low + n + high for low, n, high in zip(lead, extents, trail, strict=True)]
    out = te.compute(sizes, element, name="Y")
    args = {"shape": extents, "before": before, "after": after, "value": value, "dtype": dtype}
    widths = list(zip(lead, trail, strict=True))
    return _moved("pad", args, out, lambda x: np.pad(x, widths, constant_values=value))


def gather(
    shape: Shape, indices: Shape | None = None, axis: int = 0, dtype: str = "float32"
) -> Workload:
    """The slices of A along a dimension that an array of int32 names.

    Y[..., i, j, ...] = A[..., clip(I[i, j]), ...]: an index outside A means its nearest end, as
    in `numpy.take` with mode "clip".

    Args:
        shape: of A.
        indices: of I; as many as A has slices if None.
        axis: the dimension, from 0, or from -1 backwards.
        dtype: of A and Y.

    Raises:
        UsageError: an argument is out of its range.
    """
    extents = checks.shape("gather", "shape", shape)
    d = checks.axis("gather", axis, len(extents))
    names = (extents[d],) if indices is None else checks.shape("gather", "indices", indices)
    a, at_ = te.placeholder(extents, dtype, "A"), te.placeholder(names, "int32", "I")

    def element(*at: Expr) -> Expr:
        own, named, behind = at[:d], at[d : d + len(names)], at[d + len(names) :]
        place = te.clip(at_[named].astype("int64"), 0, extents[d] - 1)
        return a[(*own, place, *behind)]

    out = te.compute((*extents[:d], *names, *extents[d + 1 :]), element, name="Y")
    args = {"shape": extents, "indices": names, "axis": axis, "dtype": dtype}
    return _moved(
        "gather", args, out, lambda x, i: np.take(x, i.astype(np.int64), axis=d, mode="clip")
    )


def _moved(
    name: str, args: Mapping[str, object], out: Tensor, compute: Callable[..., Array]
) -> Workload:
    """A workload that moves elements and computes nothing."""

    def all_of(*arrays: Array) -> tuple[Array, ...]:
        return (compute(*arrays),)

    return Workload(name, args, (out,), 0, all_of, {"cpu": GenericTemplate})


OPERATORS = tuple(
    Operator(make, GenericTemplate, ("*shape",))
    for make in (reshape, concat, strided_slice, pad, gather)
)
