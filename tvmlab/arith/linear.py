"""Integer expressions as linear sums over atoms, the normal form that simplification works in.

An atom is a variable, `sum // c` or `sum % c` with a constant c > 0, or an opaque expression.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import gcd, inf

from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import expr_key
from tvmlab.ir.expr import Binary, Const, Expr, Var, fold
from tvmlab.ir.size import Size

Interval = tuple[float, float]
"""Least and greatest value, both included; infinite where unknown."""

Ranges = Mapping[Var, Interval]
"""What is known of variables."""

UNKNOWN: Interval = (-inf, inf)


class Quotient:
    """`total // divisor` (kind "//") or `total % divisor` (kind "%") as an atom."""

    __slots__ = ("kind", "total", "divisor", "_key")

    def __init__(self, kind: str, total: Linear, divisor: int) -> None:
        self.kind = kind
        self.total = total
        self.divisor = divisor
        self._key = (kind, total.key(), divisor)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quotient) and self._key == other._key


class Opaque:
    """An expression the normal form does not look into.

    Where it is `a op b` on sums, `op` and `sides` say so; else `op` is empty.
    """

    __slots__ = ("expr", "interval", "op", "sides", "_key")

    def __init__(
        self, expr: Expr, interval: Interval, op: str = "", sides: tuple[Linear, ...] = ()
    ) -> None:
        self.expr = expr
        self.interval = interval
        self.op = op
        self.sides = sides
        self._key = expr_key(expr)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and self._key == other._key


Atom = Var | Quotient | Opaque


class Linear:
    """`constant + sum of coefficient * atom`; no coefficient is zero."""

    __slots__ = ("terms", "constant")

    def __init__(self, terms: dict[Atom, int], constant: int) -> None:
        self.terms = terms
        self.constant = constant

    def key(self) -> Hashable:
        """Equal for equal sums."""
        return (self.constant, frozenset(self.terms.items()))

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """`self + factor * other`."""
        terms = dict(self.terms)
        for atom, coefficient in other.terms.items():
            total = terms.get(atom, 0) + factor * coefficient
            if total:
                terms[atom] = total
            else:
                terms.pop(atom, None)
        return rejoin(Linear(terms, self.constant + factor * other.constant))

    def times(self, factor: int) -> Linear:
        """`factor * self`."""
        if factor == 0:
            return Linear({}, 0)
        return Linear({a: c * factor for a, c in self.terms.items()}, self.constant * factor)

    def interval(self, ranges: Ranges) -> Interval:
        """Bounds of the sum under what is known of its variables."""
        low: float = self.constant
        high: float = self.constant
        for atom, coefficient in self.terms.items():
            a, b = atom_interval(atom, ranges)
            if coefficient < 0:
                a, b = b, a
            low += coefficient * a
            high += coefficient * b
        return low, high

    def expr(self) -> Expr:
        """The sum as an expression: large strides first, else in the order they were met."""
        result: Expr | None = None
        negative: list[tuple[Atom, int]] = []
        for atom, coefficient in sorted(self.terms.items(), key=lambda t: -abs(t[1])):
            if coefficient < 0:
                negative.append((atom, coefficient))
                continue
            term = fold("*", atom_expr(atom), Const(coefficient, INDEX))
            result = term if result is None else Binary("+", result, term)
        if result is None:
            result = Const(self.constant, INDEX)
        elif self.constant:
            op = "+" if self.constant > 0 else "-"
            result = Binary(op, result, Const(abs(self.constant), INDEX))
        for atom, coefficient in negative:
            term = fold("*", atom_expr(atom), Const(-coefficient, INDEX))
            result = Binary("-", result, term)
        return result


def atom_interval(atom: Atom, ranges: Ranges) -> Interval:
    """Bounds of an atom."""
    if isinstance(atom, Size):
        return ranges.get(atom, (atom.low, inf if atom.high is None else atom.high))
    if isinstance(atom, Var):
        return ranges.get(atom, UNKNOWN)
    if isinstance(atom, Opaque):
        return atom.interval
    low, high = atom.total.interval(ranges)
    first, last = floor_divide(low, atom.divisor), floor_divide(high, atom.divisor)
    if atom.kind == "//":
        return first, last
    if first == last and low > -inf:
        return low - first * atom.divisor, high - first * atom.divisor
    return 0, atom.divisor - 1


def floor_divide(value: float, divisor: int) -> float:
    """`value // divisor`, exact for integers and infinite for infinities."""
    return value if value in (inf, -inf) else value // divisor


def atom_expr(atom: Atom) -> Expr:
    """An atom as an expression."""
    if isinstance(atom, Var):
        return atom
    if isinstance(atom, Opaque):
        return atom.expr
    return Binary(atom.kind, atom.total.expr(), Const(atom.divisor, INDEX))


def rejoin(total: Linear) -> Linear:
    """`x // c * c + x % c` put together again as `x`, wherever it occurs."""
    for atom, coefficient in total.terms.items():
        if isinstance(atom, Quotient) and atom.kind == "%":
            quotient = Quotient("//", atom.total, atom.divisor)
            if total.terms.get(quotient) == coefficient * atom.divisor:
                terms = {a: c for a, c in total.terms.items() if a not in (atom, quotient)}
                return Linear(terms, total.constant).plus(atom.total, coefficient)
    return total


def divide(total: Linear, divisor: int, ranges: Ranges) -> tuple[Linear, Linear]:
    """`(total // divisor, total % divisor)` for a constant divisor > 0."""
    quotient, rest = _split_multiples(total, divisor)
    low, high = rest.interval(ranges)
    first = floor_divide(low, divisor)
    if low > -inf and first == floor_divide(high, divisor):
        return (
            Linear(quotient.terms, quotient.constant + int(first)),
            Linear(rest.terms, rest.constant - int(first) * divisor),
        )
    for step in sorted({gcd(divisor, c) for c in rest.terms.values()}, reverse=True):
        if step == 1 or (step == divisor and rest.constant % divisor == 0):
            continue
        coarse, fine = _split_multiples(rest, step)
        low, high = fine.interval(ranges)
        if low >= 0 and high < step:  # rest = step * coarse + fine, with 0 <= fine < step
            above, below = divide(coarse, divisor // step, ranges)
            return quotient.plus(above), below.times(step).plus(fine)
    if len(rest.terms) == 1 and rest.constant == 0:
        ((atom, coefficient),) = rest.terms.items()
        if coefficient == 1 and isinstance(atom, Quotient):
            nested = _divide_nested(atom, divisor, ranges)
            if nested is not None:
                return quotient.plus(nested[0]), nested[1]
    above = Linear({Quotient("//", rest, divisor): 1}, 0)
    return quotient.plus(above), Linear({Quotient("%", rest, divisor): 1}, 0)


def _divide_nested(atom: Quotient, divisor: int, ranges: Ranges) -> tuple[Linear, Linear] | None:
    """Divide an atom that is itself a quotient, where that has a simpler form."""
    alone = Linear({atom: 1}, 0)
    if atom.kind == "//":
        above = divide(atom.total, atom.divisor * divisor, ranges)[0]
        return above, Linear({Quotient("%", alone, divisor): 1}, 0)
    if atom.divisor % divisor == 0:
        below = divide(atom.total, divisor, ranges)[1]
        return Linear({Quotient("//", alone, divisor): 1}, 0), below
    return None


def _split_multiples(total: Linear, divisor: int) -> tuple[Linear, Linear]:
    """`(q, r)` with total = divisor * q + r, where r keeps what is no multiple of the divisor."""
    quotient: dict[Atom, int] = {}
    rest: dict[Atom, int] = {}
    for atom, coefficient in total.terms.items():
        whole = int(abs(coefficient) // divisor) * (1 if coefficient > 0 else -1)
        if whole:
            quotient[atom] = whole
        if coefficient - whole * divisor:
            rest[atom] = coefficient - whole * divisor
    whole = total.constant // divisor
    return Linear(quotient, whole), Linear(rest, total.constant - whole * divisor)
