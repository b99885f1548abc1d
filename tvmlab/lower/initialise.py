"""Reductions start outside their loops: the init becomes a nest of its own, and no branch is left.

    for y: for k: with block(y, reduce(k)):          for y:
        with init(): C[y] = 0                 ->         with block(y): C[y] = 0
        C[y] = C[y] + A[y, k]                            for k: with block(y, reduce(k)): ...

The nest stands before the outermost reduction loop and repeats the spatial loops inside that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import mul

from tvmlab.analysis.regions import excess
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Extent
from tvmlab.ir.conjuncts import conjunction, conjuncts
from tvmlab.ir.expr import Const, Expr, Var, binary
from tvmlab.ir.program import Block, For, If, Iter, Program, Seq, Stmt
from tvmlab.ir.walk import exprs_of, map_children, stmts, substitute_stmt, variables

Around = Mapping[Var, Extent]
"""The loops around a statement, and their extents."""


@dataclass
class _Start:
    """An init on its way out: its nest so far, and the reduction loops still around it."""

    nest: Stmt
    awaited: set[Var]
    renamed: dict[Var, Expr] = field(default_factory=dict)


def initialise(program: Program) -> Program:
    """The program with no `init` in any block."""
    body, left = _visit(program.body, {})
    assert not left, "an init waits for a loop that is not there"
    return program.with_body(body)


def _visit(stmt: Stmt, around: Around) -> tuple[Stmt, list[_Start]]:
    """`stmt` without inits, and those that belong in front of a loop further out."""
    if isinstance(stmt, Block):
        return (stmt, []) if stmt.init is None else _split(stmt, around)
    if isinstance(stmt, For):
        return _leave_loop(stmt, *_visit(stmt.body, {**around, stmt.var: stmt.extent}))
    starts: list[_Start] = []

    def inner(s: Stmt) -> Stmt:
        new, left = _visit(s, around)
        if isinstance(stmt, If):
            is_then = s is stmt.then
            for start in left:
                test = stmt.condition if is_then else ~stmt.condition
                start.nest = If(test, start.nest)
        starts.extend(left)
        return new

    return map_children(stmt, inner, lambda e: None), starts


def _leave_loop(loop: For, body: Stmt, starts: list[_Start]) -> tuple[Stmt, list[_Start]]:
    """Each init inside either passes the loop, with a copy of it, or is placed before it."""
    placed: list[Stmt] = []
    left: list[_Start] = []
    for start in starts:
        if loop.var not in start.awaited:
            copy = Var(loop.var.name)
            start.renamed[loop.var] = copy
            axis = loop.annotations if loop.kind == "bound" else ()
            start.nest = For(copy, loop.extent, start.nest, loop.kind, axis)
            left.append(start)
            continue
        start.awaited.discard(loop.var)
        if start.awaited:
            left.append(start)
        else:
            placed.append(substitute_stmt(start.nest, start.renamed))
    new: Stmt = loop.replace(body=body)
    return (Seq([*placed, new]) if placed else new), left


def _split(block: Block, around: Around) -> tuple[Stmt, list[_Start]]:
    """The block without its init, and its init as blocks over the spatial variables.

    Each result is started by a block of its own, so that each may become a register.
    """
    assert block.init is not None
    bound = _bound_by_init(block)
    reducing = {v for it, b in bound if it.is_reduce for v in variables(b)} & around.keys()
    spatial = {v for it, b in bound if not it.is_reduce for v in variables(b)}
    parts = conjuncts(block.where)
    is_mixed = bool(reducing & spatial) or any(
        variables(p) & reducing and variables(p) & spatial for p in parts
    )
    if is_mixed or _may_repeat(block, {v: around[v] for v in reducing}):
        return _guard_init(block), []
    starts = [
        Block(
            block.name,
            [it for it, _ in bound if not it.is_reduce],
            [b for it, b in bound if not it.is_reduce],
            conjunction(p for p in parts if not variables(p) & reducing),
            (),
            block.writes,
            None,
            first,
        )
        for first in (block.init.stmts if isinstance(block.init, Seq) else (block.init,))
    ]
    rest = block.replace(init=None, body=block.body)
    if not reducing:
        return Seq([*starts, rest]), []
    return rest, [_Start(start, set(reducing)) for start in starts]


def _bound_by_init(block: Block) -> list[tuple[Iter, Expr]]:
    """The reduction variables and the spatial ones that the init uses, with their bindings.

    Others only say where a shrunk operand begins, which may well follow a reduction loop.
    """
    assert block.init is not None
    used = {v for s in stmts(block.init) for e in exprs_of(s) for v in variables(e)}
    bound = zip(block.iters, block.bindings, strict=True)
    return [(it, b) for it, b in bound if it.is_reduce or it.var in used]


def _may_repeat(block: Block, loops: Around) -> bool:
    """Whether the loops may run a contribution twice, as those of a fused recomputation do.

    Each repetition starts anew then, and must find its init inside.
    """
    folded = [(it, b) for it, b in zip(block.iters, block.bindings, strict=True) if it.is_reduce]
    if excess(_count(loops.values()), _count(it.extent for it, _ in folded)) == (0, 0):
        return False
    return any(not isinstance(atom, Var) for _, b in folded for atom in linear(b, {}).terms)


def _count(extents: Iterable[Extent]) -> Extent:
    """The product of extents."""
    one: Extent = 1
    return reduce(mul, extents, one)


def _guard_init(block: Block) -> Block:
    """The init inside the body, run where every reduction variable is at its first value."""
    assert block.init is not None
    first = conjunction(
        binary("==", it.var, Const(0, it.var.dtype)) for it in block.iters if it.is_reduce
    )
    return block.replace(init=None, body=Seq([If(first, block.init), block.body]))
