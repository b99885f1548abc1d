"""Digits put together again: the flat address that quotients and remainders of one number make.

Where loops are fused, or an array is read under another shape, the indices of an element are
digits of one number in mixed radix, and its address is that number again:

    f // 91 * 91 + f // 13 % 7 * 13 + f % 13 = f
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.arith.linear import Atom, Linear, Quotient, Ranges, divide
from tvmlab.arith.simplify import linear
from tvmlab.ir.expr import Expr


def flat_index(indices: Sequence[Expr], steps: Sequence[int], ranges: Ranges) -> Linear:
    """The sum of `indices` times `steps`, an element's place in memory, with digits joined."""
    total = Linear({}, 0)
    for index, step in zip(indices, steps, strict=True):
        total = total.plus(linear(index, ranges), step)
    return undigited(total, ranges)


def undigited(total: Linear, ranges: Ranges) -> Linear:
    """The same sum with fewer quotients and remainders, where digits of a number meet in it."""
    if not any(isinstance(atom, Quotient) for atom in total.terms):
        return total
    joined = _expanded(total, ranges)
    return joined if _quotients(joined) < _quotients(total) else total


def _quotients(total: Linear) -> int:
    return sum(isinstance(atom, Quotient) for atom in total.terms)


def _expanded(total: Linear, ranges: Ranges) -> Linear:
    """`total` without remainders: x % m is x - x // m * m, and equal quotients cancel."""
    result = Linear({}, total.constant)
    for atom, coefficient in total.terms.items():
        result = result.plus(_of_atom(atom, ranges), coefficient)
    return result


def _of_atom(atom: Atom, ranges: Ranges) -> Linear:
    if not isinstance(atom, Quotient):
        return Linear({atom: 1}, 0)
    inner = _expanded(atom.total, ranges)
    quotient = _floor(inner, atom.divisor, ranges)
    return quotient if atom.kind == "//" else inner.plus(quotient, -atom.divisor)


def _floor(total: Linear, divisor: int, ranges: Ranges) -> Linear:
    """`total // divisor`; a quotient within becomes part of one: (x + y // d) // m is
    (x * d + y) // (d * m)."""
    nested = [atom for atom in total.terms if isinstance(atom, Quotient)]
    if len(nested) == 1 and total.terms[nested[0]] == 1:
        (inner,) = nested
        others = total.plus(Linear({inner: 1}, 0), -1).times(inner.divisor)
        return _floor(others.plus(inner.total), divisor * inner.divisor, ranges)
    return divide(total, divisor, ranges)[0]
