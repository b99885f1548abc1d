"""A printed instruction, `fused_gemm8x8_add(C[...], A[...], B[...])`, read back with what it does.

The text names the first element of each operand; the declaration of the instruction says how many
there are, and which loops over them do the same.
"""

from __future__ import annotations

import ast

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.instruction import INSTRUCTIONS, Instruction
from tvmlab.ir.parse_expr import Scope, fail
from tvmlab.ir.program import For, Invoke, Region, Stmt, Store
from tvmlab.ir.walk import rewrite


def parse_invoke(node: ast.stmt, scope: Scope) -> Invoke | None:
    """The instruction executed by a statement; None where it is no call of a name.

    Raises:
        ParseError: no such instruction, or operands that are not its own.
    """
    call = node.value if isinstance(node, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and not call.keywords):
        return None
    name = call.func.id
    known = {i.update: i for i in INSTRUCTIONS.values()} | {
        i.start: i for i in INSTRUCTIONS.values() if i.start
    }
    instruction = known.get(name)
    if instruction is None:
        listed = ", ".join(known) or "none, as no module that declares one was imported"
        raise fail(node, f"there is no instruction {name!r}; there are {listed}")
    *inputs, result = instruction.program.params
    is_update = name == instruction.update
    declared = [result, *inputs] if is_update else [result]
    if len(call.args) != len(declared):
        raise fail(node, f"{name} takes {len(declared)} operand(s), not {len(call.args)}")
    operands: dict[Buffer, Region] = {}
    for pattern, argument in zip(declared, call.args, strict=True):
        if not isinstance(argument, ast.Subscript):
            raise fail(node, f"an operand of {name} is its first element, such as C[vy * 8, 0]")
        buffer, starts = scope.access(argument)
        extra = len(starts) - len(pattern.shape)
        if extra < 0 or buffer.dtype != pattern.dtype:
            raise fail(
                node,
                f"{name} takes a {pattern.dtype} operand of {len(pattern.shape)} dimensions where "
                f"{buffer.name} stands",
            )
        extents = (*(1 for _ in range(extra)), *pattern.shape)
        operands[pattern] = Region(buffer, list(zip(starts, extents, strict=True)))
    return Invoke(name, operands.values(), _body(instruction, operands, is_update))


def _body(instruction: Instruction, operands: dict[Buffer, Region], is_update: bool) -> Stmt:
    """The instruction's loops, in the order in which it is written out, on these operands."""
    block = instruction.block
    body = block.body if is_update else block.init
    assert body is not None, f"{instruction.name} has a start and no init"
    axes = {
        loop.var.name: (it, loop)
        for loop, it in zip(instruction.loops, block.iters, strict=True)
    }  # fmt: skip
    loops: list[For] = []
    values: dict[Var, Expr] = {}
    for axis, kind in instruction.order:
        it, loop = axes[axis]
        if is_update or not it.is_reduce:
            loops.append(For(Var(axis), loop.extent, body, kind))
            values[it.var] = loops[-1].var

    def placed(buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[Buffer, tuple[Expr, ...]]:
        starts = [start for start, _ in operands[buffer].bounds]
        extra = len(starts) - len(indices)
        inner = tuple(s + i for s, i in zip(starts[extra:], indices, strict=True))
        return operands[buffer].buffer, (*starts[:extra], *inner)

    def on_expr(e: Expr) -> Expr | None:
        if isinstance(e, Var):
            return values.get(e)
        return Load(*placed(e.buffer, e.indices)) if isinstance(e, Load) else None

    def on_stmt(s: Stmt) -> Stmt | None:
        if not isinstance(s, Store):
            return None
        buffer, indices = placed(s.buffer, s.indices)
        return Store(buffer, indices, s.value, s.source)

    nest = rewrite(body, on_stmt, on_expr)
    for loop in reversed(loops):
        nest = loop.replace(body=nest)
    return nest
