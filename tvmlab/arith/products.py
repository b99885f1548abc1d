"""Polynomials over atoms: sums of products with rational coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from math import floor

from tvmlab.arith.linear import Atom, Linear, Opaque
from tvmlab.ir.expr import Var

Monomial = tuple[Atom, ...]
"""A product of atoms, in a fixed order."""

Number = int | Fraction
"""Coefficients are integers until something is divided."""

Polynomial = Mapping[Monomial, Number]

ONE: Monomial = ()
"""The product of nothing."""


def _order(atom: Atom) -> int:
    return id(atom) if isinstance(atom, Var) else hash(atom)


def polynomial_of(total: Linear) -> Polynomial:
    """A sum with products multiplied out."""
    result: dict[Monomial, Number] = {ONE: total.constant} if total.constant else {}
    products: Polynomial = {}
    for atom, coefficient in total.terms.items():
        if isinstance(atom, Opaque) and atom.op == "*":
            a, b = map(polynomial_of, atom.sides)
            products = plus(products, scaled(times(a, b), coefficient))
        else:
            result[(atom,)] = coefficient
    return _rejoined(plus(result, products) if products else result)


def _rejoined(a: Polynomial) -> Polynomial:
    """`x // n * n + x % n` put together again as `x`, where n is over sizes."""
    opaque = [x for x in atoms_of(a) if isinstance(x, Opaque)]
    if len(opaque) < 2:
        return a
    for rest in [x for x in opaque if x.op == "%"]:
        for quotient in [x for x in opaque if x.op == "//"]:
            if [s.key() for s in rest.sides] == [s.key() for s in quotient.sides]:
                divided, divisor = map(polynomial_of, rest.sides)
                whole = scaled(times({(quotient,): 1}, divisor), -1)
                a = replaced(a, rest, plus(divided, whole))
    return a


def plus(a: Polynomial, b: Polynomial) -> Polynomial:
    """The sum of two polynomials."""
    total = dict(a)
    for monomial, coefficient in b.items():
        both = total.get(monomial, 0) + coefficient
        if both:
            total[monomial] = both
        else:
            total.pop(monomial, None)
    return total


def scaled(a: Polynomial, factor: Number) -> Polynomial:
    """A polynomial times a number."""
    return {m: c * factor for m, c in a.items()} if factor else {}


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    parts = (
        {tuple(sorted((*x, *y), key=_order)): c * d} for x, c in a.items() for y, d in b.items()
    )
    return reduce(plus, parts, {})


def constant(number: Number) -> Polynomial:
    """A number as a polynomial."""
    return {ONE: number} if number else {}


def atoms_of(a: Polynomial) -> list[Atom]:
    """The atoms of a polynomial, each once, in order."""
    return list(dict.fromkeys(atom for monomial in a for atom in monomial))


def holds(monomial: Monomial, atom: Atom) -> int:
    """How often an atom is a factor."""
    if isinstance(atom, Var):  # variables are told apart by identity
        return sum(factor is atom for factor in monomial)
    return monomial.count(atom)


def replaced(a: Polynomial, atom: Atom, value: Polynomial) -> Polynomial:
    """`a` with an atom exchanged for a polynomial."""
    result: Polynomial = {m: c for m, c in a.items() if not holds(m, atom)}
    for monomial, coefficient in a.items():
        count = holds(monomial, atom)
        if count:
            rest = tuple([factor for factor in monomial if not holds((factor,), atom)])
            part: Polynomial = {rest: coefficient}
            for _ in range(count):
                part = times(part, value) if rest or count > 1 else scaled(value, coefficient)
            result = plus(result, part)
    return result


def floored(a: Polynomial) -> Polynomial:
    """A bound of something whole, rounded down where only its constant is no whole number."""
    if any(c.denominator != 1 for m, c in a.items() if m):
        return a
    alone = a.get(ONE, 0)
    return plus(a, {ONE: floor(alone) - alone})


def quotient_of(a: Number, b: Number) -> Number:
    """One number over another, whole where it comes out so."""
    ratio = Fraction(a) / b
    return int(ratio) if ratio.denominator == 1 else ratio


def divides(a: Monomial, b: Monomial) -> bool:
    """Whether every factor of `a` is one of `b`."""
    left = list(b)
    for atom in a:
        if atom not in left:
            return False
        left.remove(atom)
    return True


def without(b: Monomial, a: Monomial) -> Monomial:
    """`b` without the factors of `a`, which it has."""
    left = list(b)
    for atom in a:
        left.remove(atom)
    return tuple(left)
