"""Bounds of sums over sizes: what holds for every n, as in `yo * 32 + yi - n <= -1`.

A sum becomes a polynomial over its atoms with rational coefficients. Atoms go one by one, each
replaced by a bound of its own that is larger (or smaller) for certain: a loop variable by the last
value its extent gives, `a // c` by `a / c`, `a % c` by `c - 1`. What is left is over sizes alone;
written in `n - low >= 0`, it is bounded where no coefficient speaks against it. Every replacement
is sound, so the bounds are; they need not be exact.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, inf

from tvmlab.arith.linear import Atom, Interval, Linear, Opaque, Quotient, Ranges, atom_expr
from tvmlab.arith.products import (
    ONE,
    Number,
    Polynomial,
    atoms_of,
    constant,
    divides,
    floored,
    holds,
    plus,
    polynomial_of,
    quotient_of,
    replaced,
    scaled,
    times,
    without,
)
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, fold
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs

_DEPTH = 12
"""Atoms replaced one after the other; sums of programs have far fewer."""


class Reach(tuple[float, float]):
    """The range of a variable whose last value is over sizes: the numbers known of it, and `last`.

    It is an `Interval` to whoever does not know sizes.
    """

    last: Linear

    def __new__(cls, low: float, high: float, last: Linear) -> Reach:
        """The range low .. high, and no further than `last`."""
        made = super().__new__(cls, (low, high))
        made.last = last
        return made


def interval_of(total: Linear, ranges: Ranges) -> Interval:
    """Bounds of a sum under what is known of its variables, for all values of its sizes."""
    low, high = total.interval(ranges)
    if not any(map(_is_sized, total.terms)):
        return low, high
    polynomial = polynomial_of(total)
    below, above = _upper(scaled(polynomial, -1), ranges), _upper(polynomial, ranges)
    return (
        low if below is None else max(low, -int(below)),
        high if above is None else min(high, int(above)),
    )


def least_of(total: Linear, ranges: Ranges) -> float:
    """The lower of the two bounds."""
    return -most_of(total.times(-1), ranges)


def most_of(total: Linear, ranges: Ranges) -> float:
    """The upper of the two bounds."""
    high = total.interval(ranges)[1]
    if not any(map(_is_sized, total.terms)):
        return high
    above = _upper(polynomial_of(total), ranges)
    return high if above is None else min(high, int(above))


def greatest(total: Linear, ranges: Ranges) -> Expr | None:
    """An expression over sizes that a sum never exceeds, and reaches where each loop occurs once.

    None where none is found.
    """
    found = _without_loops(polynomial_of(total), ranges, _DEPTH)
    found = None if found is None else floored(found)
    if found is None or any(c.denominator != 1 for c in found.values()):
        return None
    result: Expr = Const(0, INDEX)
    for monomial, coefficient in found.items():
        term: Expr = Const(int(coefficient), INDEX)
        for atom in monomial:
            term = fold("*", atom_expr(atom), term)
        result = fold("+", result, term)
    return result


def _is_sized(atom: Atom) -> bool:
    """Whether an atom depends on a size, other than through the range of a loop."""
    if isinstance(atom, Var):
        return isinstance(atom, Size)
    if isinstance(atom, Quotient):
        return any(map(_is_sized, atom.total.terms))
    return any(isinstance(e, Size) for e in exprs(atom.expr))


# Bounds


def _upper(a: Polynomial, ranges: Ranges, depth: int = _DEPTH) -> Number | None:
    """A number that `a` never exceeds; None where none is found."""
    choice = next(
        (x for x in atoms_of(a) if isinstance(x, Opaque) and x.op in ("min", "max")), None
    )
    if choice is not None and depth > 0:
        return _upper_of_choice(a, choice, ranges, depth - 1)
    found = _without_loops(a, ranges, depth)
    # Quotients of sizes may have cancelled by now; what is left of them goes.
    bare = None if found is None else _without_loops(found, ranges, depth, quotients=True)
    most = None if bare is None else _most(bare)
    if isinstance(most, Fraction) and all(c.denominator == 1 for c in a.values()):
        return floor(most)
    return most


def _upper_of_choice(a: Polynomial, choice: Opaque, ranges: Ranges, depth: int) -> Number | None:
    """A bound of `a`, in which a minimum or maximum stands: it is one of its sides."""
    sides = [replaced(a, choice, polynomial_of(s)) for s in choice.sides]
    found = [_upper(side, ranges, depth) for side in sides]
    factor = replaced({m: c for m, c in a.items() if holds(m, choice)}, choice, constant(1))
    sign = _sign(factor, ranges, depth)
    known = [f for f in found if f is not None]
    if sign == (1 if choice.op == "min" else -1):  # the choice never makes `a` larger
        return min(known, default=None)
    return max(known) if len(known) == len(found) else None


def _most(a: Polynomial) -> Number | None:
    """A number that a polynomial over sizes never exceeds."""
    spans: dict[Atom, int | None] = {}
    for atom in atoms_of(a):
        assert isinstance(atom, Size)
        spans[atom] = None if atom.high is None else atom.high - atom.low
        # From here on the atom stands for `size - low`, which is not negative.
        a = replaced(a, atom, {(atom,): 1, **constant(atom.low)})
    total: Number = 0
    for monomial, coefficient in a.items():
        if coefficient > 0 or not monomial:
            product = coefficient
            for atom in monomial:
                span = spans[atom]
                if span is None:
                    return None
                product *= span
            total += product
    return total


def _without_loops(
    a: Polynomial, ranges: Ranges, depth: int, quotients: bool = False
) -> Polynomial | None:
    """A polynomial over sizes that `a` never exceeds; None where none is found.

    Args:
        quotients: whether quotients of sizes go as well, so that sizes alone are left.
    """
    left = [x for x in atoms_of(a) if not isinstance(x, Size) and (quotients or _rank(x) < 2)]
    if not left:
        return a
    atom = min(left, key=_rank)
    if depth == 0:
        return None
    inside = {m: c for m, c in a.items() if holds(m, atom)}
    if any(holds(m, atom) > 1 for m in inside):
        return None
    factor = replaced(inside, atom, constant(1))
    sign = _sign(factor, ranges, depth - 1)
    if sign == 0:
        return None
    bound = _bound(atom, sign > 0, ranges, depth - 1)
    if bound is None:
        return None
    return _without_loops(replaced(a, atom, bound), ranges, depth - 1, quotients)


def _rank(atom: Atom) -> int:
    """Atoms made of loop variables go before these, and those made of sizes alone after them."""
    return 1 if isinstance(atom, Var) else 0 if _is_over_loops(atom) else 2


def _is_over_loops(atom: Atom) -> bool:
    if isinstance(atom, Quotient):
        return any(map(_is_over_loops, atom.total.terms))
    inside = [atom] if isinstance(atom, Var) else exprs(atom.expr)
    return any(isinstance(e, Var) and not isinstance(e, Size) for e in inside)


def _sign(a: Polynomial, ranges: Ranges, depth: int) -> int:
    """1 where `a` is never negative, -1 where it is never positive, 0 where that is not known."""
    if a.keys() <= {ONE}:
        return -1 if a.get(ONE, 0) < 0 else 1
    for sign in (1, -1):
        most = _upper(scaled(a, -sign), ranges, depth)
        if most is not None and most <= 0:
            return sign
    return 0


def _bound(atom: Atom, above: bool, ranges: Ranges, depth: int) -> Polynomial | None:
    """A polynomial that an atom never exceeds, or (`above` False) never goes below."""
    if isinstance(atom, Var):
        known = ranges.get(atom)
        if isinstance(known, Reach) and above:
            return polynomial_of(known.last)
        return None if known is None else _number(known[1] if above else known[0])
    if isinstance(atom, Quotient):
        return _quotient_bound(atom, above, ranges)
    return _opaque_bound(atom, above, ranges, depth)


def _number(value: float) -> Polynomial | None:
    return None if value in (inf, -inf) else constant(int(value))


def _quotient_bound(atom: Quotient, above: bool, ranges: Ranges) -> Polynomial | None:
    if atom.kind == "%":
        return constant(atom.divisor - 1 if above else 0)
    low, high = atom.total.interval(ranges)
    is_plain = not any(_is_sized(a) or _reaches(a, ranges) for a in atom.total.terms)
    if is_plain and inf not in (-low, high):
        return constant(int(high if above else low) // atom.divisor)
    slack = 0 if above else atom.divisor - 1
    part = plus(polynomial_of(atom.total), constant(-slack))
    return scaled(part, Fraction(1, atom.divisor))


def _reaches(atom: Atom, ranges: Ranges) -> bool:
    """Whether an atom is over a loop whose extent is over sizes."""
    if isinstance(atom, Quotient):
        return any(_reaches(a, ranges) for a in atom.total.terms)
    inside = [atom] if isinstance(atom, Var) else list(exprs(atom.expr))
    return any(isinstance(v, Var) and isinstance(ranges.get(v), Reach) for v in inside)


def _opaque_bound(atom: Opaque, above: bool, ranges: Ranges, depth: int) -> Polynomial | None:
    if atom.op in ("//", "%"):
        divided, divisor = map(polynomial_of, atom.sides)
        least = _upper(scaled(divisor, -1), ranges, depth)
        if least is None or least > -1:
            return None
        if atom.op == "%":
            return plus(divisor, constant(-1)) if above else {}
        if not above:
            return {} if _sign(divided, ranges, depth) > 0 else None
        most = _without_loops(divided, ranges, depth)
        return None if most is None else _whole_quotient(floored(most), divisor, ranges, depth)
    return _number(atom.interval[1] if above else atom.interval[0])


def _whole_quotient(
    most: Polynomial, divisor: Polynomial, ranges: Ranges, depth: int
) -> Polynomial | None:
    """`most // divisor`, rounded down, where the division leaves a rest of known size."""
    lead = max(divisor, key=len)
    quotient: Polynomial = {}
    rest = most
    for _ in range(_DEPTH):
        found = next((m for m in rest if lead and divides(lead, m)), None)
        if found is None:
            break
        part = {without(found, lead): quotient_of(rest[found], divisor[lead])}
        quotient = plus(quotient, part)
        rest = plus(rest, scaled(times(part, divisor), -1))
    if any(c.denominator != 1 for c in quotient.values()):
        return None
    highest = _upper(rest, ranges, depth)
    if highest is not None and highest <= -1:
        return plus(quotient, constant(-1))
    over = _upper(plus(rest, scaled(divisor, -1)), ranges, depth)
    return quotient if over is not None and over <= -1 else None
