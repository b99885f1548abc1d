"""Space for several: shared intermediates whose lives do not overlap lie in the same memory.

    S[x] = A[x]                          S[x] = A[x]
    ... S ...                            ... S ...
    T[x] = ...                  ->       S[x] = ...
    ... T ...                            ... S ...

A life is from the first to the last statement of a kernel that touches a buffer; whatever stands in
one loop lives as long as the loop. `tvmlab.lower.barriers` then keeps the one from being written
before the other was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from tvmlab.ir.axis import VIRTUAL_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr
from tvmlab.ir.kernel import is_kernel, outermost, touched
from tvmlab.ir.program import For, Invoke, Program, Seq, Stmt, Store
from tvmlab.ir.swizzle import placed
from tvmlab.ir.walk import rewrite, stmts


def share_space(program: Program) -> Program:
    """The program whose shared intermediates share space where they can."""
    for stmt in tuple(outermost(program.body)):
        if is_kernel(stmt):
            program = _in_kernel(program, stmt)
    return program


def _in_kernel(program: Program, kernel: Stmt) -> Program:
    parts = _parts(kernel)
    operands = {o.buffer for s in stmts(kernel) if isinstance(s, Invoke) for o in s.operands}
    space: list[tuple[list[Buffer], int]] = []  # buffers that share, and where the last one ends
    for first, last, buffer in sorted(_lives(program, parts), key=lambda life: life[0]):
        if buffer in operands:
            continue
        for n, (sharing, end) in enumerate(space):
            if end < first and sharing[0].dtype == buffer.dtype:
                space[n] = ([*sharing, buffer], last)
                break
        else:
            space.append(([buffer], last))
    for sharing, _ in space:
        if len(sharing) > 1:
            program = _merged(program, sharing)
    return program


def _parts(kernel: Stmt) -> tuple[Stmt, ...]:
    """The statements that a thread runs one after the other."""
    while isinstance(kernel, For) and axis_of(kernel) and axis_of(kernel) not in VIRTUAL_AXES:
        kernel = kernel.body
    return kernel.stmts if isinstance(kernel, Seq) else (kernel,)


def _lives(program: Program, parts: tuple[Stmt, ...]) -> Iterator[tuple[int, int, Buffer]]:
    """The first and the last part that touch each shared intermediate."""
    found = [{b for b, _ in touched(part)} for part in parts]
    for buffer in program.buffers:
        where = [n for n, inside in enumerate(found) if buffer in inside]
        if buffer.scope == "shared" and where:
            yield where[0], where[-1], buffer


def _merged(program: Program, sharing: list[Buffer]) -> Program:
    """The program whose buffers `sharing` are one, of the name of the first."""
    size = max(prod(b.extents) for b in sharing)
    space = Buffer(sharing[0].name, (size,), sharing[0].dtype, "shared")

    def flat(buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        total: Expr = Const(0, INDEX)
        for index, stride in zip(placed(buffer, indices), buffer.strides(), strict=True):
            total = total + index * stride
        return (total,)

    def on_expr(e: Expr) -> Expr | None:
        if isinstance(e, Load) and e.buffer in sharing:
            return Load(space, flat(e.buffer, e.indices))
        return None

    def on_stmt(s: Stmt) -> Stmt | None:
        if isinstance(s, Store) and s.buffer in sharing:
            return Store(space, flat(s.buffer, s.indices), s.value, s.source)
        return None

    buffers = [b for b in program.buffers if b not in sharing]
    body = rewrite(program.body, on_stmt, on_expr)
    return Program(program.name, program.params, program.outputs, (*buffers, space), body)
