"""The ways to write a number as an ordered product."""

from __future__ import annotations

from math import comb, isqrt


def divisors(number: int) -> list[int]:
    """The positive integers that divide `number`, ascending."""
    small = [d for d in range(1, isqrt(number) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]


def factorisations(extent: int, parts: int) -> list[tuple[int, ...]]:
    """All ordered tuples of `parts` positive integers whose product is `extent`, ascending."""
    every = divisors(extent)

    def of(rest: int, count: int) -> list[tuple[int, ...]]:
        if count == 1:
            return [(rest,)]
        return [(d, *t) for d in every if rest % d == 0 for t in of(rest // d, count - 1)]

    return of(extent, parts)


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
