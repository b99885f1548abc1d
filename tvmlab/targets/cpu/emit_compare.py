"""Comparisons; those of index vectors become a comparison of lane numbers with one scalar."""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ir.expr import Binary, Const, Expr, Ramp, fold
from tvmlab.targets.cpu.emit_bfloat16 import widen
from tvmlab.targets.cpu.emit_context import Context, evaluate
from tvmlab.targets.cpu.emit_index import combine, index_value
from tvmlab.targets.cpu.emit_integer import is_index_arithmetic
from tvmlab.targets.cpu.emit_types import value_type, vector_literal

_FLOAT = {"==": "oeq", "!=": "une", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}
_SIGNED = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_UNSIGNED = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_STEEP = 1 << 16
"""Steps from lane to lane for which 32 bits hold all lanes."""
_FAR = 1 << 30
"""More than lanes reach: bounds beyond it are all the same."""


def compare(cx: Context, expr: Binary) -> str:
    """`a op b` as a condition; `true` or `false` where it is decided."""
    if expr.a.dtype == dtypes.INDEX:
        if expr.lanes == 1:
            if all(is_index_arithmetic(cx, e) for e in (expr.a, expr.b)):
                return _compare_indices(cx, expr)
        else:
            decided = _compare_lanes(cx, expr)
            if decided is not None:
                return decided
    lanes = cx.lanes(expr)
    a, b = evaluate(cx, expr.a, lanes), evaluate(cx, expr.b, lanes)
    dtype = expr.a.dtype
    if dtype == "bfloat16":
        a, b = (widen(cx, v, lanes) for v in (a, b))
        dtype = "float32"
    kind = value_type(dtype, lanes)
    if dtypes.is_float(dtype):
        return cx.text.pure(f"fcmp {_FLOAT[expr.op]} {kind} {a}, {b}", (a, b))
    table = _UNSIGNED if dtype == "bool" or dtype in dtypes.UNSIGNED else _SIGNED
    return cx.text.pure(f"icmp {table[expr.op]} {kind} {a}, {b}", (a, b))


def _compare_indices(cx: Context, expr: Binary) -> str:
    a, b = index_value(cx, expr.a), index_value(cx, expr.b)
    if isinstance(a, int) and isinstance(b, int):
        return "true" if _holds(expr.op, a, b) else "false"
    return cx.text.pure(f"icmp {_SIGNED[expr.op]} i64 {a}, {b}", (str(a), str(b)))


def _holds(op: str, a: int, b: int) -> bool:
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def _compare_lanes(cx: Context, expr: Binary) -> str | None:
    """`x + n * lane op y` as `n * lane op y - x`, in 32 bits; None for any other form."""
    left, right = _lane_form(cx, expr.a), _lane_form(cx, expr.b)
    if left is None or right is None or not 1 <= abs(left[1] - right[1]) <= _STEEP:
        return None
    op = expr.op
    if left[1] < right[1]:
        left, right, op = right, left, _MIRRORED[op]
    step = left[1] - right[1]
    bound = combine(cx, "-", index_value(cx, right[0]), index_value(cx, left[0]))
    start, lanes = cx.chunk.start, cx.chunk.lanes
    if isinstance(bound, int):
        here = range(start, start + cx.chunk.active)
        holds = [_holds(op, step * lane, bound) for lane in here]
        if all(holds) or not any(holds):
            return "true" if holds[0] else "false"
        return vector_literal([int(h) for h in holds] + [0] * (lanes - len(holds)), "bool")
    near = cx.text.call("i64", "llvm.smin.i64", (("i64", bound), ("i64", str(_FAR))))
    near = cx.text.call("i64", "llvm.smax.i64", (("i64", near), ("i64", str(-_FAR))))
    short = cx.text.pure(f"trunc i64 {near} to i32", (near,))
    kind = value_type("int32", lanes)
    first = cx.text.pure(f"insertelement {kind} poison, i32 {short}, i64 0", (short,))
    spread = cx.text.pure(
        f"shufflevector {kind} {first}, {kind} poison, {kind} zeroinitializer", (first,)
    )
    places = vector_literal([step * n for n in range(start, start + lanes)], "int32")
    return cx.text.pure(f"icmp {_SIGNED[op]} {kind} {places}, {spread}", (spread,))


def _lane_form(cx: Context, expr: Expr) -> tuple[Expr, int] | None:
    """`(x, n)` if `expr` is `x + n * lane` with x plain index arithmetic."""
    if isinstance(expr, Ramp):
        base, step = expr.base, 1
    elif isinstance(expr, Binary) and expr.lanes > 1 and expr.op in ("+", "-", "*"):
        return _combined_form(expr.op, _lane_form(cx, expr.a), _lane_form(cx, expr.b))
    else:
        base, step = expr, 0
    if isinstance(base, Const) or (base.lanes == 1 and is_index_arithmetic(cx, base)):
        return base, step
    return None


def _combined_form(
    op: str, a: tuple[Expr, int] | None, b: tuple[Expr, int] | None
) -> tuple[Expr, int] | None:
    """The form of a sum, a difference, or a product with a number."""
    if a is None or b is None:
        return None
    if op != "*":
        return fold(op, a[0], b[0]), a[1] + b[1] if op == "+" else a[1] - b[1]
    if isinstance(b[0], Const) and b[1] == 0:
        return fold("*", a[0], b[0]), a[1] * int(b[0].value)
    return None
