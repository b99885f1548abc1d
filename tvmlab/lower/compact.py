"""What a thread keeps lies close together: the gaps between the digits of indices are closed.

    T = allocate(float32[18], scope="local")       T = allocate(float32[4], scope="local")
    for v in unrolled(2):                          for v in unrolled(2):
        for i in unrolled(2):                ->        for i in unrolled(2):
            T[v * 16 + i] = ...                            T[v * 2 + i] = ...

Virtual threads leave such gaps: what one has for itself is spread over what the block computes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import For, Invoke, Program, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, rewrite, stmts
from tvmlab.lower.storage import PRIVATE

Digits = dict[int, int]
"""Of a dimension: for each factor that variables have in its indices, how many values follow."""


def close_gaps(program: Program) -> Program:
    """The program whose private intermediates have no elements between those that are used."""
    extents = {s.var: s.extent for s in stmts(program.body) if isinstance(s, For)}
    operands = {o.buffer for s in stmts(program.body) if isinstance(s, Invoke) for o in s.operands}
    for buffer in program.buffers:
        if buffer.scope in PRIVATE and buffer not in operands:
            known = [_digits(buffer, n, program.body, extents) for n in range(len(buffer.shape))]
            if any(d is not None for d in known):
                program = _closed(program, buffer, known)
    return program


def _accesses(body: Stmt, buffer: Buffer) -> Iterator[tuple[Expr, ...]]:
    for s in stmts(body):
        if isinstance(s, Store) and s.buffer is buffer:
            yield s.indices
        for x in exprs_of(s):
            yield from (e.indices for e in exprs(x) if isinstance(e, Load) and e.buffer is buffer)


def _digits(
    buffer: Buffer, dimension: int, body: Stmt, extents: dict[Var, int | Expr]
) -> Digits | None:
    """The digits of all indices of a dimension; None where they are none, or leave no gap."""
    found: Digits = {}
    for indices in _accesses(body, buffer):
        total = linear(indices[dimension], {})
        if total.constant:
            return None
        own: Digits = {}
        for var, factor in total.terms.items():
            extent = extents.get(var) if isinstance(var, Var) else None
            if not isinstance(extent, int) or factor <= 0:
                return None
            own[factor] = own.get(factor, 1) + extent - 1
        for factor, count in own.items():
            found[factor] = max(found.get(factor, 1), count)
    reach, size = 0, 1
    for factor in sorted(found):
        if factor <= reach:
            return None  # digits overlap
        reach += factor * (found[factor] - 1)
        size *= found[factor]
    extent = buffer.shape[dimension]
    return found if isinstance(extent, int) and size < extent else None


def _closed(program: Program, buffer: Buffer, known: list[Digits | None]) -> Program:
    factors: list[dict[int, int] | None] = []
    shape = list(buffer.shape)
    for n, digits in enumerate(known):
        if digits is None:
            factors.append(None)
            continue
        new, size = {}, 1
        for factor in sorted(digits):
            new[factor], size = size, size * digits[factor]
        factors.append(new)
        shape[n] = size
    small = buffer.replace(shape=shape)

    def closed(indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return tuple(
            index if new is None else _with_factors(index, new)
            for index, new in zip(indices, factors, strict=True)
        )

    def on_expr(e: Expr) -> Expr | None:
        if isinstance(e, Load) and e.buffer is buffer:
            return Load(small, closed(e.indices))
        return None

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Store) and s.buffer is buffer:
            return Store(small, closed(s.indices), s.value, s.source)
        return None

    buffers = [small if b is buffer else b for b in program.buffers]
    body = rewrite(program.body, on_stmt, on_expr)
    return Program(program.name, program.params, program.outputs, buffers, body)


def _with_factors(index: Expr, new: dict[int, int]) -> Expr:
    terms = linear(index, {}).terms
    return Linear({var: new[factor] for var, factor in terms.items()}, 0).expr()
