"""Sizes in shapes: variables that stand for extents which only a call tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.arith import bounds
from tvmlab.errors import ExpressionError, UsageError, did_you_mean
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Extent
from tvmlab.ir.expr import Expr
from tvmlab.ir.shapes import as_extent, bare_sizes, check_value, is_over_sizes
from tvmlab.ir.size import Size


def var(name: str, low: int = 1, high: int | None = None) -> Size:
    """A size that is known only when the compiled function is called, for use in shapes.

    It is an int64 that may stand in the shapes of placeholders and computations and in extents of
    `t.reduce_axis`, alone or in expressions such as `n + 2`, `n // 2` and `n * 4`; and as a value
    wherever an int64 may. The arrays of a call tell its value, so each size must be, by itself, an
    extent of some placeholder.

    Args:
        name: an identifier.
        low: the least value it may have, at least 1.
        high: the greatest value, if there is one.

    Raises:
        ExpressionError: bad name or bounds.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ExpressionError(f"the size name {name!r} is not an identifier; use letters, digits.")
    numbers = [b for b in (low, high) if b is not None]
    if any(not isinstance(b, int) or isinstance(b, bool) for b in numbers) or low < 1:
        raise ExpressionError(
            f"size {name} was given low={low!r}, high={high!r}; bounds are integers from 1 up."
        )
    if high is not None and high < low:
        raise ExpressionError(f"size {name} has no value: low={low} is more than high={high}.")
    return Size(name, low, high)


def check_extent(extent: Expr, what: str) -> Extent:
    """An expression as an extent: over sizes, int64, and at least 1 for all of their values.

    Raises:
        ExpressionError: it is not.
    """
    if extent.dtype != dtypes.INDEX or not is_over_sizes(extent):
        raise ExpressionError(
            f"{what} has the extent {extent!r}; an extent is a positive integer, or made of sizes "
            "by t.var and integers with + - * // %."
        )
    if bounds(extent, {})[0] < 1:
        raise ExpressionError(
            f"{what} has the extent {extent!r}, which may be less than 1; give the size a larger "
            "least value, as in t.var('n', low=2)."
        )
    return as_extent(extent)


def require_derivable(
    sizes: Sequence[Size], inputs: Sequence[Buffer], taken: Sequence[str]
) -> None:
    """Refuse sizes that the arrays of a call would not tell, or whose names are `taken`.

    Raises:
        ExpressionError: a size is no placeholder's extent by itself, or shares its name.
    """
    known = bare_sizes(e for tensor in inputs for e in tensor.shape)
    for size in sizes:
        if size not in known:
            raise ExpressionError(
                f"the size {size.name} cannot be told from the inputs; give some placeholder an "
                f"extent that is {size.name} alone."
            )
        if any(other.name == size.name and other is not size for other in sizes):
            raise ExpressionError(
                f"two sizes are named {size.name}; make each by one t.var and use that object."
            )
        if size.name in taken:
            raise ExpressionError(
                f"a size and an axis or a tensor are named {size.name}; give the size another "
                f"name, as in t.var({size.name.upper() + '_'!r})."
            )


TRIED = (1, 2, 7, 16, 33)
"""Sizes that a trial takes if none are given: one, a prime, whole tiles and tails of most."""


def trial_values(
    sizes: Sequence[Size], given: Mapping[str, int | Sequence[int]]
) -> list[dict[str, int]]:
    """Values to try sizes at, by their names; a single one where there are no sizes.

    Args:
        sizes: the sizes.
        given: for some of them a value, or several to be tried one after the other. The others
            get values from their least on, each a different one from the start.

    Raises:
        UsageError: a size is unknown, or its value no integer or outside its bounds.
    """
    columns: dict[str, list[int]] = {}
    for n, size in enumerate(sizes):
        known = [size.low - 1 + t for t in TRIED]
        fit = [v for v in known if size.high is None or v <= size.high]
        columns[size.name] = [fit[(n + i) % len(fit)] for i in range(len(TRIED))]
    counts = [1] if all(s.name in given for s in sizes) else [len(TRIED)]
    for name, values in given.items():
        columns[name] = list(values) if isinstance(values, Sequence) else [values]
        counts.append(len(columns[name]))
    if not all(columns.values()):
        raise UsageError("a size was given no value; give an integer, or several.")
    rows = [{name: c[i % len(c)] for name, c in columns.items()} for i in range(max(counts))]
    for row in rows:
        values_of(sizes, row)
    unique = {tuple(row.values()): row for row in rows}
    return list(unique.values())


def values_of(sizes: Sequence[Size], given: Mapping[str, int]) -> dict[Size, int]:
    """The value of each of `sizes` by its name.

    Raises:
        UsageError: one is missing, unknown, no integer, or outside its bounds.
    """
    names = [s.name for s in sizes]
    for name, value in given.items():
        if name not in names:
            raise UsageError(f"there is no size {name!r}; {did_you_mean(name, names)}.")
        if not isinstance(value, int) or isinstance(value, bool):
            raise UsageError(f"the size {name} was given as {value!r}; give an integer.")
    missing = [n for n in names if n not in given]
    if missing:
        raise UsageError(
            f"the value of {', '.join(missing)} is known only at a call; give one to measure at, "
            f"as in {missing[0]}=1024."
        )
    for size in sizes:
        check_value(size, given[size.name], f"{size.name} = {given[size.name]} was given")
    return {s: given[s.name] for s in sizes}
