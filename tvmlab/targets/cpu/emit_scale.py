"""Three instructions of AVX-512 that float algorithms are made of, for vectors that have them.

scalef(y, n)    y * 2^floor(n), rounded once, whatever n is: subnormal, 0 or infinity where they
                are due, NaN if one of them is
range(r, b)     r, or b with r's sign where that is nearer to zero; b if r is NaN
permvar(t, i)   of the lanes of a table that fills a register those of number i, modulo their
                number
"""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.targets.cpu.emit_lanes import Lanes
from tvmlab.targets.cpu.emit_types import literal, value_type

_LEAST_BITS, _MOST_BITS = 128, 512
_NEARER_ZERO = "2"  # imm8: the smaller absolute value of two, with the sign of the first
_CURRENT_ROUNDING = "4"  # _MM_FROUND_CUR_DIRECTION


def has_scale(v: Lanes) -> bool:
    """Whether the machine has them for these lanes."""
    sets = v.cx.machine.instruction_sets
    needed = {"AVX-512F", "AVX-512DQ"} | ({"AVX-512VL"} if _bits(v) < _MOST_BITS else set())
    return _bits(v) <= _MOST_BITS and needed <= set(sets)


def scaled(v: Lanes, y: str, n: str) -> str:
    """y * 2^floor(n)."""
    return _instruction(v, "scalef", y, n)


def nearer_zero(v: Lanes, r: str, bound: float) -> str:
    """r, or `bound` with its sign where that is nearer to zero; `bound` if r is NaN."""
    return _instruction(v, "range", r, v.number(bound), _NEARER_ZERO)


def table_size(v: Lanes) -> int:
    """The elements of a table."""
    return _MOST_BITS // dtypes.bits(v.dtype)


def looked_up(v: Lanes, table: list[float], numbers: str) -> str:
    """The elements of a table whose numbers are the lowest bits of integers."""
    size = table_size(v)
    kind, wholes = value_type(v.dtype, size), value_type(v.whole_dtype, size)
    scalar = value_type(v.dtype)
    elements = ", ".join([f"{scalar} {literal(x, v.dtype)}" for x in table])
    given = _filled(v, numbers, size, v.whole_dtype)
    name = f"llvm.x86.avx512.permvar.{'sf' if scalar == 'float' else 'df'}.{_MOST_BITS}"
    return _first(v, v.cx.text.call(kind, name, ((kind, f"<{elements}>"), (wholes, given))), size)


def _bits(v: Lanes) -> int:
    """The width of the register that holds the lanes."""
    return max(v.lanes * dtypes.bits(v.dtype), _LEAST_BITS)


def _instruction(v: Lanes, name: str, a: str, b: str, immediate: str = "") -> str:
    """`name` of two values, in the lanes of a register, of which the first are wanted."""
    bits, size = _bits(v), dtypes.bits(v.dtype)
    lanes = bits // size
    kind, masks = value_type(v.dtype, lanes), f"i{max(lanes, 8)}"
    arguments = [(kind, _filled(v, x, lanes, v.dtype)) for x in (a, b)]
    if immediate:
        arguments.append(("i32", immediate))
    arguments += [(kind, "zeroinitializer"), (masks, "-1")]
    if bits == _MOST_BITS:
        arguments.append(("i32", _CURRENT_ROUNDING))
    ending = f"{'ps' if size == 32 else 'pd'}.{bits}"
    full = f"llvm.x86.avx512.mask.{name}.{ending}"
    return _first(v, v.cx.text.call(kind, full, tuple(arguments)), lanes)


def _filled(v: Lanes, x: str, lanes: int, dtype: str) -> str:
    """The lanes of x, of `dtype`, as the first of a register's `lanes`."""
    if lanes == v.lanes:
        return x
    own, wide = value_type(dtype, v.lanes), value_type(dtype, lanes)
    if v.lanes == 1:
        return v.cx.text.pure(f"insertelement {wide} poison, {own} {x}, i64 0", (x,))
    return _picked(v, x, own, lanes)


def _first(v: Lanes, x: str, lanes: int) -> str:
    """The first lanes of a register's `lanes`."""
    if lanes == v.lanes:
        return x
    wide = value_type(v.dtype, lanes)
    if v.lanes == 1:
        return v.cx.text.pure(f"extractelement {wide} {x}, i64 0", (x,))
    return _picked(v, x, wide, v.lanes)


def _picked(v: Lanes, x: str, kind: str, lanes: int) -> str:
    """The lanes of x, of type `kind`, in a vector of `lanes`: as many as both have."""
    picks = ", ".join([f"i32 {n}" if n < v.lanes else "i32 poison" for n in range(lanes)])
    mask = f"<{lanes} x i32> <{picks}>"
    return v.cx.text.pure(f"shufflevector {kind} {x}, {kind} poison, {mask}", (x,))
