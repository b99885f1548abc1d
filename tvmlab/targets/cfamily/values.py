"""Expressions as text: one scalar at a time, of a vector the lane that is being printed.

Integers wrap around, which C leaves undefined for signed ones: those of data are calculated
unsigned. Indices never overflow; where 32 bits hold all their values they are calculated in `int`.
"""

from __future__ import annotations

from math import inf, isinf, isnan

import numpy as np

from tvmlab.arith import Interval, bounds, simplify
from tvmlab.arith.simplify import linear
from tvmlab.arith.undigited import undigited
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import (
    COMPARISONS,
    LOGICAL,
    Binary,
    Call,
    Cast,
    Const,
    Expr,
    Ramp,
    Select,
    Var,
)
from tvmlab.ir.local import Local, Slice
from tvmlab.ir.operation import spelled
from tvmlab.ir.shuffle import is_shuffle
from tvmlab.ir.swizzle import placed
from tvmlab.ir.walk import exprs, rewrite_expr
from tvmlab.targets.cfamily.dialect import Dialect
from tvmlab.targets.cfamily.names import Names

ATOM, UNARY, CHOICE = 100, 90, 10
_LEVELS = {
    "*": 80, "/": 80, "//": 80, "%": 80, "+": 70, "-": 70, "<<": 65, ">>": 65,
    "<": 60, "<=": 60, ">": 60, ">=": 60, "==": 55, "!=": 55,
    "&": 50, "^": 45, "|": 40, "and": 35, "or": 30,
}  # fmt: skip
_WORDS = {"and": "&&", "or": "||", "//": "/"}
_INT = 2**31 - 1

Text = tuple[str, int]
"""An expression's text and how tightly it holds together."""


