"""How an index moves with the loops around it, as one step for each loop."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

from tvmlab.analysis.regions import atom_variables
from tvmlab.arith.linear import Atom, Interval, Linear, Quotient
from tvmlab.arith.simplify import linear
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.walk import exprs, substitute


class Line(NamedTuple):
    """An index over loops: `steps` and the elements met at one iteration of them all.

    Attributes:
        steps: how far an iteration of each loop moves it, innermost loop first; a fraction where
            only every so manieth iteration does.
        first, last: the least and the greatest constant of the indices that stand for it.
        most: how many values it has at most; infinite where only the shape says.
        is_data: whether it is read from memory, so that any element may be meant.
        is_sum: whether the index is a sum of loops times constants as it stands.
        digits: the quotients and remainders of loops in it, whose steps are averages; None if there
            are none.
        own_steps: steps without those of digits.
    """

    steps: tuple[float, ...]
    first: int
    last: int
    most: float
    is_data: bool
    is_sum: bool
    digits: Linear | None = None
    own_steps: tuple[float, ...] = ()

    def with_neighbour(self, other: Line) -> Line:
        """The same line, as wide as both."""
        return self._replace(first=min(self.first, other.first), last=max(self.last, other.last))


def line_of(
    index: Expr,
    values: Mapping[Var, Expr],
    ranges: Mapping[Var, Interval],
    order: Mapping[Var, int],
) -> Line:
    """The line of an index.

    Args:
        index: over the variables of `values` and of loops.
        values: what iteration variables are, over loops.
        ranges: the values of loops.
        order: the place of each loop that counts.
    """
    over = substitute(index, values)
    parts = list(exprs(over))
    if any(isinstance(e, Load) for e in parts):
        return line_of_data(order)
    line = line_of_sum(linear(over, ranges), order)
    is_sum = all(isinstance(e, (Var, Const)) or _is_sum(e) for e in parts)
    return line._replace(is_sum=is_sum and line.is_sum)


def line_of_data(order: Mapping[Var, int]) -> Line:
    """The line of an index that is read from memory."""
    return Line((0.0,) * len(order), 0, 0, inf, True, False)


def line_of_sum(total: Linear, order: Mapping[Var, int]) -> Line:
    """The line of an index in normal form, over loops."""
    steps = [0.0] * len(order)
    others, digits = [0.0] * len(order), dict[Atom, int]()
    for atom, coefficient in total.terms.items():
        if isinstance(atom, Var):
            if atom in order:
                steps[order[atom]] += coefficient
            continue
        digits[atom] = coefficient
        for var, step in _steps(atom).items():
            if var in order:
                others[order[var]] += coefficient * step
    most, constant, own = _most(total), total.constant, tuple(steps)
    if not digits:
        return Line(own, constant, constant, most, False, True, None, own)
    both = tuple([a + b for a, b in zip(steps, others, strict=True)])
    return Line(both, constant, constant, most, False, False, Linear(digits, 0), own)


def _is_sum(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.op in ("+", "-", "*")


def _steps(atom: Atom) -> dict[Var, float]:
    """How far an atom moves with each of its variables, on the average of a long way."""
    if isinstance(atom, Var):
        return {atom: 1.0}
    if not isinstance(atom, Quotient):
        return dict.fromkeys(atom_variables(atom), 1.0)
    steps: dict[Var, float] = {}
    for inner, coefficient in atom.total.terms.items():
        for var, step in _steps(inner).items():
            steps[var] = steps.get(var, 0.0) + coefficient * step
    if atom.kind == "//":
        return {var: step / atom.divisor for var, step in steps.items()}
    return {var: step for var, step in steps.items() if step % atom.divisor}


def _most(total: Linear) -> float:
    """How many values a single remainder has; infinite for any other sum."""
    if len(total.terms) == 1:
        ((atom, coefficient),) = total.terms.items()
        if isinstance(atom, Quotient) and atom.kind == "%" and abs(coefficient) == 1:
            return atom.divisor
    return inf
