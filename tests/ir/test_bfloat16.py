"""Rounding to bfloat16 against exact fractions, and what the interpreter makes of it."""

from fractions import Fraction

import numpy as np
import pytest
from ml_dtypes import bfloat16

from tvmlab.ir.bfloat16 import bits, nearest
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Var, cast
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For, Program, Store

EVERY = np.arange(1 << 16, dtype=np.uint16).view(bfloat16)
FINITE = EVERY[:0x7F80]


def test_every_bfloat16_is_its_own_nearest():
    for value in EVERY:
        held = nearest(float(value))
        assert held.view(np.uint16) == value.view(np.uint16) or (held != held and value != value)


@pytest.mark.parametrize("lost", [Fraction(1, 1 << 40), Fraction(1, 1 << 12), Fraction(1, 3)])
def test_between_two_neighbours_the_nearer_one_and_the_even_one_in_the_middle(lost):
    for low, high in zip(FINITE[:0x7F7F:97], FINITE[1:0x7F80:97], strict=False):
        a, b = Fraction(float(low)), Fraction(float(high))
        middle, step = (a + b) / 2, (b - a) / 2 * lost
        even = low if int(low.view(np.uint16)) % 2 == 0 else high
        assert nearest(float(middle)) == even
        if float(middle - step) != middle:
            assert nearest(float(middle - step)) == low
            assert nearest(float(middle + step)) == high
            assert nearest(-float(middle + step)) == -high


@pytest.mark.parametrize("tie", [2**62 + 2**54, 2**30 + 2**22, -(2**62) - 3 * 2**54])
def test_integers_round_once(tie):
    low, high = nearest(tie - 1), nearest(tie + 1)
    assert float(low) < tie < float(high)
    assert nearest(tie) in (low, high)
    assert int(nearest(tie).view(np.uint16)) % 2 == 0
    assert nearest(np.int64(tie + 1)) == high


def test_beyond_the_range_is_infinity_and_nan_stays():
    assert nearest(3.3961e38) == EVERY[0x7F7F]
    assert np.isinf(nearest(3.3962e38))
    assert np.isinf(nearest(1e300))
    assert nearest(-1e300) == -np.inf
    assert np.isnan(nearest(float("nan")))
    assert bits(-0.0) == 0x8000
    assert bits(1e-45) == 0


@pytest.mark.parametrize("source", ["float64", "int64", "uint64"])
def test_the_interpreter_casts_with_one_rounding(source):
    given = [1 + 2**-8 + 2**-40] if source == "float64" else [2**62 + 2**54 + 1]
    a, b = np.array(given, source), np.zeros(1, bfloat16)
    i = Var("i")
    A, B = Buffer("A", (1,), source), Buffer("B", (1,), "bfloat16")
    body = Store(B, (i,), cast("bfloat16", Load(A, (i,))))
    interpret(Program("p", [A, B], 1, [], For(i, 1, body)), [a, b])
    assert float(b[0]) > given[0]
    assert b[0] != a.astype(bfloat16)[0]  # which rounds twice
