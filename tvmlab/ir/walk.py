"""Reading and rewriting trees of nodes.

Rewrites share every part they do not change, so `is` tells whether anything happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Ramp, Select, Var, fold
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import (
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

ExprRewrite = Callable[[Expr], Expr | None]
StmtRewrite = Callable[[Stmt], Stmt | None]

_LEAVES = (Var, Const)
"""Most expressions; asked for first, since every question about a program walks over them."""


def operands(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly below `expr`."""
    if isinstance(expr, Binary):
        return (expr.a, expr.b)
    if isinstance(expr, _LEAVES):
        return ()
    if isinstance(expr, Load):
        return expr.indices
    if isinstance(expr, Call):
        return expr.args
    if isinstance(expr, Cast):
        return (expr.value,)
    if isinstance(expr, Select):
        return (expr.condition, expr.a, expr.b)
    if isinstance(expr, Ramp):
        return (expr.base,)
    if isinstance(expr, Slice):
        return (expr.value,)
    return ()


def with_operands(expr: Expr, new: tuple[Expr, ...]) -> Expr:
    """`expr` over other operands; constants fold, other parts stay."""
    if isinstance(expr, Binary):
        return fold(expr.op, *new)
    if isinstance(expr, Load):
        return Load(expr.buffer, new)
    if isinstance(expr, Call):
        return Call(expr.function, new, expr.dtype)
    if isinstance(expr, Cast):
        return Cast(expr.dtype, new[0])
    if isinstance(expr, Select):
        return Select(*new)
    if isinstance(expr, Slice):
        return Slice(new[0], expr.start, expr.lanes)
    assert isinstance(expr, Ramp)
    return Ramp(new[0], expr.lanes)


def rewrite_expr(expr: Expr, change: ExprRewrite) -> Expr:
    """`expr` rebuilt from the leaves up; `change` gives a node's successor, or None to keep it."""
    old = operands(expr)
    if old:
        new = tuple([rewrite_expr(e, change) for e in old])
        if any(a is not b for a, b in zip(old, new, strict=True)):
            expr = with_operands(expr, new)
    result = change(expr)
    return expr if result is None else result


def substitute(expr: Expr, values: Mapping[Var, Expr]) -> Expr:
    """`expr` with variables replaced by expressions."""
    if not values:
        return expr
    return rewrite_expr(expr, lambda e: values.get(e) if isinstance(e, Var) else None)


def _map_region(region: Region, on_expr: Callable[[Expr], Expr]) -> Region:
    bounds = [(on_expr(start), extent) for start, extent in region.bounds]
    if all(a[0] is b[0] for a, b in zip(bounds, region.bounds, strict=True)):
        return region
    return Region(region.buffer, bounds)


def map_children(stmt: Stmt, on_stmt: Callable[[Stmt], Stmt], on_expr: ExprRewrite) -> Stmt:
    """`stmt` with `on_stmt` applied to the statements and a rewrite to the expressions in it.

    Expressions of a block's inside (regions, init, body) and its bindings are all reached.
    """

    def mapped(expr: Expr) -> Expr:
        return rewrite_expr(expr, on_expr)

    if isinstance(stmt, For):
        body = on_stmt(stmt.body)
        extent = mapped(stmt.extent) if isinstance(stmt.extent, Expr) else stmt.extent
        if body is stmt.body and extent is stmt.extent:
            return stmt
        return stmt.replace(body=body, extent=extent)
    if isinstance(stmt, Seq):
        new = tuple([on_stmt(s) for s in stmt.stmts])
        return stmt if all(a is b for a, b in zip(new, stmt.stmts, strict=True)) else Seq(new)
    if isinstance(stmt, Store):
        indices = tuple([mapped(i) for i in stmt.indices])
        value = mapped(stmt.value)
        if value is stmt.value and all(a is b for a, b in zip(indices, stmt.indices, strict=True)):
            return stmt
        return Store(stmt.buffer, indices, value, stmt.source)
    if isinstance(stmt, If):
        condition, then = mapped(stmt.condition), on_stmt(stmt.then)
        otherwise = on_stmt(stmt.otherwise) if stmt.otherwise is not None else None
        if condition is stmt.condition and then is stmt.then and otherwise is stmt.otherwise:
            return stmt
        return If(condition, then, otherwise)
    if isinstance(stmt, Allocate):
        body = on_stmt(stmt.body)
        return stmt if body is stmt.body else Allocate(stmt.buffer, body)
    if isinstance(stmt, Let):
        value, body = mapped(stmt.value), on_stmt(stmt.body)
        return stmt if value is stmt.value and body is stmt.body else Let(stmt.var, value, body)
    if isinstance(stmt, Invoke):
        body = on_stmt(stmt.body)
        operands = [_map_region(o, mapped) for o in stmt.operands]
        if body is stmt.body and all(a is b for a, b in zip(operands, stmt.operands, strict=True)):
            return stmt
        return Invoke(stmt.name, operands, body)
    if isinstance(stmt, Prefetch):
        indices = tuple([mapped(i) for i in stmt.indices])
        kept = all(a is b for a, b in zip(indices, stmt.indices, strict=True))
        return stmt if kept else Prefetch(stmt.buffer, indices)
    if isinstance(stmt, (Barrier, Commit)):
        return stmt
    assert isinstance(stmt, Block)
    return _map_block(stmt, on_stmt, mapped)


