"""Fused loops, parted while conditions are settled: v // n and v % n as if loops of their own.

    for v in parallel(12):                      for v in parallel(12):
        for x in range(8):                          for v_0 in range(3):          # v // 4
            if v // 4 * 8 + x < 20:     ->              for x in range(8):
                C[v // 4 * 8 + x, v % 4] = 0                if v_0 * 8 + x < 20:
                                                                C[v_0 * 8 + x, v % 4] = 0

A condition on a part of a fused loop is then one on a loop, which has full iterations and a tail.
The loops of the parts are none of the program's: `joined` takes them out again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from tvmlab.arith import bounds
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.equality import expr_key
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import For, If, Stmt
from tvmlab.ir.shapes import as_index
from tvmlab.ir.walk import exprs, operands, rewrite, substitute_stmt, variables

Parts = dict[Var, tuple[Expr, int]]
"""The variable of a part, what it stands for, and how many values that has."""


def parted(loop: For, conditions: Iterable[Expr]) -> tuple[For, Parts]:
    """The loop with one around its body for each of its parts in the conditions."""
    ranges = {loop.var: loop_range(loop, {})}
    found: dict[Hashable, tuple[Expr, int]] = {}
    for part in (p for c in conditions for p in _parts(c, loop.var)):
        low, high = bounds(part, ranges)
        if low >= 0 and isinstance(high, int):
            found[expr_key(part)] = (part, high + 1)
    if not found:
        return loop, {}
    named = {key: Var(f"{loop.var.name}_{n}") for n, key in enumerate(found)}

    def on_expr(e: Expr) -> Expr | None:
        return named.get(expr_key(e)) if isinstance(e, Binary) else None

    body = rewrite(loop.body, on_expr=on_expr)
    for key in reversed(found):
        body = For(named[key], found[key][1], body)
    return loop.replace(body=body), {named[key]: part for key, part in found.items()}


def joined(stmt: Stmt, parts: Parts) -> Stmt:
    """`stmt` without the loops of the parts; one that was cut is a condition."""

    def on_stmt(s: Stmt) -> Stmt | None:
        if not isinstance(s, For) or s.var not in parts:
            return None
        is_whole = s.extent == parts[s.var][1]
        return s.body if is_whole else If(Binary("<", s.var, as_index(s.extent)), s.body)

    values = {var: part for var, (part, _) in parts.items()}
    return substitute_stmt(rewrite(stmt, on_stmt), values)


def _parts(e: Expr, var: Var) -> Iterator[Expr]:
    """The quotients and remainders of `var` in `e`, the outermost of those in each other."""
    if _is_part(e) and variables(e) == {var}:
        yield e
        return
    for below in operands(e):
        yield from _parts(below, var)


def _is_part(e: Expr) -> bool:
    """Whether `e` is a quotient or remainder by a number, of indices alone."""
    return (
        isinstance(e, Binary)
        and e.op in ("//", "%")
        and isinstance(e.b, Const)
        and all(isinstance(x, (Binary, Const, Var)) for x in exprs(e))
    )
