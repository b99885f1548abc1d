"""The elements a nest stores to, as a nest of its own that copies each onto itself.

Loops that the element does not depend on are left out, and with them the conditions on them: they
say when an element is updated, not which.
"""

from __future__ import annotations

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.conjuncts import buffers_read
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import (
    Allocate,
    Barrier,
    Commit,
    For,
    If,
    Invoke,
    Let,
    Prefetch,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import exprs_of, stmts, substitute, variables

NOTHING = Seq(())


def touches(stmt: Stmt, buffer: Buffer, moving: set[Var]) -> Stmt | None:
    """`buffer[i] = buffer[i]` for each element that `stmt` stores to.

    Args:
        stmt: a nest.
        buffer: whose elements.
        moving: variables of the loops to leave out, unrolled ones among them; the elements do not
            depend on them.

    Returns:
        the nest, `NOTHING` if there is no such store, or None if which elements are stored to
        depends on `moving`.
    """
    if isinstance(stmt, Store):
        if stmt.buffer is not buffer:
            return NOTHING
        return Store(buffer, stmt.indices, Load(buffer, stmt.indices), stmt.source)
    if isinstance(stmt, Seq):
        return _of_seq(stmt, buffer, moving)
    if isinstance(stmt, If):
        return _of_branch(stmt, buffer, moving)
    if isinstance(stmt, (Barrier, Commit, Prefetch)):
        return NOTHING
    if isinstance(stmt, Invoke):
        return None if any(o.buffer is buffer for o in stmt.operands) else NOTHING
    assert isinstance(stmt, (For, Allocate, Let))
    inside = touches(stmt.body, buffer, moving)
    if inside is not None and isinstance(stmt, Let) and _depends(inside, stmt.var):
        return None
    if inside is None or not isinstance(stmt, For) or stmt.var in moving:
        return inside
    return stmt.replace(body=inside) if _depends(inside, stmt.var) else inside


def _of_seq(seq: Seq, buffer: Buffer, moving: set[Var]) -> Stmt | None:
    kept: list[Stmt] = []
    for part in seq.stmts:
        inside = touches(part, buffer, moving)
        if inside is None:
            return None
        if inside is not NOTHING and not any(same_touches(inside, k) for k in kept):
            kept.append(inside)
    return NOTHING if not kept else kept[0] if len(kept) == 1 else Seq(kept)


def _of_branch(branch: If, buffer: Buffer, moving: set[Var]) -> Stmt | None:
    then = touches(branch.then, buffer, moving)
    otherwise: Stmt | None = NOTHING
    if branch.otherwise is not None:
        otherwise = touches(branch.otherwise, buffer, moving)
    if then is None or otherwise is None:
        return None
    if then is NOTHING and otherwise is NOTHING:
        return NOTHING
    if buffers_read(branch.condition):
        return None  # memory may change what it says
    if not variables(branch.condition) & moving:
        if then is NOTHING:
            return If(~branch.condition, otherwise)
        return If(branch.condition, then, None if otherwise is NOTHING else otherwise)
    if then is NOTHING or otherwise is NOTHING:
        return otherwise if then is NOTHING else then
    return then if same_touches(then, otherwise) else None


def _depends(stmt: Stmt, var: Var) -> bool:
    return any(var in variables(e) for s in stmts(stmt) for e in exprs_of(s))


def same_touches(a: Stmt, b: Stmt, names: dict[Var, Expr] | None = None) -> bool:
    """Whether two nests store to the same elements under the same conditions, loop by loop.

    `names` gives for each loop variable of `a` the one of `b` that stands for it.
    """
    known = names or {}

    def alike(x: Expr, y: Expr) -> bool:
        return same(substitute(x, known), y)

    if isinstance(a, For) and isinstance(b, For):
        if not same_extent(a.extent, b.extent):
            return False
        return same_touches(a.body, b.body, {**known, a.var: b.var})
    if isinstance(a, Store) and isinstance(b, Store):
        return a.buffer is b.buffer and all(map(alike, a.indices, b.indices))
    if isinstance(a, If) and isinstance(b, If):
        if not alike(a.condition, b.condition) or (a.otherwise is None) != (b.otherwise is None):
            return False
        if a.otherwise is not None and b.otherwise is not None:
            return same_touches(a.then, b.then, known) and same_touches(
                a.otherwise, b.otherwise, known
            )
        return same_touches(a.then, b.then, known)
    if isinstance(a, Seq) and isinstance(b, Seq) and len(a.stmts) == len(b.stmts):
        return all(same_touches(x, y, known) for x, y in zip(a.stmts, b.stmts, strict=True))
    return False
