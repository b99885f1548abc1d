"""Machine operations: functions of scalars for which some machines have one instruction.

What an operation does is an ordinary expression. Interpreters evaluate that; a target prints its
own instruction where the machine has it, and the expression elsewhere: the results are the same,
floats within the roundings that the operation admits to. Operations stand only in the bodies of
instructions (`tvmlab.ir.instruction`), never in what a user writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tvmlab.ir.expr import Call, Expr, binary, cast


@dataclass(frozen=True)
class Operation:
    """A function of an accumulator and of elements of operands.

    Attributes:
        name: as a lowered program shows it.
        takes: the dtypes of its arguments, the accumulator first; the result has its dtype.
        meaning: the expression over the arguments that it computes.
    """

    name: str
    takes: tuple[str, ...]
    meaning: Callable[..., Expr]

    def __call__(self, *args: Expr) -> Call:
        """The operation on arguments of the dtypes it takes."""
        assert tuple(a.dtype for a in args) == self.takes, f"{self.name} takes {self.takes}"
        return Call(self.name, args, self.takes[0])


def _dot(accumulator: Expr, *elements: Expr) -> Expr:
    """The accumulator plus the products of the first half of the elements with the second."""
    half = len(elements) // 2
    total = accumulator
    for a, b in zip(elements[:half], elements[half:], strict=True):
        product = binary("*", cast(accumulator.dtype, a), cast(accumulator.dtype, b))
        total = binary("+", total, product)
    return total


OPERATIONS = {
    o.name: o
    for o in (
        Operation("dot4_u8s8", ("int32", *["uint8"] * 4, *["int8"] * 4), _dot),
        Operation("dot2_bf16", ("float32", *["bfloat16"] * 2, *["bfloat16"] * 2), _dot),
    )
}
"""Every operation by name.

`dot4_u8s8(c, a0, a1, a2, a3, b0, b1, b2, b3)` is x86's VPDPBUSD: four products of an unsigned with
a signed byte are added to a 32-bit integer, modulo 2**32; nothing saturates on the way.

`dot2_bf16(c, a0, a1, b0, b1)` is x86's VDPBF16PS: two products, exact in float32, are added to c
with a rounding to the nearest each. The instruction takes subnormal numbers for zero, and makes
results below float32's normal range zero: each of that may lose 2**-126 times the other factor,
or 2**-126 of a sum, which data of the usual sizes never meets.
"""


def spelled(call: Call) -> Expr | None:
    """What a call of an operation computes, as an ordinary expression; None for functions."""
    operation = OPERATIONS.get(call.function)
    return operation.meaning(*call.args) if operation is not None else None
