"""Shapes made of sizes: which sizes there are, and what the arrays of a call make of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.program import Program
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs, rewrite_expr

Values = Mapping[Size, int]
"""What sizes come to in a call."""


def sizes_of(program: Program) -> tuple[Size, ...]:
    """The sizes of a program, in the order in which its parameters' shapes name them."""
    return sizes_in(e for b in program.params for e in b.shape)


def sizes_in(extents: Iterable[Extent]) -> tuple[Size, ...]:
    """The sizes that occur in extents, each once, in order."""
    inside = (x for e in extents if isinstance(e, Expr) for x in exprs(e))
    return tuple(dict.fromkeys(x for x in inside if isinstance(x, Size)))


def bare_sizes(extents: Iterable[Extent]) -> tuple[Size, ...]:
    """The sizes that are extents by themselves, each once, in order."""
    return tuple(dict.fromkeys(e for e in extents if isinstance(e, Size)))


def as_extent(value: Extent) -> Extent:
    """An extent as a number where it is one."""
    return int(value.value) if isinstance(value, Const) else value


def as_index(extent: Extent) -> Expr:
    """An extent as an index expression."""
    return Const(extent, INDEX) if isinstance(extent, int) else extent


def same_extent(a: Extent, b: Extent) -> bool:
    """Whether two extents are written alike."""
    if isinstance(a, int) or isinstance(b, int):
        return isinstance(a, int) and isinstance(b, int) and a == b
    return same(a, b)


def value_of(extent: Extent, values: Values) -> int:
    """What an extent over `values` comes to."""
    if isinstance(extent, int):
        return extent
    known = rewrite_expr(
        extent, lambda e: Const(values[e], e.dtype) if isinstance(e, Size) else None
    )
    assert isinstance(known, Const), f"{extent!r} is over more than sizes"
    return int(known.value)


def shape_text(shape: Iterable[int]) -> str:
    """A shape as NumPy prints it."""
    return str(tuple(shape))


def sizes_from_shapes(
    params: Sequence[tuple[str, Sequence[Extent]]], shapes: Sequence[Sequence[int]]
) -> dict[Size, int]:
    """The sizes that arrays of `shapes` give to parameters, which are (name, shape) pairs.

    Raises:
        UsageError: a shape does not fit, two disagree, or a size is outside its bounds.
    """
    values: dict[Size, int] = {}
    origins: dict[Size, str] = {}
    for (name, shape), given in zip(params, shapes, strict=True):
        if len(shape) != len(given):
            wanted = ", ".join(map(repr, shape))
            raise UsageError(f"{name} has shape {shape_text(given)}, and is of shape ({wanted}).")
        for extent, number in zip(shape, given, strict=True):
            if not isinstance(extent, Size):
                continue
            if values.setdefault(extent, number) != number:
                raise UsageError(
                    f"{name} has shape {shape_text(given)} where {extent.name} = "
                    f"{values[extent]} from {origins[extent]}."
                )
            origins.setdefault(extent, name)
    for size, number in values.items():
        check_value(size, number, f"{size.name} = {number} from {origins[size]}")
    for (name, shape), given in zip(params, shapes, strict=True):
        wanted_shape = [value_of(e, values) for e in shape]
        if wanted_shape != list(given):
            said = ", ".join(f"{s.name} = {v} from {origins[s]}" for s, v in values.items())
            raise UsageError(
                f"{name} has shape {shape_text(given)}, and must have {shape_text(wanted_shape)} "
                f"where {said}."
            )
    return values


def check_value(size: Size, number: int, said: str) -> None:
    """Refuse a value of `size` outside its bounds; `said` names it.

    Raises:
        UsageError: it is outside.
    """
    if number < size.low:
        raise UsageError(f"{said}, and {size.name} is at least {size.low}.")
    if size.high is not None and number > size.high:
        raise UsageError(f"{said}, and {size.name} is at most {size.high}.")


def bounds_text(size: Size) -> str:
    """`size`, `size(2)` or `size(2, 64)`."""
    if size.high is not None:
        return f"size({size.low}, {size.high})"
    return "size" if size.low == 1 else f"size({size.low})"


def is_over_sizes(extent: Extent) -> bool:
    """Whether an extent is made of sizes and integers by + - * // % min max alone."""
    if isinstance(extent, int):
        return True
    return all(
        isinstance(e, Size)
        or (isinstance(e, Const) and isinstance(e.value, int))
        or (isinstance(e, Binary) and e.op in ("+", "-", "*", "//", "%", "min", "max"))
        for e in exprs(extent)
    )


def named(buffers: Iterable[Buffer]) -> list[tuple[str, Sequence[Extent]]]:
    """Buffers as the (name, shape) pairs that `sizes_from_shapes` takes."""
    return [(b.name, b.shape) for b in buffers]