def _map_block(
    block: Block, on_stmt: Callable[[Stmt], Stmt], mapped: Callable[[Expr], Expr]
) -> Block:
    bindings = [mapped(b) for b in block.bindings]
    where = mapped(block.where)
    reads = [_map_region(r, mapped) for r in block.reads]
    writes = [_map_region(r, mapped) for r in block.writes]
    init = on_stmt(block.init) if block.init is not None else None
    body = on_stmt(block.body)
    old = (*block.bindings, block.where, *block.reads, *block.writes, block.init, block.body)
    new = (*bindings, where, *reads, *writes, init, body)
    if all(a is b for a, b in zip(old, new, strict=True)):
        return block
    return Block(block.name, block.iters, bindings, where, reads, writes, init, body)


def rewrite(
    stmt: Stmt, on_stmt: StmtRewrite | None = None, on_expr: ExprRewrite | None = None
) -> Stmt:
    """`stmt` rebuilt from the leaves up; each rewrite gives a successor, or None to keep a node."""
    keep: ExprRewrite = on_expr or (lambda e: None)

    def visit(node: Stmt) -> Stmt:
        node = map_children(node, visit, keep)
        result = on_stmt(node) if on_stmt is not None else None
        return node if result is None else result

    return visit(stmt)


def substitute_stmt(stmt: Stmt, values: Mapping[Var, Expr]) -> Stmt:
    """`stmt` with variables replaced by expressions everywhere in it."""
    return rewrite(stmt, on_expr=lambda e: values.get(e) if isinstance(e, Var) else None)


def own_loops(stmt: Stmt, taken: Iterable[str] = ()) -> Stmt:
    """`stmt` with loop variables and named values of its own, named as they were or unlike all
    `taken`."""
    names = tuple(taken)
    if isinstance(stmt, Let):
        own = Local(fresh_names(names, [stmt.var.name])[0], stmt.var.dtype, stmt.var.lanes)
        inside = own_loops(substitute_stmt(stmt.body, {stmt.var: own}), (*names, own.name))
        return Let(own, stmt.value, inside)
    if not isinstance(stmt, For):
        return map_children(stmt, lambda s: own_loops(s, names), lambda e: None)
    var = Var(fresh_names(names, [stmt.var.name])[0])
    body = own_loops(substitute_stmt(stmt.body, {stmt.var: var}), (*names, var.name))
    return stmt.replace(var=var, body=body)


def sub_stmts(stmt: Stmt) -> tuple[Stmt, ...]:
    """The statements directly below `stmt` (a block's init before its body)."""
    if isinstance(stmt, (For, Allocate, Invoke, Let)):
        return (stmt.body,)
    if isinstance(stmt, Seq):
        return stmt.stmts
    if isinstance(stmt, If):
        return (stmt.then,) if stmt.otherwise is None else (stmt.then, stmt.otherwise)
    if isinstance(stmt, Block):
        return (stmt.body,) if stmt.init is None else (stmt.init, stmt.body)
    return ()


