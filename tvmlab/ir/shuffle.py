"""Shuffles: values that the threads of a warp hand to each other, from register to register.

    C_from16 = shuffle_xor(C_term, 16)

names what the thread of the same warp has for `C_term` whose number in the warp differs in the bits
of 16. `shuffle(v, lane)` is what thread number `lane` of the warp has for `v`. A shuffle stands as
the value of a `Let` and nowhere else, in programs lowered for a device. All threads of a warp come
to it together: no condition or extent around it differs among them; and the thread that is asked
is there.
"""

from __future__ import annotations

from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Call, Const, Expr

WARP = 32
"""Threads of a warp: those of a block in the order of their numbers, x fastest."""

SHUFFLES = frozenset({"shuffle", "shuffle_xor"})


def shuffle(value: Expr, lane: Expr) -> Call:
    """What thread `lane` of the warp has for `value`."""
    return Call("shuffle", (value, lane), value.dtype)


def shuffle_xor(value: Expr, bits: int) -> Call:
    """What the thread has for `value` whose number in the warp differs in `bits`."""
    return Call("shuffle_xor", (value, Const(bits, INDEX)), value.dtype)


def is_shuffle(e: Expr) -> bool:
    """Whether an expression is a shuffle."""
    return isinstance(e, Call) and e.function in SHUFFLES
