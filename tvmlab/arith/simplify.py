"""Simplification of expressions under known ranges of their variables.

Index arithmetic is brought to linear normal form with floor division and modulo first-class
(`(y * 32 + yi) // 32` is `y` where 0 <= yi < 32); comparisons, min, max and select are decided
where bounds decide them. Data arithmetic is left as written: only its indices change.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from tvmlab.arith.linear import Interval, Linear, Opaque, Quotient, Ranges, divide
from tvmlab.arith.polynomial import Reach, interval_of, least_of, most_of
from tvmlab.ir.buffer import Extent, Load
from tvmlab.ir.dtypes import INDEX, bits, highest, lowest
from tvmlab.ir.equality import same
from tvmlab.ir.expr import BITWISE, SHIFTS, Binary, Const, Expr, Ramp, Select, Var, fold
from tvmlab.ir.program import (
    TRUE,
    Allocate,
    Barrier,
    Block,
    Commit,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Region,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.walk import operands, sub_stmts, with_operands

FALSE = Const(0, "bool")
_LINEAR = ("+", "-", "*", "//", "%")


def linear(expr: Expr, ranges: Ranges) -> Linear:
    """The normal form of an index expression."""
    if isinstance(expr, Const):
        return Linear({}, int(expr.value))
    if isinstance(expr, Var):
        low, high = ranges.get(expr, (-inf, inf))
        return Linear({}, int(low)) if low == high else Linear({expr: 1}, 0)
    if isinstance(expr, Binary) and expr.op in _LINEAR:
        a, b = linear(expr.a, ranges), linear(expr.b, ranges)
        if expr.op == "+":
            return a.plus(b)
        if expr.op == "-":
            return a.plus(b, -1)
        if expr.op == "*":
            if not b.terms:
                return a.times(b.constant)
            if not a.terms:
                return b.times(a.constant)
        elif not b.terms and b.constant > 0 and not _may_wrap(a):
            return divide(a, b.constant, ranges)[0 if expr.op == "//" else 1]
        rebuilt = fold(expr.op, a.expr(), b.expr())
        if isinstance(rebuilt, Const):
            return Linear({}, int(rebuilt.value))
        known = _product_interval(expr.op, a, b, ranges)
        return Linear({Opaque(rebuilt, known, expr.op, (a, b)): 1}, 0)
    if isinstance(expr, Binary) and expr.op in BITWISE:
        arithmetic = _bits_as_arithmetic(expr, ranges)
        if arithmetic is not None:
            return arithmetic
    inside = _simplify_node(expr, ranges)
    if isinstance(inside, Const):
        return Linear({}, int(inside.value))
    if isinstance(inside, Var) or (isinstance(inside, Binary) and inside.op in _LINEAR):
        return linear(inside, ranges)  # a min, max or select that bounds decided
    if isinstance(inside, Binary) and inside.op in ("min", "max"):
        sides = (linear(inside.a, ranges), linear(inside.b, ranges))
        return Linear({Opaque(inside, _choice_interval(inside, ranges), inside.op, sides): 1}, 0)
    return Linear({Opaque(inside, _choice_interval(inside, ranges)): 1}, 0)


def _may_wrap(total: Linear) -> bool:
    """Whether a sum holds elements of tensors and more, so that it may exceed 64 bits.

    Indices over loops and sizes stay inside memory and never do; data are any number, and what
    holds of sums and differences alone holds of them modulo 2**64.
    """
    if not any(isinstance(a, Opaque) and _holds_data(a.expr) for a in total.terms):
        return any(isinstance(a, Quotient) and _may_wrap(a.total) for a in total.terms)
    return len(total.terms) > 1 or total.constant != 0 or 1 not in total.terms.values()


def _holds_data(expr: Expr) -> bool:
    """Whether an int64 element stands in `expr`, other than in an index."""
    if isinstance(expr, Load):
        return expr.dtype == INDEX
    return expr.dtype == INDEX and any(map(_holds_data, operands(expr)))


def _bits_as_arithmetic(expr: Binary, ranges: Ranges) -> Linear | None:
    """A shift, or a mask of low bits, as the multiplication, division or modulo that it is."""
    b = linear(expr.b, ranges)
    if b.terms or b.constant < 0 or _may_wrap(linear(expr.a, ranges)):
        return None
    if expr.op == "&" and (b.constant + 1) & b.constant == 0 and b.constant < highest(INDEX):
        return divide(linear(expr.a, ranges), b.constant + 1, ranges)[1]
    if expr.op not in SHIFTS or b.constant >= bits(INDEX) - 1:  # a divisor is no negative number
        return None
    a, factor = linear(expr.a, ranges), 1 << b.constant
    if expr.op == ">>":
        return divide(a, factor, ranges)[0]
    low, high = interval_of(a, ranges)
    wraps = low * factor < lowest(INDEX) or high * factor > highest(INDEX)
    return None if wraps else a.times(factor)


def _product_interval(op: str, a: Linear, b: Linear, ranges: Ranges) -> Interval:
    (al, ah), (bl, bh) = interval_of(a, ranges), interval_of(b, ranges)
    if op == "%" and bl >= 1:
        return 0, bh - 1
    if op == "//" and bl >= 1 and al >= 0:
        return 0, ah
    if op != "*":
        return -inf, inf
    if inf in (ah, bh) or -inf in (al, bl):
        return (0, inf) if al >= 0 and bl >= 0 else (-inf, inf)
    corners = (al * bl, al * bh, ah * bl, ah * bh)
    return min(corners), max(corners)


def _choice_interval(expr: Expr, ranges: Ranges) -> Interval:
    """Bounds of a min, max, select or of joined bits; unknown for anything else."""
    if isinstance(expr, Binary) and expr.op in ("min", "max"):
        (al, ah), (bl, bh) = interval(expr.a, ranges), interval(expr.b, ranges)
        pick = min if expr.op == "min" else max
        return pick(al, bl), pick(ah, bh)
    if isinstance(expr, Binary) and expr.op in BITWISE:
        return _bits_interval(expr.op, interval(expr.a, ranges), interval(expr.b, ranges))
    if isinstance(expr, Select):
        (al, ah), (bl, bh) = interval(expr.a, ranges), interval(expr.b, ranges)
        return min(al, bl), max(ah, bh)
    return -inf, inf


def _bits_interval(op: str, a: Interval, b: Interval) -> Interval:
    """Bounds of `& | ^ >>` of integers that are not negative; unknown for others."""
    if op == "&" and (a[0] >= 0 or b[0] >= 0):
        return 0, min(x[1] for x in (a, b) if x[0] >= 0)
    if a[0] < 0 or b[0] < 0 or op == "<<":
        return -inf, inf
    if op == ">>":
        return 0, a[1]
    low = max(a[0], b[0]) if op == "|" else 0
    if inf in (a[1], b[1]):
        return low, inf
    # No bit above the highest of both, and a ^ b <= a | b <= a + b.
    return low, min((1 << int(max(a[1], b[1])).bit_length()) - 1, a[1] + b[1])


def interval(expr: Expr, ranges: Ranges) -> Interval:
    """Least and greatest value of an index expression."""
    return interval_of(linear(expr, ranges), ranges)


def least(expr: Expr, ranges: Ranges) -> float:
    """Least value of an index expression: half the work of `interval`."""
    return least_of(linear(expr, ranges), ranges)


def most(expr: Expr, ranges: Ranges) -> float:
    """Greatest value of an index expression: half the work of `interval`."""
    return most_of(linear(expr, ranges), ranges)


def simplify(expr: Expr, ranges: Ranges | None = None) -> Expr:
    """`expr` in simplest form under `ranges` (least and greatest value of variables)."""
    known = ranges or {}
    if isinstance(expr, (Var, Const)):
        return linear(expr, known).expr() if expr.dtype == INDEX else expr
    if expr.dtype == INDEX and expr.lanes == 1 and isinstance(expr, Binary):
        return linear(expr, known).expr()
    return _simplify_node(expr, known)


def _simplify_node(expr: Expr, ranges: Ranges) -> Expr:
    """`expr` with simplified operands, and decided itself where bounds decide it."""
    old = operands(expr)
    new = tuple([simplify(e, ranges) for e in old])
    if any(a is not b for a, b in zip(old, new, strict=True)):
        expr = with_operands(expr, new)
    if isinstance(expr, Select):
        if isinstance(expr.condition, Const):
            return expr.a if expr.condition.value else expr.b
        return expr
    if not isinstance(expr, Binary):
        return expr
    if expr.lanes > 1:
        return _decide_lanes(expr, ranges)
    if expr.a.dtype == INDEX and expr.op in _DECISIONS:
        if _may_wrap(linear(expr.a, ranges)) or _may_wrap(linear(expr.b, ranges)):
            return expr
        low, high = interval_of(linear(Binary("-", expr.a, expr.b), ranges), ranges)
        return _DECISIONS[expr.op](expr, low, high)
    if expr.op in ("and", "or") and same(expr.a, expr.b):
        return expr.a
    return expr


def _decide_lanes(expr: Binary, ranges: Ranges) -> Expr:
    """A comparison of index vectors, decided where it comes out alike in every lane."""
    a, b = expr.a, expr.b
    comparable = all(isinstance(s, Ramp) or s.lanes == 1 for s in (a, b))
    if a.dtype != INDEX or expr.op not in ("<", "<=", ">", ">=") or not comparable:
        return expr
    low, high = 0.0, 0.0
    for side, sign in ((a, 1), (b, -1)):
        base = side.base if isinstance(side, Ramp) else side
        lo, hi = interval(base, ranges)
        hi += side.lanes - 1
        low, high = (low + lo, high + hi) if sign > 0 else (low - hi, high - lo)
    decided = _DECISIONS[expr.op](expr, low, high)
    return decided if isinstance(decided, Const) else expr


def _decided(expr: Expr, yes: bool, no: bool) -> Expr:
    return TRUE if yes else FALSE if no else expr


_DECISIONS: dict[str, Callable[[Binary, float, float], Expr]] = {
    # What `a op b` comes to when low <= a - b <= high.
    "<": lambda e, low, high: _decided(e, high < 0, low >= 0),
    "<=": lambda e, low, high: _decided(e, high <= 0, low > 0),
    ">": lambda e, low, high: _decided(e, low > 0, high <= 0),
    ">=": lambda e, low, high: _decided(e, low >= 0, high < 0),
    "==": lambda e, low, high: _decided(e, low == high == 0, low > 0 or high < 0),
    "!=": lambda e, low, high: _decided(e, low > 0 or high < 0, low == high == 0),
    "min": lambda e, low, high: e.a if high <= 0 else e.b if low >= 0 else e,
    "max": lambda e, low, high: e.a if low >= 0 else e.b if high <= 0 else e,
}


def loop_range(loop: For, ranges: Ranges) -> Interval:
    """The values a loop's variable takes."""
    return extent_range(loop.extent, ranges)


