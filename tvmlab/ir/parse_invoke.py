"""A printed instruction, `fused_gemm8x8_add(C[...], A[...], B[...])`, read back with what it does.

The text names the first element of each operand; the declaration of the instruction says how many
there are, and which loops over them do the same.
"""

from __future__ import annotations

import ast

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.instruction import INSTRUCTIONS
from tvmlab.ir.parse_expr import Scope, fail
from tvmlab.ir.program import Invoke, Region


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
    is_update = name == instruction.update
    declared = instruction.operands if is_update else instruction.operands[:1]
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
    invoked = instruction.execution(operands) if is_update else instruction.beginning(operands)
    assert invoked is not None, f"{instruction.name} has a start and no init"
    return invoked
