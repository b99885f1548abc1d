"""Numbers in words: no exponent, whatever the size."""

from __future__ import annotations

from math import inf, nan

import pytest

from tvmlab.measure.figures import figure, scaled, time_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (12.34, "12.3"),
        (999.4, "999"),
        (999.7, "1,000"),
        (1234567.8, "1,234,568"),
        (-3.214, "−3.21"),
        (0.00012, "0.00012"),
        (2.04e-7, "2.04 × 10⁻⁷"),
        (9.9999e-5, "0.0001"),
        (nan, "–"),
        (inf, "–"),
    ],
)
def test_three_digits_are_written_out(value: float, words: str) -> None:
    assert figure(value) == words


def test_a_prefix_or_a_unit_is_that_of_the_rounded_number() -> None:
    assert [scaled(n) for n in (0, 999.7, 2.147e9, 1e18)] == ["0 ", "1 k", "2.15 G", "1,000,000 T"]
    assert [time_words(n) for n in (0, 999.7e-6, 1.5, 4.56e-5, nan)] == [
        "0 ns", "1 ms", "1.5 s", "45.6 µs", "–",
    ]  # fmt: skip
    assert figure(0.2549, 2) == "0.25"
