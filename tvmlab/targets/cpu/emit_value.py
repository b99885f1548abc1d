"""Expressions to values: arithmetic, comparisons, casts, selection; what `tvmlab.ir` says, exactly.

Scalars that are index arithmetic go to `emit_index`, functions to `emit_math`.
"""

from __future__ import annotations

from collections.abc import Callable

from tvmlab.analysis.numbers import is_number
from tvmlab.errors import TargetError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import SHIFTS, Binary, Call, Cast, Const, Expr, Ramp, Select, Var
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.operation import OPERATIONS
from tvmlab.ir.size import Size
from tvmlab.targets.cpu import emit_bfloat16
from tvmlab.targets.cpu.emit_compare import compare
from tvmlab.targets.cpu.emit_context import (
    Context,
    both,
    chunk_lanes,
    either,
    evaluate,
    negation,
    spread,
)
from tvmlab.targets.cpu.emit_index import index_value
from tvmlab.targets.cpu.emit_integer import floor_division, is_index_arithmetic, shifted
from tvmlab.targets.cpu.emit_math import function_value
from tvmlab.targets.cpu.emit_memory import load
from tvmlab.targets.cpu.emit_operation import operation_value
from tvmlab.targets.cpu.emit_types import computed_in, iota, literal, suffix, value_type

_FLOAT = {"+": "fadd contract", "-": "fsub contract", "*": "fmul contract", "/": "fdiv"}
_INTEGER = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor"}


def value(cx: Context, expr: Expr) -> str:
    """The value of `expr`: a scalar, or one of the chunk's lanes if it is a vector.

    Conditions that are decided come out as the scalar literals `true` and `false`.
    """
    return _FORMS.get(type(expr), _unknown)(cx, expr)


def _const(cx: Context, expr: Const) -> str:
    return literal(expr.value, expr.dtype)


def _variable(cx: Context, expr: Var) -> str:
    return str(index_value(cx, expr))


def _local(cx: Context, expr: Local) -> str:
    at = expr, cx.chunk.start
    return cx.named[at] if at in cx.named else cx.named[expr, 0]


def _slice(cx: Context, expr: Slice) -> str:
    """Lanes of a named vector; a tree's never stand astride two of its machine vectors."""
    assert isinstance(expr.value, Local), "lanes are taken of named vectors"
    wanted = cx.lanes(expr)
    at = expr.start + (cx.chunk.start if expr.lanes > 1 else 0)
    first = at // cx.vector_lanes * cx.vector_lanes
    vector = cx.named[expr.value, first]
    held = chunk_lanes(expr.value.lanes, first, cx.vector_lanes)
    kind, at = value_type(expr.dtype, held), at - first
    if wanted == 1:
        return cx.text.pure(f"extractelement {kind} {vector}, i64 {at}", (vector,))
    if wanted == held:
        return vector
    lanes = ", ".join(f"i32 {at + n}" for n in range(wanted))
    return cx.text.pure(
        f"shufflevector {kind} {vector}, {kind} poison, <{wanted} x i32> <{lanes}>", (vector,)
    )


def _ramp(cx: Context, expr: Ramp) -> str:
    lanes = cx.chunk.lanes
    base = spread(cx, evaluate(cx, expr.base, 1), expr.dtype, lanes)
    kind, steps = value_type(expr.dtype, lanes), iota(cx.chunk.start, lanes, expr.dtype)
    return cx.text.pure(f"add {kind} {base}, {steps}", (base,))


def _binary(cx: Context, expr: Binary) -> str:
    lanes = cx.lanes(expr)
    if expr.op in ("and", "or"):
        join = both if expr.op == "and" else either
        a, b = (evaluate(cx, e, lanes) for e in (expr.a, expr.b))
        return join(cx, a, b, lanes)
    if expr.dtype == "bool" and expr.op not in ("min", "max"):
        return compare(cx, expr)
    if lanes == 1 and expr.dtype == dtypes.INDEX and is_index_arithmetic(cx, expr):
        return str(index_value(cx, expr))
    if expr.op in ("//", "%"):
        return floor_division(cx, expr)
    if expr.op in ("+", "-") and dtypes.is_float(expr.dtype) and cx.machine.has_fma:
        fused = _multiply_add(cx, expr, lanes)
        if fused is not None:
            return fused
    a, b = evaluate(cx, expr.a, lanes), evaluate(cx, expr.b, lanes)
    if expr.op in SHIFTS:
        return shifted(cx, expr, a, b)
    if expr.op in ("min", "max"):
        numbers = [is_number(e, cx.numbers) for e in (expr.a, expr.b)]
        if numbers[0] or (isinstance(expr.a, Load) and not numbers[1]):
            a, b = (
                b,
                a,
            )  # NaN is looked for in the first: better not in an accumulator, which is late
        if lanes > 1 and any(numbers) and expr.dtype in ("float32", "float64"):
            return _extreme_of_number(cx, expr.op, a, b, expr.dtype, lanes)
    return arithmetic(cx, expr.op, a, b, expr.dtype, lanes)


