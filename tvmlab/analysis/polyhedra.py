"""Exact answers about affine accesses, by the integer set library.

Interval reasoning answers first, in microseconds; what it cannot decide comes here and costs a
millisecond. Sets are handed over as text. Every question has a context of its own, so that threads
never meet in one, and a limit of operations, so that none takes long.

Algorithms: isl (S. Verdoolaege, "isl: An Integer Set Library for the Polyhedral Model", 2010).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from tvmlab.analysis.accesses import Access
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import For
from tvmlab.ir.shapes import sizes_in
from tvmlab.ir.size import Size

MAX_OPERATIONS = 200_000
"""Of isl for one question, some 20 ms. What schedules ask takes a few thousand."""


class Meeting(NamedTuple):
    """Two iterations that touch the same element of a buffer.

    Attributes:
        first, second: values of the loops' variables, outermost first.
        element: the element's indices.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    element: tuple[int, ...]


class Undecided(Exception):
    """The question is not affine, or takes too long to answer."""


class _NotAffine(Exception):
    """An expression that is no sum of variables, products with constants and quotients by them."""


def earlier(a: Sequence[str], b: Sequence[str]) -> str:
    """The condition that the tuple of names `a` comes before `b` in lexicographic order."""
    ties = [[f"{x} = {y}" for x, y in zip(a[:n], b[:n], strict=True)] for n in range(len(a))]
    cases = [[*tie, f"{a[n]} < {b[n]}"] for n, tie in enumerate(ties)]
    return "(" + " or ".join(" and ".join(case) for case in cases) + ")"


def meeting(
    a: Access,
    a_loops: Sequence[For],
    b: Access,
    b_loops: Sequence[For],
    around: Sequence[For],
    order: str,
) -> Meeting | None:
    """The least two iterations in which `a` and `b` touch one element; None if there are none.

    Where there are sizes: for some of their values; None if for none.

    Args:
        a, b: accesses of one buffer, below these loops.
        a_loops, b_loops: the loops, as many each, whose iterations are compared.
        around: the loops around all of these.
        order: which pairs are meant, over `a0, a1, ...` and `b0, b1, ...`: see `earlier`.

    Raises:
        Undecided: neither two such iterations nor a proof that there are none was found.
    """
    text = _Text()
    sizes = text.sizes(_sizes(a, b, (*around, *a_loops, *b_loops)))
    outer = text.enter("o", around, sizes)
    of_a = text.enter("p", a.loops, text.enter("a", a_loops, outer))
    of_b = text.enter("q", b.loops, text.enter("b", b_loops, outer))
    text.limit(a, of_a)
    text.limit(b, of_b)
    touched = [f"e{n}" for n in range(len(a.indices))]
    for access, names in ((a, of_a), (b, of_b)):
        for name, index in zip(touched, text.element(access, names), strict=True):
            text.require(f"{name} = {index}" if index else "true")
    iterations = [f"{side}{n}" for side in "ab" for n in range(len(a_loops))]
    rest = [name for name in text.made if name not in iterations]
    point = _least([*iterations, *rest, *touched], [order, *text.said])
    if point is None:
        return None
    if not text.is_exact:
        raise Undecided
    count = len(a_loops)
    return Meeting(point[:count], point[count : 2 * count], point[len(point) - len(touched) :])


def is_written_before(
    writes: Sequence[Access], reads: Sequence[Access], around: Sequence[For]
) -> bool:
    """Whether each read surely finds its element written earlier in its iteration of `around`,
    for all values of the sizes.

    What cannot be said in affine terms counts against it.
    """
    isl = _library()
    context = _context(isl)
    every = (*writes, *reads)
    length = max(len(a.place) for a in every)
    sizes = tuple(dict.fromkeys(size for a in every for size in _sizes(a, a, around)))
    try:
        written = [_events(isl, context, w, around, length, sizes) for w in writes]
        read = [_events(isl, context, r, around, length, sizes) for r in reads]
        surely = [events for events, is_exact in written if is_exact]
        if not surely:
            return False
        stored = reduce(lambda x, y: x.union(y), surely)
        later = isl.Map.lex_gt(stored.get_space().domain())
        for n in range(len(around)):
            later = later.equate(isl.dim_type.in_, n, isl.dim_type.out, n)
        found = later.apply_range(stored)
        return all(events.is_subset(found) for events, _ in read)
    except isl.Error:
        return False


def _events(
    isl: Any,
    context: Any,
    access: Access,
    around: Sequence[For],
    length: int,
    sizes: Sequence[Size],
) -> tuple[Any, bool]:
    """The map from when an access happens to what it touches, and whether that is exact.

    Sizes are parameters of the map: what is found of such maps holds for all of their values.
    """
    text = _Text()
    known = text.sizes(sizes)
    names = text.enter("p", access.loops, text.enter("o", around, known))
    text.limit(access, names)
    when = [f"o{n}" for n in range(len(around))]
    when += [names[p] if isinstance(p, Var) else str(p) for p in access.place]
    when += ["0"] * (length - len(access.place))
    what = [f"e{n}" for n in range(len(access.indices))]
    for name, index in zip(what, text.element(access, names), strict=True):
        text.require(f"{name} = {index}" if index else "true")
    for name, extent in zip(what, access.buffer.shape, strict=True):
        if isinstance(extent, int):
            text.require(f"0 <= {name} < {extent}")
    said = " and ".join(text.said) or "true"
    inner = ", ".join(n for n in text.made if n not in when and n not in known.values())
    said = f"exists {inner} : {said}" if inner else said
    relation = f"{{ [{', '.join(when)}] -> [{', '.join(what)}] : {said} }}"
    parameters = ", ".join(known.values())
    return isl.Map.read_from_str(context, f"[{parameters}] -> {relation}"), text.is_exact


