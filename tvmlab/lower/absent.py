"""Terms that a condition leaves out of a fold: their iterations are skipped.

    for k in range(3):
        B[i] = B[i] + select(i + k < 8, A[i + k], 0)
    ->
    for k in range(3):
        if i + k < 8:
            B[i] = B[i] + A[i + k]

What is folded in otherwise changes nothing: 0 of a sum, 1 of a product, the end of the range of a
minimum or maximum. As a branch the condition is one that later passes take out of loops, turn into
extents, or decide in unrolled code. It stays a choice where it differs between lanes, since it
would mask their store, and where memory has a part in it, since no processor would foresee it.
"""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ir.conjuncts import buffers_read, conjunction, conjuncts, guarded
from tvmlab.ir.expr import Binary, Const, Expr, Select, Var
from tvmlab.ir.fold import fold_of
from tvmlab.ir.program import LANES, For, Program, Stmt, Store
from tvmlab.ir.walk import map_children, variables


def skip_absent(program: Program) -> Program:
    """The program whose folds are not run where a condition on loops leaves out their term."""
    return program.with_body(_visit(program.body, frozenset()))


def _visit(stmt: Stmt, lanes: frozenset[Var]) -> Stmt:
    """`stmt` within the loops over `lanes`."""
    if isinstance(stmt, Store):
        return _skipping(stmt, lanes)
    if isinstance(stmt, For) and stmt.kind in LANES:
        lanes = lanes | {stmt.var}
    return map_children(stmt, lambda s: _visit(s, lanes), lambda e: None)


def _skipping(store: Store, lanes: frozenset[Var]) -> Stmt:
    """A fold under the conditions of its term that are the same for all lanes."""
    value = store.value
    if not isinstance(value, Binary) or not isinstance(value.b, Select):
        return store
    term = value.b
    if fold_of(store) is None or not _is_neutral(value.op, term.b):
        return store
    parts = conjuncts(term.condition)
    outside = [p for p in parts if not variables(p) & lanes and not buffers_read(p)]
    if not outside:
        return store
    inside = [p for p in parts if not any(p is o for o in outside)]
    left = Select(conjunction(inside), term.a, term.b) if inside else term.a
    update = Store(store.buffer, store.indices, Binary(value.op, value.a, left), store.source)
    return guarded(outside, update)


def _is_neutral(op: str, e: Expr) -> bool:
    """Whether a fold by an operator of two values is left as it is by `e`."""
    if not isinstance(e, Const):
        return False
    ends = {"min": dtypes.highest, "max": dtypes.lowest}
    neutral = {"+": 0, "*": 1}
    return bool(e.value == (ends[op](e.dtype) if op in ends else neutral.get(op)))
