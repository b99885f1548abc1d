"""Integer division and shifts, and which integers are indices.

Our `//` and `%` round towards minus infinity. The processor truncates, and traps on division by
zero and on overflow. So data of unknown divisor is divided by 1 where the true quotient is
undefined or wraps to the dividend itself.
"""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.local import Local
from tvmlab.targets.cpu.emit_context import Context, evaluate
from tvmlab.targets.cpu.emit_types import splat_literal, value_type


def is_index_arithmetic(cx: Context, expr: Expr) -> bool:
    """Whether a scalar is made of loop variables and constants only, so that it cannot overflow."""
    known = cx.is_index.get(id(expr))
    if known is None:
        if isinstance(expr, Binary):
            known = is_index_arithmetic(cx, expr.a) and is_index_arithmetic(cx, expr.b)
            known = known and expr.op in ("+", "-", "*", "//", "%")
            if expr.op in ("//", "%"):
                known = known and isinstance(expr.b, Const) and int(expr.b.value) > 0
        else:
            known = isinstance(expr, (Const, Var)) and not isinstance(expr, Local)
        cx.is_index[id(expr)] = known
    return known


def floor_division(cx: Context, expr: Binary) -> str:
    """`a // b` or `a % b` of integers."""
    lanes = cx.lanes(expr)
    dtype = expr.dtype
    kind = value_type(dtype, lanes)
    a, b = evaluate(cx, expr.a, lanes), evaluate(cx, expr.b, lanes)
    pure = cx.text.pure
    divisor = int(expr.b.value) if isinstance(expr.b, Const) else None
    if divisor is None:
        b = _divisible(cx, a, b, dtype, lanes)
    elif divisor == -1:
        zero = splat_literal(0, dtype, lanes)
        return pure(f"sub {kind} {zero}, {a}", (a,)) if expr.op == "//" else zero
    if dtype in dtypes.UNSIGNED:
        return pure(f"{'udiv' if expr.op == '//' else 'urem'} {kind} {a}, {b}", (a, b))
    if divisor is not None and divisor > 0 and divisor & (divisor - 1) == 0:
        if expr.op == "%":
            return pure(f"and {kind} {a}, {splat_literal(divisor - 1, dtype, lanes)}", (a,))
        shift = splat_literal(divisor.bit_length() - 1, dtype, lanes)
        return pure(f"ashr {kind} {a}, {shift}", (a,))
    return round_down(cx, expr.op, a, b, dtype, lanes)


def truncating_division(cx: Context, op: str, a: str, b: str, dtype: str, lanes: int) -> str:
    """`truncdiv(a, b)` (op "div") or `truncmod(a, b)` (op "rem"), as C divides."""
    b = _divisible(cx, a, b, dtype, lanes)
    sign = "u" if dtype in dtypes.UNSIGNED else "s"
    return cx.text.pure(f"{sign}{op} {value_type(dtype, lanes)} {a}, {b}", (a, b))


def shifted(cx: Context, expr: Binary, a: str, b: str) -> str:
    """`a << b` or `a >> b`; of an amount that is out of range, its lowest bits count."""
    lanes = cx.lanes(expr)
    dtype = expr.dtype
    kind = value_type(dtype, lanes)
    if not isinstance(expr.b, Const):  # what is undefined must not spread: it may be unwanted
        last = splat_literal(dtypes.bits(dtype) - 1, dtype, lanes)
        b = cx.text.pure(f"and {kind} {b}, {last}", (b,))
    right = "lshr" if dtype in dtypes.UNSIGNED else "ashr"
    return cx.text.pure(f"{'shl' if expr.op == '<<' else right} {kind} {a}, {b}", (a, b))


def round_down(cx: Context, op: str, a: str, b: str, dtype: str, lanes: int) -> str:
    """Truncating division mended where the remainder's sign is not the divisor's."""
    kind, masks = value_type(dtype, lanes), value_type("bool", lanes)
    zero = splat_literal(0, dtype, lanes)
    pure = cx.text.pure
    rest = pure(f"srem {kind} {a}, {b}", (a, b))
    signs = pure(f"xor {kind} {rest}, {b}", (rest, b))
    differ = pure(f"icmp slt {kind} {signs}, {zero}", (signs,))
    inexact = pure(f"icmp ne {kind} {rest}, {zero}", (rest,))
    mend = pure(f"and {masks} {differ}, {inexact}", (differ, inexact))
    if op == "%":
        moved = pure(f"add {kind} {rest}, {b}", (rest, b))
        return pure(f"select {masks} {mend}, {kind} {moved}, {kind} {rest}", (mend, moved, rest))
    quotient = pure(f"sdiv {kind} {a}, {b}", (a, b))
    less = pure(f"sext {masks} {mend} to {kind}", (mend,))
    return pure(f"add {kind} {quotient}, {less}", (quotient, less))


def _divisible(cx: Context, a: str, b: str, dtype: str, lanes: int) -> str:
    """The divisor, or 1 where dividing by it would trap: by 0, and the least value by -1."""
    kind, masks = value_type(dtype, lanes), value_type("bool", lanes)
    pure = cx.text.pure
    bad = pure(f"icmp eq {kind} {b}, {splat_literal(0, dtype, lanes)}", (b,))
    if dtype not in dtypes.UNSIGNED:
        least = splat_literal(int(dtypes.lowest(dtype)), dtype, lanes)
        is_least = pure(f"icmp eq {kind} {a}, {least}", (a,))
        negates = pure(f"icmp eq {kind} {b}, {splat_literal(-1, dtype, lanes)}", (b,))
        wraps = pure(f"and {masks} {is_least}, {negates}", (is_least, negates))
        bad = pure(f"or {masks} {bad}, {wraps}", (bad, wraps))
    one = splat_literal(1, dtype, lanes)
    return pure(f"select {masks} {bad}, {kind} {one}, {kind} {b}", (bad, b))
