"""By how much a variable may grow without any effect on an index."""

from __future__ import annotations

import pytest

from tvmlab.arith.period import period
from tvmlab.ir.expr import Expr, Var

K, X = Var("k"), Var("x")


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (X * 4, 1),
        ((K + 2) % 3, 3),
        ((K * 4 + X) % 6, 3),
        (((K - X) * 2 + 5) % 8 * 16 + X, 4),
        (K % 4 * 8 + (K + 1) % 6, 12),
        (K, None),
        (K % 3 + K, None),
        ((K // 2) % 3, None),
        ((K * X) % 3, None),
        ((K * 6) % 3, 1),
    ],
    ids=str,
)
def test_periods(index: Expr, expected: int | None) -> None:
    assert period(index, K) == expected