class Values:
    """Prints the expressions of one kernel.

    Attributes:
        dialect: the language.
        names: those of the kernel.
        ranges: the values of loop variables and sizes.
        lane: which lane of vectors is meant.
        loaded: vector loads that have been done: the variable and the lane it begins with.
        helpers: the helper functions that the text so far calls, by name.
    """

    def __init__(self, dialect: Dialect, names: Names, ranges: dict[Var, Interval]) -> None:
        self.dialect = dialect
        self.names = names
        self.ranges = ranges
        self.lane: Expr = Const(0, INDEX)
        self.loaded: dict[int, tuple[str, int]] = {}
        self.helpers: dict[str, str] = {}

    def text(self, e: Expr, at_least: int = 0) -> str:
        """The text of `e`, in parentheses if it holds together less than `at_least`."""
        said, level = self._text(e)
        return said if level >= at_least else f"({said})"

    def type_of(self, e: Expr) -> str:
        """The C type that an expression is calculated in."""
        return "int" if self.is_narrow(e) else self.dialect.type_of(e.dtype)

    def is_narrow(self, e: Expr) -> bool:
        """Whether an index and all on the way to it fit 32 bits."""
        return e.dtype == INDEX and all(
            not isinstance(x, (Load, Call, Cast, Local, Slice))
            and (x.dtype != INDEX or self._fits(x))
            for x in exprs(e)
        )

    def _fits(self, e: Expr) -> bool:
        low, high = bounds(self.at_lane(e), self.ranges)
        return low >= -_INT and high <= _INT

    def at_lane(self, e: Expr) -> Expr:
        """An index in the lane that is meant, which locals apart is a scalar."""

        def on_expr(x: Expr) -> Expr | None:
            return x.base + self.lane if isinstance(x, Ramp) else None

        return rewrite_expr(e, on_expr) if e.lanes > 1 else e

    def offset(self, buffer: Buffer, indices: tuple[Expr, ...]) -> Expr:
        """The place of an element in its buffer, of the lane that is meant."""
        total: Expr = Const(0, INDEX)
        for index, stride in zip(self._placed(buffer, indices), buffer.strides(), strict=True):
            total = total + index * stride
        flat = linear(total, self.ranges)
        joined = undigited(flat, self.ranges)
        return simplify(total if joined is flat else joined.expr(), self.ranges)

    def _placed(self, buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return placed(buffer, tuple(map(self.at_lane, indices)))

    def element(self, buffer: Buffer, indices: tuple[Expr, ...]) -> str:
        """An element in memory, as it may be assigned to."""
        name = self.names.of(buffer)
        if is_single(buffer):
            return name
        return f"{name}[{self.text(self.offset(buffer, indices))}]"

    def from_memory(self, text: str, dtype: str) -> Text:
        """The value of an element of `dtype` in memory."""
        if dtype == "bool":
            return f"{text} != 0", _LEVELS["!="]
        if dtype == "bfloat16":
            return f"bfloat16_value({text})", ATOM
        return text, ATOM

    def to_memory(self, e: Expr, dtype: str) -> str:
        """A value as an element of `dtype` in memory holds it."""
        if dtype == "bool":
            return f"({self.dialect.memory_type(dtype)})({self.text(e)})"
        if dtype == "bfloat16":
            return f"bfloat16_bits({self.text(e)})"
        return self.text(e)

    # Every kind of expression

    def _text(self, e: Expr) -> Text:
        if isinstance(e, Var):
            if e.lanes > 1:
                return f"{self.names.of(e)}[{self.text(self.lane)}]", ATOM
            return self.names.of(e), ATOM
        if isinstance(e, Const):
            return self._literal(e)
        if isinstance(e, Binary):
            return self._binary(e)
        if isinstance(e, Load):
            return self._load(e)
        if isinstance(e, Select):
            parts = (self.text(e.condition, 20), self.text(e.a, 20), self.text(e.b, 20))
            return "{} ? {} : {}".format(*parts), CHOICE
        if isinstance(e, Cast):
            return self._cast(e)
        if isinstance(e, Call):
            return self._call(e)
        if isinstance(e, Slice):
            where = Const(e.start, INDEX) + self.lane if e.lanes > 1 else Const(e.start, INDEX)
            assert isinstance(e.value, Local), "lanes are taken of named vectors"
            name = self.names.of(e.value)
            return (f"{name}[{self.text(where)}]" if e.value.lanes > 1 else name), ATOM
        assert isinstance(e, Ramp)
        return self._text(self.at_lane(e))

    def _load(self, e: Load) -> Text:
        done = self.loaded.get(id(e))
        if done is not None and isinstance(self.lane, Const):
            vector, start = done
            component = self.dialect.component(vector, int(self.lane.value) - start)
            return self.from_memory(component, e.dtype)
        return self.from_memory(self.element(e.buffer, e.indices), e.dtype)

    def _literal(self, e: Const) -> Text:
        if e.dtype == "bool":
            return ("1" if e.value else "0"), ATOM
        if dtypes.is_float(e.dtype):
            return self._float(float(e.value), e.dtype)
        value = int(e.value)
        if e.dtype == "uint64":
            return f"{value}u{self.dialect.long_suffix}", ATOM
        if e.dtype == "uint32":
            return f"{value}u", ATOM
        if value == -(2**31):
            return f"(-{_INT} - 1)", ATOM
        if value == -(2**63):
            suffix = self.dialect.long_suffix
            return f"(-{2**63 - 1}{suffix} - 1)", ATOM
        suffix = self.dialect.long_suffix if abs(value) > _INT else ""
        return f"{value}{suffix}", (ATOM if value >= 0 else UNARY)

    def _float(self, value: float, dtype: str) -> Text:
        if isinf(value) or isnan(value):
            word = self.dialect.not_a_number if isnan(value) else self.dialect.infinity
            said = f"-{word}" if value < 0 else word
            return (said, UNARY) if dtype in ("float32", "bfloat16") else (
                f"({self.dialect.type_of(dtype)})({said})", UNARY
            )  # fmt: skip
        if dtype == "float64":
            said = repr(value)
        else:
            said = repr(float(str(np.float32(value)))) + "f"
        level = ATOM if value > 0 or (value == 0 and not said.startswith("-")) else UNARY
        if dtype == "float16":
            return self.dialect.convert(said, "float32", "float16"), UNARY
        return said, level

    def _binary(self, e: Binary) -> Text:
        if e.op in ("min", "max"):
            return self._function(e.op, e.dtype, (e.a, e.b))
        if e.op in ("//", "%") and not self._divides_up(e):
            return self._floored(e)
        level = _LEVELS[e.op]
        if e.op in LOGICAL or e.op in COMPARISONS:
            left, right = self.text(e.a, level + 1), self.text(e.b, level + 1)
            return f"{left} {_WORDS.get(e.op, e.op)} {right}", level
        if dtypes.is_integer(e.dtype) and not self.is_narrow(e):
            return self._wrapping(e)
        said = f"{self.text(e.a, level)} {_WORDS.get(e.op, e.op)} {self.text(e.b, level + 1)}"
        if e.dtype == "bfloat16":
            return f"bfloat16_round({said})", ATOM
        if e.dtype == "float16":
            return self.dialect.convert(said, "float16", "float16"), UNARY
        return said, level

    def _wrapping(self, e: Binary) -> Text:
        """Integers of data: in an unsigned type as wide as `int` at least, then cut off."""
        kind, level = self.dialect.type_of(e.dtype), _LEVELS[e.op]
        word = _WORDS.get(e.op, e.op)
        is_plain = e.op in ("//", "%", ">>") or all(
            isinstance(x, (Var, Const, Ramp, Binary)) and not isinstance(x, Local) for x in exprs(e)
        )
        if is_plain or e.dtype in ("uint32", "uint64"):
            cast = f"({kind})" if self._is_int(e.a) or self._is_int(e.b) else ""
            a = f"{cast}{self.text(e.a, UNARY)}" if cast else self.text(e.a, level)
            said = f"{a} {word} {self.text(e.b, level + 1)}"
            small = dtypes.bits(e.dtype) < 32
            return (f"({kind})({said})", UNARY) if small else (said, level)
        wide = self.dialect.types["uint64" if dtypes.bits(e.dtype) == 64 else "uint32"]
        a, b = self.text(e.a, UNARY), self.text(e.b, UNARY)
        b = b if e.op == "<<" else f"({wide}){b}"
        return f"({kind})(({wide}){a} {word} {b})", UNARY

    def _is_int(self, e: Expr) -> bool:
        """Whether an index of 64 bits is printed in 32."""
        return e.dtype == INDEX and not isinstance(e, Const) and self.is_narrow(e)

    def _divides_up(self, e: Binary) -> bool:
        """Whether C's division, which rounds towards zero, gives the same."""
        if e.dtype in dtypes.UNSIGNED:
            return True
        if e.dtype != INDEX or any(isinstance(x, (Load, Local)) for x in exprs(e)):
            return False
        return bounds(self.at_lane(e.a), self.ranges)[0] >= 0 and (
            bounds(self.at_lane(e.b), self.ranges)[0] > 0
        )

    def _floored(self, e: Binary) -> Text:
        """Division and remainder that round towards minus infinity, by a helper."""
        kind = self.type_of(e)
        word = "floor_div" if e.op == "//" else "floor_mod"
        name = f"{word}_{kind.replace(' ', '_')}"
        prefix, signs = (
            f"{self.dialect.function} {kind} {name}({kind} a, {kind} b)",
            "(a < 0) != (b < 0)",
        )
        done = (
            "a / b - (a % b != 0 && ({}))"
            if e.op == "//"
            else "a % b + (a % b != 0 && ({}) ? b : 0)"
        )
        self.helpers[name] = f"{prefix} {{ return ({kind})({done.format(signs)}); }}"
        return f"{name}({self.text(e.a)}, {self.text(e.b)})", ATOM

    def _cast(self, e: Cast) -> Text:
        source, inner = e.value.dtype, self.text(e.value)
        if e.dtype == "bool":
            return f"{self.text(e.value, 56)} != 0", _LEVELS["!="]
        if source == "bfloat16":
            source = "float32"
        if e.dtype == "bfloat16":
            if source not in ("float32", "bfloat16"):
                inner = self.dialect.convert(inner, _number(source), "float32")
            return f"bfloat16_round({inner})", ATOM
        if source == e.dtype:
            return self._text(e.value)
        return self.dialect.convert(inner, _number(source), e.dtype), UNARY

    def _call(self, e: Call) -> Text:
        if is_shuffle(e):
            value, which = (self.text(a) for a in e.args)
            return self.dialect.shuffle(e.function, e.dtype, value, which), ATOM
        meaning = spelled(e)
        if meaning is not None:
            said = self.dialect.operation(e.function, [self.text(a) for a in e.args])
            return self._text(meaning) if said is None else (said, ATOM)
        return self._function(e.function, e.dtype, e.args)

    def _function(self, name: str, dtype: str, arguments: tuple[Expr, ...]) -> Text:
        """A function; of 16-bit floats in float32, but what only chooses."""
        given = [self.text(a) for a in arguments]
        if dtype == "bfloat16":
            return f"bfloat16_round({self.dialect.call(name, 'float32', given)})", ATOM
        if dtype == "float16":
            wide = [self.dialect.convert(g, "float16", "float32") for g in given]
            said = self.dialect.call(name, "float32", wide)
            return self.dialect.convert(said, "float32", "float16"), UNARY
        if dtype == INDEX and all(map(self.is_narrow, arguments)) and name in ("min", "max"):
            return self.dialect.call(name, "int32", given), ATOM
        said = self.dialect.call(name, dtype, given)
        return (f"({self.dialect.type_of(dtype)})({said})" if dtypes.is_integer(dtype) else said), (
            UNARY if dtypes.is_integer(dtype) else ATOM
        )


def _number(dtype: str) -> str:
    return "int32" if dtype == "bool" else dtype


def is_single(buffer: Buffer) -> bool:
    """Whether a buffer is printed as a variable and not as an array."""
    return buffer.scope == "register" and buffer.extents == (1,)


def size_range(low: int, high: int | None) -> Interval:
    """The values of a size."""
    return (low, inf if high is None else high)
