"""Structural equality and hashing, of expressions exactly and of programs up to names.

Two programs are equal if one becomes the other by renaming loop variables, iteration variables
and buffers. Block names count, because steps refer to them.
"""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import sha256

from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Ramp, Select, Var
from tvmlab.ir.local import Slice
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
    Program,
    Region,
    Seq,
    Stmt,
    Store,
)
from tvmlab.ir.size import Size
from tvmlab.ir.walk import operands

Key = Hashable
Names = dict[Var | Buffer, int]


def expr_key(e: Expr, names: Names | None = None) -> Key:
    """A hashable value equal for structurally equal expressions.

    Variables and buffers count by identity, or by their number in `names`.
    """
    if isinstance(e, Var):
        return ("v", _name(e, names))
    if isinstance(e, Const):
        return ("c", e.dtype, repr(e.value))
    below = tuple([expr_key(o, names) for o in operands(e)])
    if isinstance(e, Binary):
        return ("b", e.op, *below)
    if isinstance(e, Load):
        return ("l", _name(e.buffer, names), *below)
    if isinstance(e, Call):
        return ("f", e.function, *below)
    if isinstance(e, Cast):
        return ("t", e.dtype, *below)
    if isinstance(e, Select):
        return ("s", *below)
    if isinstance(e, Slice):
        return ("x", e.start, e.lanes, *below)
    assert isinstance(e, Ramp)
    return ("r", e.lanes, *below)


def _name(node: Var | Buffer, names: Names | None) -> int:
    if names is None:
        return id(node)
    return names.setdefault(node, len(names))


def same(a: Expr, b: Expr) -> bool:
    """Whether two expressions are structurally equal."""
    return a is b or expr_key(a) == expr_key(b)


def _extent_key(extent: Extent, names: Names) -> Key:
    return extent if isinstance(extent, int) else expr_key(extent, names)


def _buffer_key(buffer: Buffer, names: Names) -> Key:
    shape = tuple([_extent_key(s, names) for s in buffer.shape])
    return (
        _name(buffer, names),
        shape,
        buffer.dtype,
        buffer.scope,
        buffer.alignments,
        buffer.finite,
        buffer.constant,
        buffer.swizzle,
    )


def _region_key(region: Region, names: Names) -> Key:
    bounds = tuple([(expr_key(s, names), _extent_key(x, names)) for s, x in region.bounds])
    return (_name(region.buffer, names), bounds)


def _stmt_key(s: Stmt, names: Names) -> Key:
    if isinstance(s, For):
        extent = _extent_key(s.extent, names)
        head = ("for", _name(s.var, names), extent, s.kind, s.annotations)
        return (*head, _stmt_key(s.body, names))
    if isinstance(s, Seq):
        return ("seq", *[_stmt_key(x, names) for x in s.stmts])
    if isinstance(s, Store):
        indices = tuple([expr_key(i, names) for i in s.indices])
        return ("store", _name(s.buffer, names), indices, expr_key(s.value, names))
    if isinstance(s, If):
        otherwise = _stmt_key(s.otherwise, names) if s.otherwise is not None else None
        return ("if", expr_key(s.condition, names), _stmt_key(s.then, names), otherwise)
    if isinstance(s, Prefetch):
        indices = tuple([expr_key(i, names) for i in s.indices])
        return ("prefetch", _name(s.buffer, names), indices)
    if isinstance(s, Barrier):
        return ("barrier", s.pending, *[_name(b, names) for b in s.buffers])
    if isinstance(s, Commit):
        return ("commit",)
    if isinstance(s, Invoke):
        operands = tuple([_region_key(o, names) for o in s.operands])
        return ("invoke", s.name, operands, _stmt_key(s.body, names))
    if isinstance(s, Let):
        value = expr_key(s.value, names)
        return ("let", _name(s.var, names), value, _stmt_key(s.body, names))
    if isinstance(s, Allocate):
        return ("allocate", _buffer_key(s.buffer, names), _stmt_key(s.body, names))
    assert isinstance(s, Block)
    iters = tuple([(_name(i.var, names), _extent_key(i.extent, names), i.kind) for i in s.iters])
    return (
        "block",
        s.name,
        tuple([expr_key(b, names) for b in s.bindings]),
        iters,
        expr_key(s.where, names),
        tuple([_region_key(r, names) for r in s.reads]),
        tuple([_region_key(r, names) for r in s.writes]),
        _stmt_key(s.init, names) if s.init is not None else None,
        _stmt_key(s.body, names),
    )


def program_key(program: Program) -> Key:
    """A hashable value equal for programs that are equal up to names."""
    names: Names = {}
    params = tuple([_buffer_key(b, names) for b in program.params])
    buffers = tuple([_buffer_key(b, names) for b in program.buffers])
    key = (params, program.outputs, buffers, _stmt_key(program.body, names))
    bounds = [(v.low, v.high) for v in names if isinstance(v, Size)]
    return (*key, tuple(bounds)) if bounds else key


def equal(a: Program, b: Program) -> bool:
    """Whether two programs are equal up to names."""
    return program_key(a) == program_key(b)


def structural_hash(program: Program) -> str:
    """A hexadecimal hash, the same in every process, equal for programs equal up to names."""
    return sha256(repr(program_key(program)).encode()).hexdigest()[:32]
