"""The ways to write a number as an ordered product."""

from __future__ import annotations

from math import comb


def factorisations(extent: int, parts: int) -> list[tuple[int, ...]]:
    """All ordered tuples of `parts` positive integers whose product is `extent`."""
    if parts == 1:
        return [(extent,)]
    divisors = [d for d in range(1, int(extent**0.5) + 1) if extent % d == 0]
    divisors += [extent // d for d in reversed(divisors) if d * d != extent]
    return [(d, *rest) for d in divisors for rest in factorisations(extent // d, parts - 1)]


def count_factorisations(extent: int, parts: int) -> int:
    """How many tuples `factorisations` has, without making them."""
    count, rest, divisor = 1, extent, 2
    while rest > 1:
        if divisor * divisor > rest:
            divisor = rest
        power = 0
        while rest % divisor == 0:
            rest //= divisor
            power += 1
        # So many equal primes go to `parts` places in (power + parts - 1 over power) ways.
        count *= comb(power + parts - 1, power)
        divisor += 1
    return count
