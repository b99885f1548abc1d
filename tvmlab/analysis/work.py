"""What a program must do at least, counted on the naive program, so that no schedule changes it.

What it does with constants alone is done once, and no call of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from tvmlab.analysis.constant_part import halves
from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import is_float
from tvmlab.ir.expr import COMPARISONS, Binary, Call, Cast, Expr, Select
from tvmlab.ir.local import Local
from tvmlab.ir.program import Block, If, Let, Program, Stmt, Store
from tvmlab.ir.shapes import sizes_of
from tvmlab.ir.walk import blocks, sub_stmts


@dataclass(frozen=True)
class Work:
    """What one call of a workload does at least.

    Attributes:
        flops: operations on elements, a multiply-add counted as two.
        size_bytes: bytes of all inputs and outputs, each counted once; where only something made
            of a constant is needed, the lesser of the two.
        constants: the inputs that are the same at every call.
    """

    flops: float
    size_bytes: float
    constants: tuple[str, ...] = ()

    @property
    def left_out(self) -> str:
        """What the time of a call is without, in words; empty where it is all there is."""
        names = " and ".join(self.constants)
        return f"without what is made of {names} once" if names else ""


def work_of(program: Program) -> Work:
    """Operations on elements and bytes of parameters, for one call.

    Each arithmetic operation, comparison of elements and function call counts one, so a
    multiply-add counts two; index arithmetic, casts and selections count nothing.

    Raises:
        UsageError: the shapes are over sizes, on which the work depends.
    """
    if sizes := sizes_of(program):
        names = ", ".join(s.name for s in sizes)
        raise UsageError(
            f"how much {program.name} does depends on {names}; give them values, as in "
            f"t.specialise(s, {sizes[0].name}=1024)."
        )
    constants = tuple(b.name for b in program.params if b.constant)
    parts = halves(program)
    if parts is not None:
        program = parts.rest
    flops = sum(operations(block) * _instances(block) for block in blocks(program.body))
    size_bytes = _bytes(program.params)
    if parts is not None:
        gone = [b for b in parts.constants if b not in program.params]
        size_bytes -= max(0, _bytes(parts.kept) - _bytes(gone))
    return Work(float(flops), float(size_bytes), constants)


def _bytes(buffers: Iterable[Buffer]) -> int:
    return sum(b.size_bytes for b in buffers)


@lru_cache(maxsize=4096)
def operations(block: Block) -> int:
    """Operations on elements that one instance of `block` makes."""
    return _in_stmt(block.body)


def _instances(block: Block) -> int:
    return prod(it.extent if isinstance(it.extent, int) else 1 for it in block.iters)


def _in_stmt(stmt: Stmt) -> int:
    own = _in_expr(stmt.value) if isinstance(stmt, (Store, Let)) else 0
    if isinstance(stmt, If):
        own += _in_expr(stmt.condition)
    return own + sum(_in_stmt(below) for below in sub_stmts(stmt))


def _in_expr(expr: Expr) -> int:
    if isinstance(expr, Binary):
        counts = _is_arithmetic(expr)
        return counts + _in_expr(expr.a) + _in_expr(expr.b)
    if isinstance(expr, Call):
        return 1 + sum(map(_in_expr, expr.args))
    if isinstance(expr, Select):
        return _in_expr(expr.condition) + _in_expr(expr.a) + _in_expr(expr.b)
    return _in_expr(expr.value) if isinstance(expr, Cast) else 0


def _is_arithmetic(expr: Binary) -> bool:
    """Whether an operation works on elements: indices are int64 without a load below."""
    if expr.op in COMPARISONS:
        return is_float(expr.a.dtype) or _loads(expr)
    return is_float(expr.dtype) or _loads(expr)


def _loads(expr: Expr) -> bool:
    """Whether an element is read or named below `expr`, indices of loads aside."""
    if isinstance(expr, (Load, Local)):
        return True
    if isinstance(expr, Binary):
        return _loads(expr.a) or _loads(expr.b)
    if isinstance(expr, Call):
        return any(map(_loads, expr.args))
    if isinstance(expr, Cast):
        return _loads(expr.value)
    return isinstance(expr, Select) and (_loads(expr.a) or _loads(expr.b))
