"""A small vocabulary for writing float algorithms lane by lane, whatever their width."""

from __future__ import annotations

from tvmlab.ir import dtypes
from tvmlab.targets.cpu.emit_by_lane import by_lane
from tvmlab.targets.cpu.emit_context import Context
from tvmlab.targets.cpu.emit_types import splat_literal, suffix, value_type


class Lanes:
    """Values of one dtype and one number of lanes, and operations on them.

    Attributes:
        mantissa_bits: stored bits of a float's fraction.
        least_normal: the smallest positive normal number.
    """

    def __init__(self, cx: Context, dtype: str, lanes: int) -> None:
        self.cx = cx
        self.dtype = dtype
        self.lanes = lanes
        self.type = value_type(dtype, lanes)
        self.whole_dtype = f"int{dtypes.bits(dtype)}"
        self.whole_type = value_type(self.whole_dtype, lanes)
        self.test_type = value_type("bool", lanes)
        is_double = dtype == "float64"
        self.mantissa_bits = 52 if is_double else 23
        self.bias = 1023 if is_double else 127
        self.least_normal = 2.0 ** (1 - self.bias)

    def number(self, value: float) -> str:
        """A constant."""
        return splat_literal(value, self.dtype, self.lanes)

    def whole(self, value: int) -> str:
        """An integer constant as wide as the floats."""
        return splat_literal(value, self.whole_dtype, self.lanes)

    def exact(self, op: str, a: str, b: str) -> str:
        """`fadd`, `fsub`, `fmul` or `fdiv`, rounded where it stands."""
        return self.cx.text.pure(f"{op} {self.type} {a}, {b}", (a, b))

    def mul(self, a: str, b: str) -> str:
        """The product."""
        return self.exact("fmul", a, b)

    def fma(self, a: str, b: str, c: str) -> str:
        """`a * b + c`, rounded once where the machine can, else twice."""
        if not self.cx.machine.has_fma:
            return self.exact("fadd", self.mul(a, b), c)
        return self.intrinsic("fma", a, b, c)

    def fused(self, a: str, b: str, c: str) -> str:
        """`a * b + c`, rounded once on any machine: where an algorithm is wrong without."""
        return self.intrinsic("fma", a, b, c)

    def polynomial(self, x: str, coefficients: tuple[float, ...]) -> str:
        """The polynomial with `coefficients`, lowest power first, by Horner's rule."""
        result = self.number(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            result = self.fma(result, x, self.number(c))
        return result

    def intrinsic(self, name: str, *arguments: str, flag: str = "") -> str:
        """LLVM's function `name` on these values, and an i1 `flag` if it takes one."""
        typed = tuple((self.type, a) for a in arguments)
        if flag:
            typed = (*typed, ("i1", flag))
        full = f"llvm.{name}.{suffix(self.dtype, self.lanes)}"
        return self.cx.text.call(self.type, full, typed)

    def test(self, predicate: str, a: str, b: str) -> str:
        """A comparison of floats by LLVM's predicate, e.g. `olt`."""
        return self.cx.text.pure(f"fcmp {predicate} {self.type} {a}, {b}", (a, b))

    def choose(self, test: str, a: str, b: str) -> str:
        """`a` where the test holds, else `b`."""
        return self.cx.text.pure(
            f"select {self.test_type} {test}, {self.type} {a}, {self.type} {b}", (test, a, b)
        )

    def greater_or_nan(self, x: str, least: str) -> str:
        """max(x, least), NaN if x is NaN: one instruction on x86."""
        return self.choose(self.test("ogt", least, x), least, x)

    def less_or_nan(self, x: str, greatest: str) -> str:
        """min(x, greatest), NaN if x is NaN: one instruction on x86."""
        return self.choose(self.test("olt", greatest, x), greatest, x)

    def integer(self, op: str, a: str, b: str) -> str:
        """An operation on integers as wide as the floats."""
        return self.cx.text.pure(f"{op} {self.whole_type} {a}, {b}", (a, b))

    def bits(self, x: str) -> str:
        """A float's bits as an integer."""
        return self.cx.text.pure(f"bitcast {self.type} {x} to {self.whole_type}", (x,))

    def as_float(self, bits: str) -> str:
        """The float with these bits."""
        return self.cx.text.pure(f"bitcast {self.whole_type} {bits} to {self.type}", (bits,))

    def from_integer(self, x: str) -> str:
        """An integer's value as a float."""
        return self.cx.text.pure(f"sitofp {self.whole_type} {x} to {self.type}", (x,))

    def power_of_two(self, exponent: str) -> str:
        """2 to an integer within the range of normal exponents."""
        biased = self.integer("add", exponent, self.whole(self.bias))
        return self.as_float(self.integer("shl", biased, self.whole(self.mantissa_bits)))

    def to_integer(self, x: str) -> str:
        """A whole number's value as an integer."""
        return self.cx.text.pure(f"fptosi {self.type} {x} to {self.whole_type}", (x,))

    def negate(self, x: str) -> str:
        """The value with its sign turned."""
        return self.cx.text.pure(f"fneg {self.type} {x}", (x,))

    def both(self, a: str, b: str) -> str:
        """Whether two tests hold."""
        return self.cx.text.pure(f"and {self.test_type} {a}, {b}", (a, b))

    def is_set(self, bits: str, mask: int) -> str:
        """Whether an integer has a bit of `mask`."""
        kept = self.integer("and", bits, self.whole(mask))
        return self.cx.text.pure(f"icmp ne {self.whole_type} {kept}, {self.whole(0)}", (kept,))

    def is_negative(self, x: str) -> str:
        """Whether the sign is set, of zero and NaN as well."""
        bits = self.bits(x)
        return self.cx.text.pure(f"icmp slt {self.whole_type} {bits}, {self.whole(0)}", (bits,))

    def mended(self, name: str, y: str, x: str, wrong: str) -> str:
        """y, where `wrong` holds the C library's function `name` of x: a call that seldom works."""
        vector, tests = self.type, self.test_type
        function = by_lane(self.cx.text.module, name, self.dtype, self.lanes)
        return self.cx.text.pure(
            f"call {vector} @{function}({vector} {y}, {vector} {x}, {tests} {wrong})",
            (y, x, wrong),
        )

    def widen(self, narrower: Lanes, x: str) -> str:
        """A value of `narrower` in this width."""
        return self.cx.text.pure(f"fpext {narrower.type} {x} to {self.type}", (x,))

    def narrow(self, narrower: Lanes, x: str) -> str:
        """A value of this width in that of `narrower`."""
        return self.cx.text.pure(f"fptrunc {self.type} {x} to {narrower.type}", (x,))
