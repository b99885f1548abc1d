"""LLVM's names for our types and literals.

A bool is `i1` as a value and a byte in memory. Signedness is a matter of instructions: `uint8` and
`int8` are both `i8`. Lanes of 1 mean a scalar.

A bfloat16 is its bits, an `i16`: LLVM's own `bfloat` calls a library function for each element on
processors without instructions for it, and those that have them flush subnormals to zero. As `i16`
it moves, shuffles and gathers at full speed everywhere, and `emit_bfloat16` converts it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache

from tvmlab.ir import bfloat16, dtypes

_SCALARS = {"bool": "i1", "float16": "half", "float32": "float", "float64": "double"}
_COMPUTED_IN = {"float16": "float32", "bfloat16": "float32"}
_INTRINSIC = {"half": "f16", "float": "f32", "double": "f64"}


def computed_in(dtype: str) -> str:
    """The dtype that arithmetic on `dtype` happens in, each operation rounded back to it."""
    return _COMPUTED_IN.get(dtype, dtype)


@cache
def value_type(dtype: str, lanes: int = 1) -> str:
    """The type of a value of `dtype`, e.g. `<16 x float>`."""
    scalar = _SCALARS.get(dtype) or f"i{dtypes.bits(dtype)}"
    return scalar if lanes == 1 else f"<{lanes} x {scalar}>"


@cache
def memory_type(dtype: str, lanes: int = 1) -> str:
    """The type of `dtype` in memory: as a value, but bool as bytes."""
    return value_type("uint8" if dtype == "bool" else dtype, lanes)


@cache
def suffix(dtype: str, lanes: int = 1) -> str:
    """The type as it ends an overloaded intrinsic's name, e.g. `v16f32`."""
    scalar = value_type(dtype)
    name = _INTRINSIC.get(scalar, scalar)
    return name if lanes == 1 else f"v{lanes}{name}"


@cache
def literal(value: int | float, dtype: str) -> str:
    """A constant of `dtype`, rounded to it once: floats are spelt by their bits."""
    if dtype == "bool":
        return "true" if value else "false"
    if dtype == "float64":
        return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"
    if dtype == "float32":
        return f"0x{struct.unpack('>Q', struct.pack('>d', _round32(value)))[0]:016X}"
    if dtype == "float16":
        return f"0xH{_bits16(value):04X}"
    if dtype == "bfloat16":
        return str(bfloat16.bits(value))
    return str(int(value))


def _round32(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _bits16(value: float) -> int:
    try:
        return int(struct.unpack(">H", struct.pack(">e", value))[0])
    except OverflowError:
        return 0x7C00 if value > 0 else 0xFC00


def splat_literal(value: int | float, dtype: str, lanes: int) -> str:
    """A constant with `value` in every lane."""
    text = literal(value, dtype)
    return text if lanes == 1 else f"splat ({value_type(dtype)} {text})"


def vector_literal(values: Iterable[int], dtype: str) -> str:
    """A constant vector, lane by lane."""
    scalar = value_type(dtype)
    return f"<{', '.join(f'{scalar} {literal(v, dtype)}' for v in values)}>"


@cache
def iota(start: int, lanes: int, dtype: str) -> str:
    """The constant vector start, start + 1, ..."""
    return vector_literal(range(start, start + lanes), dtype)


@cache
def first_lanes(active: int, lanes: int) -> str:
    """The constant mask of the first `active` lanes."""
    return vector_literal([int(i < active) for i in range(lanes)], "bool")