def arithmetic(cx: Context, op: str, a: str, b: str, dtype: str, lanes: int) -> str:
    """`a op b` for + - * / min max & | ^ on values of `dtype`."""
    work = computed_in(dtype)
    if work != dtype:  # and then rounded: one rounding an operation
        a, b = (convert(cx, v, dtype, work, lanes) for v in (a, b))
        return convert(cx, arithmetic(cx, op, a, b, work, lanes), work, dtype, lanes)
    if op in ("min", "max"):
        return _extreme(cx, op, a, b, dtype, lanes)
    table = _FLOAT if dtypes.is_float(dtype) else _INTEGER
    return cx.text.pure(f"{table[op]} {value_type(dtype, lanes)} {a}, {b}", (a, b))


def _extreme(cx: Context, op: str, a: str, b: str, dtype: str, lanes: int) -> str:
    if dtype == "bool":
        return (both if op == "min" else either)(cx, a, b, lanes)
    kind, ending = value_type(dtype, lanes), suffix(dtype, lanes)
    operands = ((kind, a), (kind, b))
    if dtypes.is_float(dtype):
        # Not minnum and maxnum: LLVM 22's vectorizer drops the last iterations of their reductions.
        return cx.text.call(kind, f"llvm.{op}imumnum.{ending}", operands, flags="nsz")
    return cx.text.call(
        kind, f"llvm.{'u' if dtype in dtypes.UNSIGNED else 's'}{op}.{ending}", operands
    )


def _extreme_of_number(cx: Context, op: str, a: str, b: str, dtype: str, lanes: int) -> str:
    """The same of a vector and one that is never NaN, by a comparison: one instruction on x86."""
    kind, tests = value_type(dtype, lanes), value_type("bool", lanes)
    test = cx.text.pure(f"fcmp {'olt' if op == 'min' else 'ogt'} {kind} {a}, {b}", (a, b))
    return cx.text.pure(f"select {tests} {test}, {kind} {a}, {kind} {b}", (test, a, b))


def _multiply_add(cx: Context, expr: Binary, lanes: int) -> str | None:
    """`a * b + c` and its variants in one instruction; None if no side is a product."""
    product, other, is_left = expr.a, expr.b, True
    if not _is_product(product):
        product, other, is_left = expr.b, expr.a, False
    if not isinstance(product, Binary) or not _is_product(product):
        return None
    dtype = expr.dtype
    a, b = evaluate(cx, product.a, lanes), evaluate(cx, product.b, lanes)
    c = evaluate(cx, other, lanes)
    work = computed_in(dtype)
    a, b, c = (convert(cx, v, dtype, work, lanes) for v in (a, b, c))
    kind = value_type(work, lanes)
    if expr.op == "-":
        if is_left:
            c = cx.text.pure(f"fneg {kind} {c}", (c,))
        else:
            a = cx.text.pure(f"fneg {kind} {a}", (a,))
    name = f"llvm.fma.{suffix(work, lanes)}"
    fused = cx.text.call(kind, name, ((kind, a), (kind, b), (kind, c)))
    return convert(cx, fused, work, dtype, lanes)


