"""Numbers as people read them: a few significant digits, never an exponent."""

from __future__ import annotations

from math import floor, isfinite, log10

SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))

TINY = 1e-4
"""What is smaller would need more zeros than can be counted at a glance."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, all of a large one: 0.5, 12.3, 1,234,567, 2 × 10⁻⁷;
    a dash for what is no number."""
    if not isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits - 1}e}")
    if abs(rounded) >= 10**digits:
        return f"{value:,.0f}".replace("-", "−")
    if rounded and abs(rounded) < TINY:
        power = floor(log10(abs(rounded)))
        digit = f"{rounded / 10.0**power:.{digits}g}".replace("-", "−")
        return f"{digit} × 10{str(power).translate(_RAISED)}"
    return f"{rounded:.{digits}g}".replace("-", "−")


def scaled(value: float) -> str:
    """Three digits and a decimal prefix, after which a unit follows: 2.15 G."""
    scale, prefix = _in(SCALES, value, (1.0, ""))
    return f"{figure(value / scale)} {prefix}"


def time_words(time_s: float) -> str:
    """A time with its unit, three digits: 12.3 ms; a dash for what is no time."""
    if not isfinite(time_s):
        return figure(time_s)
    scale, unit = _in(TIMES, time_s, TIMES[-1])
    return f"{figure(time_s / scale)} {unit}"


def _in(
    scales: tuple[tuple[float, str], ...], value: float, least: tuple[float, str]
) -> tuple[float, str]:
    """The largest scale of which there is one when three digits are left: 999.7 µs are 1 ms."""
    size = abs(float(f"{value:.2e}"))
    return next((each for each in scales if size >= each[0]), least)