def nests(body: Stmt) -> tuple[Stmt, ...]:
    """What stands in a row at the outermost level of a program's body.

    A step changes one or two of them and shares the others with the program before. So with facts
    about each that are kept (`tvmlab.ir.facts`) a question about a program is one about what is new
    in it.
    """
    return body.stmts if isinstance(body, Seq) else (body,)


def stmts(stmt: Stmt) -> Iterator[Stmt]:
    """`stmt` and every statement below it, outermost first, in order."""
    left = [stmt]
    while left:
        stmt = left.pop()
        yield stmt
        left += sub_stmts(stmt)[::-1]


def exprs_of(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions that stand in `stmt` itself, outside its sub-statements."""
    if isinstance(stmt, For):
        return (stmt.extent,) if isinstance(stmt.extent, Expr) else ()
    if isinstance(stmt, Store):
        return (*stmt.indices, stmt.value)
    if isinstance(stmt, Prefetch):
        return stmt.indices
    if isinstance(stmt, If):
        return (stmt.condition,)
    if isinstance(stmt, Let):
        return (stmt.value,)
    if isinstance(stmt, Block):
        return (*stmt.bindings, stmt.where)
    return ()


def exprs(expr: Expr) -> Iterator[Expr]:
    """`expr` and every expression below it, outermost first."""
    left = [expr]
    while left:
        expr = left.pop()
        yield expr
        left += operands(expr)[::-1]


def variables(expr: Expr) -> set[Var]:
    """The variables that occur in `expr`."""
    return {e for e in exprs(expr) if isinstance(e, Var)}


def loads(stmt: Stmt) -> Iterator[Load]:
    """Every load in `stmt` and below it."""
    for s in stmts(stmt):
        for expr in exprs_of(s):
            for e in exprs(expr):
                if isinstance(e, Load):
                    yield e


def blocks_with_loops(
    stmt: Stmt, loops: tuple[For, ...] = ()
) -> Iterator[tuple[Block, tuple[For, ...]]]:
    """Every block in `stmt` with the loops around it from there on, in order, outermost first."""
    left = [(stmt, loops)]
    while left:
        stmt, loops = left.pop()
        if isinstance(stmt, Block):
            yield stmt, loops
            continue
        inner = (*loops, stmt) if isinstance(stmt, For) else loops
        left += [(below, inner) for below in sub_stmts(stmt)[::-1]]


def blocks(stmt: Stmt) -> Iterator[Block]:
    """Every block in `stmt`, in order."""
    return (s for s in stmts(stmt) if isinstance(s, Block))


def replace_buffers(stmt: Stmt, new: Mapping[Buffer, Buffer]) -> Stmt:
    """`stmt` with buffers exchanged in loads, stores, regions and allocations."""

    def on_expr(e: Expr) -> Expr | None:
        return Load(new[e.buffer], e.indices) if isinstance(e, Load) and e.buffer in new else None

    def regions(old: tuple[Region, ...]) -> tuple[Region, ...]:
        return tuple([Region(new.get(r.buffer, r.buffer), r.bounds) for r in old])

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Store) and s.buffer in new:
            return Store(new[s.buffer], s.indices, s.value, s.source)
        if isinstance(s, Prefetch) and s.buffer in new:
            return Prefetch(new[s.buffer], s.indices)
        if isinstance(s, Allocate) and s.buffer in new:
            return Allocate(new[s.buffer], s.body)
        if isinstance(s, Barrier):
            return Barrier([new.get(b, b) for b in s.buffers], s.pending)
        if isinstance(s, Invoke):
            return Invoke(s.name, regions(s.operands), s.body)
        if isinstance(s, Block):
            return s.replace(reads=regions(s.reads), writes=regions(s.writes))
        return None

    return rewrite(stmt, on_stmt, on_expr)