def extent_range(extent: Extent, ranges: Ranges, start: int = 0) -> Interval:
    """The values start .. start + extent - 1."""
    if isinstance(extent, int):
        return start, start + extent - 1
    last = linear(extent, ranges).plus(Linear({}, start - 1))
    return Reach(start, interval_of(last, ranges)[1], last)


def simplify_stmt(stmt: Stmt, ranges: Ranges | None = None) -> Stmt:
    """`stmt` with every expression simplified under the ranges its loops give.

    A block's bindings and predicate are simplified under the loops around it, its inside under
    its own iteration domain. A branch that is decided disappears, and what is around nothing.
    """
    known: dict[Var, Interval] = dict(ranges or {})

    def visit(s: Stmt) -> Stmt:
        new = rebuilt(s)
        below = sub_stmts(new)
        does_nothing = below and all(map(_is_nothing, below)) and not isinstance(new, Invoke)
        return Seq(()) if does_nothing else new

    def rebuilt(s: Stmt) -> Stmt:
        if isinstance(s, For):
            extent = simplify(s.extent, known) if isinstance(s.extent, Expr) else s.extent
            known[s.var] = loop_range(s, known)
            body = visit(s.body)
            return (
                s
                if body is s.body and extent is s.extent
                else s.replace(
                    body=body, extent=int(extent.value) if isinstance(extent, Const) else extent
                )
            )
        if isinstance(s, Seq):
            return Seq([x for x in map(visit, s.stmts) if not _is_nothing(x)])
        if isinstance(s, Store):
            indices = tuple([simplify(i, known) for i in s.indices])
            return Store(s.buffer, indices, simplify(s.value, known), s.source)
        if isinstance(s, If):
            condition = simplify(s.condition, known)
            if isinstance(condition, Const):
                chosen = s.then if condition.value else s.otherwise
                return visit(chosen) if chosen is not None else Seq(())
            then = visit(s.then)
            otherwise = visit(s.otherwise) if s.otherwise is not None else None
            if otherwise is None or _is_nothing(otherwise):
                return If(condition, then)
            return (
                If(~condition, otherwise) if _is_nothing(then) else If(condition, then, otherwise)
            )
        if isinstance(s, Invoke):
            return Invoke(s.name, [_simplify_region(o, known) for o in s.operands], visit(s.body))
        if isinstance(s, Prefetch):
            return Prefetch(s.buffer, tuple([simplify(i, known) for i in s.indices]))
        if isinstance(s, (Barrier, Commit)):
            return s
        if isinstance(s, Allocate):
            return Allocate(s.buffer, visit(s.body))
        if isinstance(s, Let):
            return Let(s.var, simplify(s.value, known), visit(s.body))
        assert isinstance(s, Block)
        return _simplify_block(s, known, visit)

    return visit(stmt)


def _is_nothing(stmt: Stmt) -> bool:
    return isinstance(stmt, Seq) and not stmt.stmts


def _simplify_region(region: Region, known: Ranges) -> Region:
    bounds = [(simplify(start, known), extent) for start, extent in region.bounds]
    return Region(region.buffer, bounds)


def _simplify_block(
    block: Block, known: dict[Var, Interval], visit: Callable[[Stmt], Stmt]
) -> Block:
    bindings = tuple([simplify(b, known) for b in block.bindings])
    where = simplify(block.where, known)
    for it in block.iters:
        known[it.var] = extent_range(it.extent, known)
    return block.replace(
        bindings=bindings,
        where=where,
        reads=tuple([_simplify_region(r, known) for r in block.reads]),
        writes=tuple([_simplify_region(r, known) for r in block.writes]),
        init=visit(block.init) if block.init is not None else None,
        body=visit(block.body),
    )