def _sizes(a: Access, b: Access, loops: Sequence[For]) -> tuple[Size, ...]:
    """The sizes that stand in two accesses and in the extents of the loops around them."""
    said = [*a.indices, *b.indices, *(condition for x in (a, b) for condition, _ in x.limits)]
    return sizes_in([*(o.extent for o in (*loops, *a.loops, *b.loops)), *said])


class _Text:
    """Affine constraints as isl reads them.

    Attributes:
        made: the names given to loop variables.
        said: the constraints.
        is_exact: whether nothing was left out because it is not affine.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.said: list[str] = []
        self.is_exact = True

    def require(self, constraint: str) -> None:
        if constraint != "true":
            self.said.append(constraint)

    def enter(self, letter: str, loops: Iterable[For], known: Mapping[Var, str]) -> dict[Var, str]:
        """`known` and names for the variables of `loops`, which are inside their extents."""
        names = dict(known)
        for n, loop in enumerate(loops):
            name = f"{letter}{n}"
            extent = loop.extent
            try:
                most = str(extent) if isinstance(extent, int) else _affine(extent, names)
            except _NotAffine:
                self.is_exact = False
            else:
                self.require(f"{name} < {most}")
            self.require(f"{name} >= 0")
            names[loop.var] = name
            self.made.append(name)
        return names

    def sizes(self, found: Iterable[Size]) -> dict[Var, str]:
        """Names for sizes, which may have any value inside their bounds."""
        names: dict[Var, str] = {}
        for n, size in enumerate(found):
            names[size] = f"s{n}"
            self.made.append(names[size])
            self.require(f"{names[size]} >= {size.low}")
            if size.high is not None:
                self.require(f"{names[size]} <= {size.high}")
        return names

    def limit(self, access: Access, names: Mapping[Var, str]) -> None:
        """What holds where the access happens."""
        for condition, holds in access.limits:
            try:
                said = _condition(condition, names)
            except _NotAffine:
                self.is_exact = False
            else:
                self.require(said if holds else f"not {said}")

    def element(self, access: Access, names: Mapping[Var, str]) -> list[str]:
        """The indices of an access; empty where one is data."""
        found = []
        for index in access.indices:
            try:
                found.append(_affine(index, names))
            except _NotAffine:
                self.is_exact = False
                found.append("")
        return found


def _affine(e: Expr, names: Mapping[Var, str]) -> str:
    """An index expression as isl writes it."""
    if isinstance(e, Var) and e in names:
        return names[e]
    if isinstance(e, Const):
        return _number(int(e.value))
    if not isinstance(e, Binary) or e.dtype != INDEX:
        raise _NotAffine
    if e.op == "*":
        return _multiple(e.a, e.b, names) if isinstance(e.b, Const) else _multiple(e.b, e.a, names)
    a, b = _affine(e.a, names), _affine(e.b, names)
    if e.op in ("+", "-"):
        return f"({a} {e.op} {b})"
    if e.op in ("min", "max"):
        return f"{e.op}({a}, {b})"
    if e.op in ("//", "%") and isinstance(e.b, Const) and e.b.value > 0:
        return f"(floor({a} / {e.b.value}))" if e.op == "//" else f"(({a}) mod {e.b.value})"
    raise _NotAffine


def _number(value: int) -> str:
    """isl takes a number as a factor only if it stands without parentheses and sign."""
    return str(value) if value >= 0 else f"(0 - {-value})"


def _multiple(e: Expr, factor: Expr, names: Mapping[Var, str]) -> str:
    if not isinstance(factor, Const):
        raise _NotAffine
    value = int(factor.value)
    product = f"({_affine(e, names)} * {abs(value)})"
    return product if value >= 0 else f"(0 - {product})"


_COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "!="}


def _condition(e: Expr, names: Mapping[Var, str]) -> str:
    """A condition over indices as isl writes it."""
    if isinstance(e, Const):
        return "(true)" if e.value else "(false)"
    if not isinstance(e, Binary):
        raise _NotAffine
    if e.op in ("and", "or"):
        return f"({_condition(e.a, names)} {e.op} {_condition(e.b, names)})"
    if e.op == "==" and e.a.dtype == "bool" and isinstance(e.b, Const):
        inside = _condition(e.a, names)
        return inside if e.b.value else f"(not {inside})"
    if e.op not in _COMPARISONS or e.a.dtype != INDEX:
        raise _NotAffine
    return f"({_affine(e.a, names)} {_COMPARISONS[e.op]} {_affine(e.b, names)})"


def _least(names: Sequence[str], said: Iterable[str]) -> tuple[int, ...] | None:
    """The lexicographically least point for which everything said holds.

    Raises:
        Undecided: isl gave up.
    """
    isl = _library()
    try:
        points = isl.Set.read_from_str(
            _context(isl), f"{{ [{', '.join(names)}] : {' and '.join(said)} }}"
        )
        if points.is_empty():
            return None
        point = points.lexmin().sample_point()
        values = [point.get_coordinate_val(isl.dim_type.set, n) for n in range(len(names))]
        return tuple([int(value.to_python()) for value in values])
    except isl.Error as error:
        raise Undecided from error


def _context(isl: Any) -> Any:
    context = isl.Context()
    context.set_max_operations(MAX_OPERATIONS)
    return context


def _library() -> Any:
    """isl, loaded when the first question comes: it takes 0.1 s that most schedules never need."""
    import islpy

    return islpy
