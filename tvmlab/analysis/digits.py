"""Interval reasoning about two iterations: a loop's variable taken apart into digits.

Fusing loops leaves `f // 8` and `f % 8`. Where all divisors of a variable divide each other it is
a number in mixed radix, `f = 8 * q + r`, and its quotients and remainders are digits. Of two
different iterations some digit is the first to differ; in each such case the difference of two
indices is a linear form, and where its interval (or its remainder modulo the common divisor of
its coefficients) leaves out 0, the iterations touch different elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from math import gcd, inf
from typing import NamedTuple

from tvmlab.analysis.accesses import Access
from tvmlab.arith import Interval
from tvmlab.arith.linear import Atom, Linear, Opaque, Quotient, atom_expr, atom_interval
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.ir.buffer import Extent, Load
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import For
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.walk import exprs, substitute, variables


class Digit(NamedTuple):
    """A digit of a loop's variable: its own variable over 0 .. extent - 1, times `weight`.

    The extent is infinite where the loop's is over sizes.
    """

    var: Var
    extent: float
    weight: int


class _Form(NamedTuple):
    """Indices as linear forms; None where an index is data."""

    totals: list[Linear | None]
    digits: list[Digit]


class _Own(NamedTuple):
    """Of the loops that are compared: their variables' digits, and atoms over these."""

    parts: dict[Var, list[Digit]]
    atoms: dict[Atom, Linear]


class Forms:
    """The linear forms of accesses in an earlier and in a later iteration, made when needed."""

    def __init__(
        self, early_loops: Sequence[For], late_loops: Sequence[For], around: Sequence[For]
    ) -> None:
        self.loops = (early_loops, late_loops)
        self.ranges: dict[Var, Interval] = {}
        for loop in around:
            self.ranges[loop.var] = loop_range(loop, self.ranges)
        self.known: dict[tuple[int, int], list[Linear | None]] = {}
        self.made: dict[tuple[int, int, tuple[tuple[int, ...], ...]], _Form] = {}
        self.own: dict[tuple[int, tuple[tuple[int, ...], ...]], _Own] = {}

    def are_apart(self, early: Access, late: Access) -> bool:
        """Whether the accesses surely touch different elements in any two iterations, the first
        of them earlier."""
        cuts = self._cuts(early, late)
        if cuts is None:
            return False
        a, b = self._form(early, 0, cuts), self._form(late, 1, cuts)
        cases = [n for n, digit in enumerate(a.digits) if digit.extent > 1]
        return all(
            any(
                _is_never_zero(x, y, a.digits, b.digits, case, self.ranges)
                for x, y in zip(a.totals, b.totals, strict=True)
                if x is not None and y is not None
            )
            for case in cases
        )

    def _cuts(self, early: Access, late: Access) -> tuple[tuple[int, ...], ...] | None:
        """Where to cut the variable of each loop into digits; None if two differ."""
        cuts = []
        for i, j in zip(*self.loops, strict=True):
            if not same_extent(i.extent, j.extent):
                return None
            found: set[int] = set()
            for access, role, loop in ((early, 0, i), (late, 1, j)):
                found |= _divisors(self._totals(access, role), loop.var)
            cuts.append(_chain(found, i.extent))
        return tuple(cuts)

    def _totals(self, access: Access, role: int) -> list[Linear | None]:
        """The indices over the loops as they are."""
        key = (id(access), role)
        if key not in self.known:
            ranges = dict(self.ranges)
            for loop in (*self.loops[role], *access.loops):
                ranges[loop.var] = loop_range(loop, ranges)
            self.known[key] = [_linear(i, ranges) for i in access.indices]
        return self.known[key]

    def _form(self, access: Access, role: int, cuts: tuple[tuple[int, ...], ...]) -> _Form:
        """The indices over digits of the loops; the loops inside get variables of their own."""
        key = (id(access), role, cuts)
        if key not in self.made:
            self.made[key] = self._new_form(access, role, cuts)
        return self.made[key]

    def _new_form(self, access: Access, role: int, cuts: tuple[tuple[int, ...], ...]) -> _Form:
        totals = self._totals(access, role)
        own = self._own(role, cuts)
        parts = own.parts | {
            loop.var: _in_digits(loop, _chain(_divisors(totals, loop.var), loop.extent))
            for loop in access.loops
        }
        for digit in chain.from_iterable(parts.values()):
            self.ranges[digit.var] = (0, digit.extent - 1)
        inside = {loop.var for loop in access.loops}
        over = [
            None if total is None else self._over(total, parts, inside, own.atoms)
            for total in totals
        ]
        return _Form(over, list(chain.from_iterable(own.parts.values())))

    def _own(self, role: int, cuts: tuple[tuple[int, ...], ...]) -> _Own:
        """The digits of the loops themselves, the same for every access."""
        if (role, cuts) not in self.own:
            loops = zip(self.loops[role], cuts, strict=True)
            self.own[role, cuts] = _Own({o.var: _in_digits(o, cut) for o, cut in loops}, {})
        return self.own[role, cuts]

    def _over(
        self,
        total: Linear,
        parts: Mapping[Var, Sequence[Digit]],
        inside: set[Var],
        known: dict[Atom, Linear],
    ) -> Linear:
        """A sum over the digits of its variables, term by term; `known` atoms are not of `inside`
        loops."""
        terms: dict[Atom, int] = {}
        rest = Linear({}, total.constant)
        for atom, coefficient in total.terms.items():
            if isinstance(atom, Var):
                if atom not in parts:
                    terms[atom] = coefficient
                for digit in parts.get(atom, ()):
                    if digit.extent > 1:
                        terms[digit.var] = coefficient * digit.weight
                continue
            found = known.get(atom)
            if found is None:
                expr = atom_expr(atom)
                values = {var: _value(parts[var]) for var in variables(expr) if var in parts}
                found = linear(substitute(expr, values), self.ranges)
                if not inside & variables(expr):
                    known[atom] = found
            rest = rest.plus(found, coefficient)
        return rest.plus(Linear(terms, 0)) if rest.terms else Linear(terms, rest.constant)


