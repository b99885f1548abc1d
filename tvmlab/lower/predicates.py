"""Conditions leave the inner loops: dropped, hoisted, turned into extents, or split off as a tail.

    for xo in range(4):                              for xo in range(4):
        for xi in range(32):                             if xo < 3:
            if xo * 32 + xi < 100:          ->               for xi in range(32): S
                S                                        else:
                                                             for xi in range(4): S with xo = 3

So full tiles run without a test, and the last tile is a tile of its own with extents that are
known, whose vectors and registers come out as well as those of full tiles. Where 100 is a size n,
xo < n // 32 is the test, and the tail keeps its condition, which tests n % 32.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from tvmlab.analysis.regions import excess, simplified
from tvmlab.arith import Interval, simplify_stmt
from tvmlab.arith.aligned import without
from tvmlab.arith.linear import Linear
from tvmlab.arith.polynomial import Reach, greatest
from tvmlab.arith.simplify import extent_range, linear, loop_range
from tvmlab.ir.buffer import Extent
from tvmlab.ir.conjuncts import buffers_read
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Expr, Var
from tvmlab.ir.kernel import is_kernel
from tvmlab.ir.program import Barrier, For, If, Let, Program, Seq, Stmt, Store
from tvmlab.ir.shapes import as_index
from tvmlab.ir.size import Size
from tvmlab.ir.walk import map_children, stmts, sub_stmts, substitute_stmt, variables
from tvmlab.lower.fused import joined, parted

MOST_SPLITS = 4
"""Nested loops that may be split into full tiles and a tail: each doubles the code inside."""

LONG = 16
"""Iterations of a loop, inside which a test before it counts for nothing."""

Known = dict[Var, Interval]


def settle_predicates(program: Program) -> Program:
    """The program with every condition as far out as it can be, and tails of their own."""
    if not list(_conditions(program.body)):
        return program
    body = simplify_stmt(_hoist(program.body))
    return program.with_body(_settle(body, {}, MOST_SPLITS))


# Hoisting


def _hoist(stmt: Stmt) -> Stmt:
    """Conditions that do not depend on a loop move in front of it."""
    stmt = map_children(stmt, _hoist, lambda e: None)
    if not isinstance(stmt, For) or is_kernel(stmt):
        return stmt
    conditions: list[Expr] = []
    body = stmt.body
    while isinstance(body, If) and body.otherwise is None:
        conditions.append(without(body.condition, stmt))
        body = body.then
    written = {s.buffer for s in stmts(body) if isinstance(s, Store)}
    changing = [c for c in conditions if stmt.var in variables(c) or written & buffers_read(c)]
    outside = [c for c in conditions if not any(c is x for x in changing)]
    for condition in reversed(changing):
        body = If(condition, body)
    result: Stmt = stmt.replace(body=body) if outside else stmt
    for condition in reversed(outside):
        result = If(condition, result)
    return result


# Extents and tails


def _settle(stmt: Stmt, known: Known, splits: int) -> Stmt:
    if isinstance(stmt, For):
        return _settle_loop(stmt, known, splits)
    return map_children(stmt, lambda s: _settle(s, known, splits), lambda e: None)


def _settle_loop(loop: For, known: Known, splits: int) -> Stmt:
    conditions = list(_conditions(loop.body))
    if not conditions:
        return loop
    apart, parts = parted(loop, conditions)
    if parts:
        return joined(_settle_loop(apart, known, splits), parts)
    inside, outside = _inner_ranges(loop.body), list(_around_nests(loop.body))
    full = end = loop.extent
    for condition in conditions:
        limit = _limits(condition, loop.var, inside)
        if limit is None:
            continue
        always, ever = limit
        if _is_less(ever, end) and _never_runs(loop.body, loop.var, ever, inside):
            if isinstance(ever, int) and ever <= 0:
                return Seq(())
            end = ever if _is_less(0, ever) else end
        if _shortens(always, full) and not any(condition is c for c in outside):
            full = always
    if end is not loop.extent:
        loop = loop.replace(extent=end)
    here = {**known, loop.var: extent_range(end, known)}
    least, most = excess(end, full)
    if least == most == 0:
        return loop.replace(body=_settle(simplify_stmt(loop.body, here), here, splits))
    # Over sizes there may be no tile that is cut short: the tail does not run then.
    may_split = splits and loop.kind in ("serial", "parallel") and not _stays_whole(loop)
    if 0 <= least <= most <= 1 and may_split:
        return _split_tail(loop, full, known, splits - 1)
    return loop.replace(body=_settle(loop.body, here, splits))


def _stays_whole(loop: For) -> bool:
    """Whether threads wait for each other in the loop, or kernels are launched in it: what is told
    to all threads stands outside of branches."""
    return any(isinstance(s, Barrier) or is_kernel(s) for s in stmts(loop.body))


def _is_less(a: Extent, b: Extent) -> bool:
    """Whether `a < b` for all values of sizes."""
    return excess(b, a)[0] >= 1


def _shortens(always: Extent, full: Extent) -> bool:
    """Whether fewer iterations than `full` are whole, or may be for some values of sizes."""
    if isinstance(always, int) and isinstance(full, int):
        return 0 < always < full
    return excess(always, 0)[0] >= 0 and excess(full, always)[0] >= 0


def _split_tail(loop: For, full: Extent, known: Known, splits: int) -> Stmt:
    """The loop with one body for iterations below `full`, and one for the last."""
    here: Known = {**known, loop.var: extent_range(full, known)}
    main = _settle(simplify_stmt(loop.body, here), here, splits)
    last = substitute_stmt(loop.body, {loop.var: as_index(full)})
    tail = _settle(simplify_stmt(_hoist(last), known), known, splits)
    test = Binary("<", loop.var, as_index(full))
    return loop.replace(body=If(test, main, tail))


def _inner_ranges(body: Stmt) -> Known:
    """The values of the loops inside."""
    return {s.var: loop_range(s, {}) for s in stmts(body) if isinstance(s, For)}


def _conditions(body: Stmt) -> Iterator[Expr]:
    for s in stmts(body):
        if isinstance(s, If) and s.otherwise is None:
            yield s.condition


def _around_nests(body: Stmt) -> Iterator[Expr]:
    """The conditions inside a loop of `body` that stand around long loops: their tests cost nothing
    beside those, and a second body without them would only be more code."""
    for loop in stmts(body):
        if isinstance(loop, For) and loop.kind == "serial":
            branches = (s for s in stmts(loop.body) if isinstance(s, If) and s.otherwise is None)
            for s in branches:
                if loop.var in variables(s.condition) and _is_long(s.then):
                    yield s.condition


def _is_long(stmt: Stmt) -> bool:
    """Whether a loop of `LONG` iterations or more runs in it."""
    return any(
        isinstance(s, For) and s.kind == "serial" and isinstance(s.extent, int) and s.extent >= LONG
        for s in stmts(stmt)
    )


def _limits(condition: Expr, var: Var, inside: Known) -> tuple[Extent, Extent] | None:
    """`(a, e)`: the condition holds always for var < a, and never for var >= e.

    None where it is no upper bound on `var`, or depends on more than `var` and loops inside.
    """
    if not isinstance(condition, Binary) or condition.a.dtype != INDEX:
        return None
    a, b = condition.a, condition.b
    if condition.op in (">", ">="):
        a, b = b, a
    elif condition.op not in ("<", "<="):
        return None
    total = linear(Binary("-", a, b), inside)
    factor = total.terms.get(var, 0)
    rest = Linear({t: c for t, c in total.terms.items() if t is not var}, total.constant)
    slack = 0 if condition.op in ("<", ">") else 1  # factor * var + rest < slack
    if factor <= 0:
        return None
    if _is_sized(rest, inside):
        highest, opposite = greatest(rest, inside), greatest(rest.times(-1), inside)
        if highest is None or opposite is None:
            return None
        always = simplified((slack + factor - 1 - highest) // factor)
        return always, simplified((slack + factor - 1 + opposite) // factor)
    low, high = rest.interval(inside)
    if low == -inf or high == inf:
        return None
    return -((int(high) - slack) // factor), -((int(low) - slack) // factor)


def _is_sized(total: Linear, inside: Known) -> bool:
    """Whether a sum is over sizes, or over loops whose extents are."""
    return any(
        isinstance(v, Size) or isinstance(inside.get(v), Reach) for v in variables(total.expr())
    )


def _never_runs(stmt: Stmt, var: Var, end: Extent, inside: Known) -> bool:
    """Whether conditions keep all of `stmt` from running once `var` is `end` or more."""
    if isinstance(stmt, If):
        limit = _limits(stmt.condition, var, inside) if stmt.otherwise is None else None
        if limit is not None and excess(end, limit[1])[0] >= 0:
            return True
    below = () if isinstance(stmt, Let) else sub_stmts(stmt)  # its value is evaluated anyhow
    return bool(below) and all(_never_runs(s, var, end, inside) for s in below)