def _is_product(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.op == "*"


def _select(cx: Context, expr: Select) -> str:
    lanes = cx.lanes(expr)
    condition = value(cx, expr.condition)
    if condition in ("true", "false"):
        return evaluate(cx, expr.a if condition == "true" else expr.b, lanes)
    test_lanes = cx.lanes(expr.condition)
    outside = cx.mask, cx.mask_lanes
    _narrow(cx, condition, test_lanes)
    a = evaluate(cx, expr.a, lanes)
    cx.mask, cx.mask_lanes = outside
    if not isinstance(expr.b, Const):
        _narrow(cx, negation(cx, condition, test_lanes), test_lanes)
    b = evaluate(cx, expr.b, lanes)
    cx.mask, cx.mask_lanes = outside
    if a == b:
        return a
    kind, test = value_type(expr.dtype, lanes), value_type("bool", test_lanes)
    return cx.text.pure(f"select {test} {condition}, {kind} {a}, {kind} {b}", (condition, a, b))


def _narrow(cx: Context, condition: str, lanes: int) -> None:
    """Let the mask hold only where `condition` does as well."""
    joint = max(lanes, cx.mask_lanes)
    mask = spread(cx, cx.mask, "bool", joint) if cx.mask_lanes < joint else cx.mask
    test = spread(cx, condition, "bool", joint) if lanes < joint else condition
    cx.mask = both(cx, mask, test, joint)
    cx.mask_lanes = 1 if cx.mask in ("true", "false") else joint


def set_mask(cx: Context, conditions: tuple[Expr, ...]) -> bool:
    """Set the mask to the conjunction of `conditions`; False if it holds nowhere."""
    cx.mask, cx.mask_lanes = "true", 1
    for condition in conditions:
        _narrow(cx, value(cx, condition), cx.lanes(condition))
    return cx.mask != "false"


def _cast(cx: Context, expr: Cast) -> str:
    return convert(cx, value(cx, expr.value), expr.value.dtype, expr.dtype, cx.lanes(expr))


def convert(cx: Context, text: str, source: str, target: str, lanes: int) -> str:
    """`text`, a value of dtype `source`, as one of dtype `target`."""
    if source == target:
        return text
    if lanes > 1 and text in ("true", "false"):
        text = f"splat (i1 {text})"
    if "bfloat16" in (source, target):
        return _by_way_of_bfloat16(cx, text, source, target, lanes)
    before, after = value_type(source, lanes), value_type(target, lanes)
    if before == after:
        return text  # int8 and uint8 have the same bits
    if target == "bool":
        zero = "zeroinitializer" if lanes > 1 else literal(0, source)
        test = "fcmp une" if dtypes.is_float(source) else "icmp ne"
        return cx.text.pure(f"{test} {before} {text}, {zero}", (text,))
    return cx.text.pure(f"{_conversion(source, target)} {before} {text} to {after}", (text,))


def _by_way_of_bfloat16(cx: Context, text: str, source: str, target: str, lanes: int) -> str:
    if source == "bfloat16":
        wide = emit_bfloat16.widen(cx, text, lanes)
        return convert(cx, wide, "float32", target, lanes)
    if source in ("int64", "uint64"):
        text = emit_bfloat16.sticky(cx, text, source, lanes)
    between = emit_bfloat16.through(source)
    wide = convert(cx, text, source, between, lanes)
    return emit_bfloat16.narrow(cx, wide, between, lanes)


def _conversion(source: str, target: str) -> str:
    is_unsigned = source == "bool" or source in dtypes.UNSIGNED
    wider = dtypes.bits(target) > dtypes.bits(source)
    if dtypes.is_float(source):
        if dtypes.is_float(target):
            return "fpext" if wider else "fptrunc"
        return "fptoui" if target in dtypes.UNSIGNED else "fptosi"
    if dtypes.is_float(target):
        return "uitofp" if is_unsigned else "sitofp"
    if source == "bool" or wider:
        return "zext" if is_unsigned else "sext"
    return "trunc"


def _call(cx: Context, expr: Call) -> str:
    if expr.function in OPERATIONS:
        return operation_value(cx, expr)
    lanes = cx.lanes(expr)
    arguments = [evaluate(cx, a, lanes) for a in expr.args]
    work = computed_in(expr.dtype)
    wide = [convert(cx, a, expr.dtype, work, lanes) for a in arguments]
    result = function_value(cx, expr.function, wide, work, lanes)
    return convert(cx, result, work, expr.dtype, lanes)


def _unknown(cx: Context, expr: Expr) -> str:
    raise TargetError(
        f"Emitting for target cpu stopped at {expr!r}, which it cannot express; "
        "this is a defect of tvmlab, please report it with the program."
    )


_FORMS: dict[type[Expr], Callable[..., str]] = {
    Const: _const,
    Size: _variable,
    Var: _variable,
    Local: _local,
    Ramp: _ramp,
    Slice: _slice,
    Binary: _binary,
    Select: _select,
    Cast: _cast,
    Call: _call,
    Load: load,
}