def _linear(index: Expr, ranges: Mapping[Var, Interval]) -> Linear | None:
    return None if any(isinstance(e, Load) for e in exprs(index)) else linear(index, ranges)


def _in_digits(loop: For, cut: Sequence[int]) -> list[Digit]:
    """Digits for the loop's variable, the most significant first."""
    weights = [1, *cut]
    tops = [*cut, loop.extent if isinstance(loop.extent, int) else inf]
    return [
        Digit(Var(loop.var.name), inf if top == inf else -(-top // weight), weight)
        for weight, top in zip(weights, tops, strict=True)
    ][::-1]


def _value(digits: Sequence[Digit]) -> Expr:
    """The number that has these digits."""
    value: Expr = digits[0].var * digits[0].weight
    for digit in digits[1:]:
        value = value + digit.var * digit.weight
    return value


def _divisors(totals: Iterable[Linear | None], var: Var) -> set[int]:
    """The divisors that `var` stands under, alone, times those it is divided by before."""
    found: set[int] = set()

    def scale(total: Linear) -> int:
        """The number that `var` is divided by in `total`; 0 if it is not alone there."""
        if total.constant or len(total.terms) != 1:
            return 0
        ((atom, coefficient),) = total.terms.items()
        if coefficient != 1 or isinstance(atom, Opaque):
            return 0
        if isinstance(atom, Quotient):
            return scale(atom.total) * (atom.divisor if atom.kind == "//" else 1)
        return int(atom is var)

    for quotient in _quotients(total for total in totals if total is not None):
        found.add(scale(quotient.total) * quotient.divisor)
    return found - {0}


def _quotients(totals: Iterable[Linear]) -> Iterator[Quotient]:
    for total in totals:
        for atom in total.terms:
            if isinstance(atom, Quotient):
                yield atom
                yield from _quotients([atom.total])


def _chain(divisors: set[int], extent: Extent) -> tuple[int, ...]:
    """The divisors below `extent`, ascending, if each divides the next; else none."""
    last = extent if isinstance(extent, int) else inf
    cut = sorted(d for d in divisors if 1 < d < last)
    divides = all(b % a == 0 for a, b in pairwise(cut))
    return tuple(cut) if divides else ()


def _is_never_zero(
    a: Linear,
    b: Linear,
    a_digits: Sequence[Digit],
    b_digits: Sequence[Digit],
    case: int,
    ranges: Mapping[Var, Interval],
) -> bool:
    """Whether `a - b` leaves out 0 where the digit `case` is the first to differ, b's larger."""
    rest: dict[Atom, int] = dict(a.terms)
    for atom, coefficient in b.terms.items():
        rest[atom] = rest.get(atom, 0) - coefficient
    constant = a.constant - b.constant
    parts: list[tuple[int, Interval]] = []
    for n, (x, y) in enumerate(zip(a_digits[: case + 1], b_digits, strict=False)):
        of_a, of_b = rest.pop(x.var, 0), rest.pop(y.var, 0)
        last = x.extent - 1 if n < case else x.extent - 2
        parts.append((of_a + of_b, (0, last)))  # the same value d in both, or d and d + more
        if n == case:
            parts.append((of_b, (1, x.extent - 1)))
    parts += [(coefficient, atom_interval(atom, ranges)) for atom, coefficient in rest.items()]
    parts = [(c, span) for c, span in parts if c]
    low = constant + sum(min(c * first, c * last) for c, (first, last) in parts)
    high = constant + sum(max(c * first, c * last) for c, (first, last) in parts)
    if low > 0 or high < 0:
        return True
    common = gcd(*[c for c, _ in parts])
    return common > 1 and constant % common != 0
