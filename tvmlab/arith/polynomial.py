"""Bounds of sums over sizes: what holds for every n, as in `yo * 32 + yi - n <= -1`.

A sum becomes a polynomial over its atoms with rational coefficients. Atoms go one by one, each
replaced by a bound of its own that is larger (or smaller) for certain: a loop variable by the last
value its extent gives, `a // c` by `a / c`, `a % c` by `c - 1`. What is left is over sizes alone;
written in `n - low >= 0`, it is bounded where no coefficient speaks against it. Every replacement
is sound, so the bounds are; they need not be exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from math import floor, inf

from tvmlab.arith.linear import Atom, Interval, Linear, Opaque, Quotient, Ranges, atom_expr
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, fold
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs

Monomial = tuple[Atom, ...]
"""A product of atoms, in a fixed order."""

Number = int | Fraction
"""Coefficients are integers until something is divided."""

Polynomial = Mapping[Monomial, Number]

_ONE: Monomial = ()
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
    polynomial = _polynomial(total)
    below, above = _upper(_scaled(polynomial, -1), ranges), _upper(polynomial, ranges)
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
    above = _upper(_polynomial(total), ranges)
    return high if above is None else min(high, int(above))


def greatest(total: Linear, ranges: Ranges) -> Expr | None:
    """An expression over sizes that a sum never exceeds, and reaches where each loop occurs once.

    None where none is found.
    """
    found = _without_loops(_polynomial(total), ranges, _DEPTH)
    found = None if found is None else _floored(found)
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


# Polynomials


def _order(atom: Atom) -> int:
    return id(atom) if isinstance(atom, Var) else hash(atom)


def _polynomial(total: Linear) -> Polynomial:
    """A sum with products multiplied out."""
    result: dict[Monomial, Number] = {_ONE: total.constant} if total.constant else {}
    products: Polynomial = {}
    for atom, coefficient in total.terms.items():
        if isinstance(atom, Opaque) and atom.op == "*":
            a, b = map(_polynomial, atom.sides)
            products = _plus(products, _scaled(_times(a, b), coefficient))
        else:
            result[(atom,)] = coefficient
    return _rejoined(_plus(result, products) if products else result)


def _rejoined(a: Polynomial) -> Polynomial:
    """`x // n * n + x % n` put together again as `x`, where n is over sizes."""
    opaque = [x for x in _atoms(a) if isinstance(x, Opaque)]
    if len(opaque) < 2:
        return a
    for rest in [x for x in opaque if x.op == "%"]:
        for quotient in [x for x in opaque if x.op == "//"]:
            if [s.key() for s in rest.sides] == [s.key() for s in quotient.sides]:
                divided, divisor = map(_polynomial, rest.sides)
                whole = _scaled(_times({(quotient,): 1}, divisor), -1)
                a = _replaced(a, rest, _plus(divided, whole))
    return a


def _plus(a: Polynomial, b: Polynomial) -> Polynomial:
    total = dict(a)
    for monomial, coefficient in b.items():
        both = total.get(monomial, 0) + coefficient
        if both:
            total[monomial] = both
        else:
            total.pop(monomial, None)
    return total


def _scaled(a: Polynomial, factor: Number) -> Polynomial:
    return {m: c * factor for m, c in a.items()} if factor else {}


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    parts = (
        {tuple(sorted((*x, *y), key=_order)): c * d} for x, c in a.items() for y, d in b.items()
    )
    return reduce(_plus, parts, {})


def _constant(number: Number) -> Polynomial:
    return {_ONE: number} if number else {}


def _atoms(a: Polynomial) -> list[Atom]:
    return list(dict.fromkeys(atom for monomial in a for atom in monomial))


def _holds(monomial: Monomial, atom: Atom) -> int:
    """How often an atom is a factor."""
    if isinstance(atom, Var):  # variables are told apart by identity
        return sum(factor is atom for factor in monomial)
    return monomial.count(atom)


def _replaced(a: Polynomial, atom: Atom, value: Polynomial) -> Polynomial:
    """`a` with an atom exchanged for a polynomial."""
    result: Polynomial = {m: c for m, c in a.items() if not _holds(m, atom)}
    for monomial, coefficient in a.items():
        count = _holds(monomial, atom)
        if count:
            rest = tuple([factor for factor in monomial if not _holds((factor,), atom)])
            part: Polynomial = {rest: coefficient}
            for _ in range(count):
                part = _times(part, value) if rest or count > 1 else _scaled(value, coefficient)
            result = _plus(result, part)
    return result


# Bounds


def _upper(a: Polynomial, ranges: Ranges, depth: int = _DEPTH) -> Number | None:
    """A number that `a` never exceeds; None where none is found."""
    choice = next((x for x in _atoms(a) if isinstance(x, Opaque) and x.op in ("min", "max")), None)
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
    sides = [_replaced(a, choice, _polynomial(s)) for s in choice.sides]
    found = [_upper(side, ranges, depth) for side in sides]
    factor = _replaced({m: c for m, c in a.items() if _holds(m, choice)}, choice, _constant(1))
    sign = _sign(factor, ranges, depth)
    known = [f for f in found if f is not None]
    if sign == (1 if choice.op == "min" else -1):  # the choice never makes `a` larger
        return min(known, default=None)
    return max(known) if len(known) == len(found) else None


def _most(a: Polynomial) -> Number | None:
    """A number that a polynomial over sizes never exceeds."""
    spans: dict[Atom, int | None] = {}
    for atom in _atoms(a):
        assert isinstance(atom, Size)
        spans[atom] = None if atom.high is None else atom.high - atom.low
        # From here on the atom stands for `size - low`, which is not negative.
        a = _replaced(a, atom, {(atom,): 1, **_constant(atom.low)})
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
    left = [x for x in _atoms(a) if not isinstance(x, Size) and (quotients or _rank(x) < 2)]
    if not left:
        return a
    atom = min(left, key=_rank)
    if depth == 0:
        return None
    inside = {m: c for m, c in a.items() if _holds(m, atom)}
    if any(_holds(m, atom) > 1 for m in inside):
        return None
    factor = _replaced(inside, atom, _constant(1))
    sign = _sign(factor, ranges, depth - 1)
    if sign == 0:
        return None
    bound = _bound(atom, sign > 0, ranges, depth - 1)
    if bound is None:
        return None
    return _without_loops(_replaced(a, atom, bound), ranges, depth - 1, quotients)


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
    if a.keys() <= {_ONE}:
        return -1 if a.get(_ONE, 0) < 0 else 1
    for sign in (1, -1):
        most = _upper(_scaled(a, -sign), ranges, depth)
        if most is not None and most <= 0:
            return sign
    return 0


def _bound(atom: Atom, above: bool, ranges: Ranges, depth: int) -> Polynomial | None:
    """A polynomial that an atom never exceeds, or (`above` False) never goes below."""
    if isinstance(atom, Var):
        known = ranges.get(atom)
        if isinstance(known, Reach) and above:
            return _polynomial(known.last)
        return None if known is None else _number(known[1] if above else known[0])
    if isinstance(atom, Quotient):
        return _quotient_bound(atom, above, ranges)
    return _opaque_bound(atom, above, ranges, depth)


def _number(value: float) -> Polynomial | None:
    return None if value in (inf, -inf) else _constant(int(value))


def _quotient_bound(atom: Quotient, above: bool, ranges: Ranges) -> Polynomial | None:
    if atom.kind == "%":
        return _constant(atom.divisor - 1 if above else 0)
    low, high = atom.total.interval(ranges)
    is_plain = not any(_is_sized(a) or _reaches(a, ranges) for a in atom.total.terms)
    if is_plain and inf not in (-low, high):
        return _constant(int(high if above else low) // atom.divisor)
    slack = 0 if above else atom.divisor - 1
    part = _plus(_polynomial(atom.total), _constant(-slack))
    return _scaled(part, Fraction(1, atom.divisor))


def _reaches(atom: Atom, ranges: Ranges) -> bool:
    """Whether an atom is over a loop whose extent is over sizes."""
    if isinstance(atom, Quotient):
        return any(_reaches(a, ranges) for a in atom.total.terms)
    inside = [atom] if isinstance(atom, Var) else list(exprs(atom.expr))
    return any(isinstance(v, Var) and isinstance(ranges.get(v), Reach) for v in inside)


def _opaque_bound(atom: Opaque, above: bool, ranges: Ranges, depth: int) -> Polynomial | None:
    if atom.op in ("//", "%"):
        divided, divisor = map(_polynomial, atom.sides)
        least = _upper(_scaled(divisor, -1), ranges, depth)
        if least is None or least > -1:
            return None
        if atom.op == "%":
            return _plus(divisor, _constant(-1)) if above else {}
        if not above:
            return {} if _sign(divided, ranges, depth) > 0 else None
        most = _without_loops(divided, ranges, depth)
        return None if most is None else _whole_quotient(_floored(most), divisor, ranges, depth)
    return _number(atom.interval[1] if above else atom.interval[0])


def _floored(a: Polynomial) -> Polynomial:
    """A bound of something whole, rounded down where only its constant is no whole number."""
    if any(c.denominator != 1 for m, c in a.items() if m):
        return a
    constant = a.get(_ONE, 0)
    return _plus(a, {_ONE: floor(constant) - constant})


def _whole_quotient(
    most: Polynomial, divisor: Polynomial, ranges: Ranges, depth: int
) -> Polynomial | None:
    """`most // divisor`, rounded down, where the division leaves a rest of known size."""
    lead = max(divisor, key=len)
    quotient: Polynomial = {}
    rest = most
    for _ in range(_DEPTH):
        found = next((m for m in rest if lead and _divides(lead, m)), None)
        if found is None:
            break
        part = {_without(found, lead): _ratio(rest[found], divisor[lead])}
        quotient = _plus(quotient, part)
        rest = _plus(rest, _scaled(_times(part, divisor), -1))
    if any(c.denominator != 1 for c in quotient.values()):
        return None
    highest = _upper(rest, ranges, depth)
    if highest is not None and highest <= -1:
        return _plus(quotient, _constant(-1))
    over = _upper(_plus(rest, _scaled(divisor, -1)), ranges, depth)
    return quotient if over is not None and over <= -1 else None


def _ratio(a: Number, b: Number) -> Number:
    ratio = Fraction(a) / b
    return int(ratio) if ratio.denominator == 1 else ratio


def _divides(a: Monomial, b: Monomial) -> bool:
    left = list(b)
    for atom in a:
        if atom not in left:
            return False
        left.remove(atom)
    return True


def _without(b: Monomial, a: Monomial) -> Monomial:
    left = list(b)
    for atom in a:
        left.remove(atom)
    return tuple(left)
