"""What the text of a block leaves unsaid: its iteration variables' extents, and its regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.ir.buffer import Extent, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Binary, Const, Expr, Var, fold
from tvmlab.ir.program import For, Invoke, Region, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, stmts, variables

Bound = Sequence[tuple[Var, str, Expr]]
"""Iteration variables, each with its kind and binding."""


def iteration_extents(
    bound: Bound, where: Expr, loops: Mapping[Var, Extent], body: Stmt
) -> list[Extent]:
    """How far each iteration variable goes.

    A spatial variable that is by itself an index of what is stored goes as far as that dimension;
    any other as far as its binding goes under the predicate.
    """
    stored: dict[Var, Extent] = {}
    for s in stmts(body):
        if isinstance(s, Store):
            for index, extent in zip(s.indices, s.buffer.shape, strict=True):
                if isinstance(index, Var):
                    stored.setdefault(index, extent)
    found: list[Extent] = []
    for var, kind, binding in bound:
        if kind == "spatial" and var in stored:
            found.append(stored[var])
        else:
            found.append(_extent(binding, where, loops))
    return found


def _extent(binding: Expr, where: Expr, loops: Mapping[Var, Extent]) -> Extent:
    limits = [most for value, most in _limits(where) if same(value, binding)]
    whole = loops.get(binding) if isinstance(binding, Var) else None
    if isinstance(whole, Expr):
        return whole
    reach = _reach(binding, loops)
    if reach is not None:
        limits.append(reach[1] + 1)
    return max(1, min(limits, default=1))


def _limits(where: Expr) -> list[tuple[Expr, int]]:
    """The conjuncts of a predicate that are of the form `value < number`."""
    if isinstance(where, Binary) and where.op == "and":
        return _limits(where.a) + _limits(where.b)
    if isinstance(where, Binary) and isinstance(where.b, Const) and where.b.dtype == INDEX:
        if where.op == "<":
            return [(where.a, int(where.b.value))]
        if where.op == "<=":
            return [(where.a, int(where.b.value) + 1)]
    return []


def _reach(e: Expr, loops: Mapping[Var, Extent]) -> tuple[int, int] | None:
    """Least and greatest value of an index over the loops; None where it cannot be told."""
    if isinstance(e, Const):
        return int(e.value), int(e.value)
    if isinstance(e, Var):
        extent = loops.get(e)
        return (0, extent - 1) if isinstance(extent, int) else None
    if not isinstance(e, Binary):
        return None
    a, b = _reach(e.a, loops), _reach(e.b, loops)
    if a is None or b is None:
        return None
    if e.op == "+":
        return a[0] + b[0], a[1] + b[1]
    if e.op == "-":
        return a[0] - b[1], a[1] - b[0]
    if e.op == "*":
        ends = [x * y for x in a for y in b]
        return min(ends), max(ends)
    if e.op in ("min", "max"):
        pick = min if e.op == "min" else max
        return pick(a[0], b[0]), pick(a[1], b[1])
    if b[0] != b[1] or b[0] < 1:
        return None
    if e.op == "//":
        return a[0] // b[0], a[1] // b[0]
    if e.op == "%":
        return (0, b[0] - 1) if a[0] < 0 or a[1] >= b[0] else a
    return None


def regions(body: Stmt) -> tuple[list[Region], list[Region]]:
    """The elements a block's body reads, its own accumulator left out, and those it writes."""
    if isinstance(body, Invoke):
        result, *inputs = body.operands
        return inputs, [result]
    loops = {s.var: s.extent for s in stmts(body) if isinstance(s, For)}
    written: dict[str, Region] = {}
    for s in stmts(body):
        if isinstance(s, Store):
            point = Load(s.buffer, s.indices)
            written.setdefault(repr(point), _box(point, loops))
    read: dict[str, Region] = {}
    for s in stmts(body):
        for expr in exprs_of(s):
            for e in exprs(expr):
                if isinstance(e, Load) and repr(e) not in written:
                    read.setdefault(repr(e), _box(e, loops))
    return list(read.values()), list(written.values())


def _box(load: Load, loops: Mapping[Var, Extent]) -> Region:
    """What an access reaches over all values of the loops inside the block."""
    bounds: list[tuple[Expr, Extent]] = []
    for index, whole in zip(load.indices, load.buffer.shape, strict=True):
        inner = [(e, sign) for e, sign in _addends(index) if variables(e) & loops.keys()]
        if not inner:
            bounds.append((index, 1))
            continue
        outer = [(e, sign) for e, sign in _addends(index) if not variables(e) & loops.keys()]
        reaches = [_reach(e, loops) for e, _ in inner]
        known = [r for r in reaches if r is not None]
        if len(known) < len(reaches):
            bounds.append((Const(0, INDEX), whole))
            continue
        ends = [
            r if sign > 0 else (-r[1], -r[0]) for r, (_, sign) in zip(known, inner, strict=True)
        ]
        low, high = sum(a for a, _ in ends), sum(b for _, b in ends)
        start: Expr = Const(low, INDEX)
        for e, sign in outer:
            start = fold("+" if sign > 0 else "-", start, e)
        bounds.append((start, high - low + 1))
    return Region(load.buffer, bounds)


def _addends(e: Expr, sign: int = 1) -> list[tuple[Expr, int]]:
    """The parts of a sum, each with its sign."""
    if isinstance(e, Binary) and e.op in ("+", "-"):
        return _addends(e.a, sign) + _addends(e.b, sign if e.op == "+" else -sign)
    return [(e, sign)]
