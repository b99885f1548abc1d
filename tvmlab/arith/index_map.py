"""Index maps: another order of an array's elements, proved to keep every element apart.

    n, c, h, w -> n, c // 16, h, w, c % 16

The names on the left are an element's indices, the expressions on the right where it goes. They
are sums, products, quotients and remainders by constants, and are taken apart into *digits*: digit
`(c, 16, 4)` is `c // 16 % 4`. Each result must be a number in mixed radix whose digits are such,
and the digits of each index must make up all of it; then every element has a place of its own, and
the indices can be computed back from the place. Where an extent does not divide, the new array is
larger, and the places that no element has are its padding.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from tvmlab.arith.simplify import simplify
from tvmlab.errors import ParseError
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.parse_expr import Scope, parse_expr
from tvmlab.ir.printer import expr_text
from tvmlab.ir.walk import substitute


@dataclass(frozen=True)
class Digit:
    """`source // lower % extent`; the remainder is not taken where the digit is the highest."""

    source: Source
    lower: int
    extent: int


Number = tuple[Digit, ...]
"""A number in mixed radix, its lowest digit first."""

Source = int | Number
"""What a digit is of: the index of that position, or a number that is taken apart once more."""


class NotOneToOne(Exception):
    """Why an index map is not one to one, or cannot be proved to be."""


def _unproved(why: str) -> NotOneToOne:
    return NotOneToOne(f"cannot prove the map one to one: {why}")


@dataclass(frozen=True)
class IndexMap:
    """A change of indices as it is written, for arrays of any extents.

    Attributes:
        names: the variables of the indices.
        results: where the element with these indices goes.
    """

    names: tuple[Var, ...]
    results: tuple[Expr, ...]

    @classmethod
    def parse(cls, text: str) -> IndexMap:
        """The map written as `i, j -> j, i`.

        Raises:
            ParseError: in words that say what is wrong with the text.
        """
        left, arrow, right = text.partition("->")
        if not arrow:
            raise ParseError("an index map has the form 'i, j -> j // 16, i, j % 16'")
        names = [part.strip() for part in left.split(",")]
        for name in names:
            if not name.isidentifier() or names.count(name) > 1:
                raise ParseError(f"{name!r} is not the name of one index before the arrow")
        variables = {name: Var(name) for name in names}
        try:
            tree = ast.parse(f"({right.strip()},)", mode="eval").body
            parts = tree.elts if isinstance(tree, ast.Tuple) else []
            results = tuple([parse_expr(part, Scope(variables)) for part in parts])
        except SyntaxError:
            raise ParseError(f"{right.strip()!r} is not a list of expressions") from None
        except ParseError as error:
            raise ParseError(str(error).partition(": ")[2].rstrip(".")) from None
        return cls(tuple(variables.values()), results)

    @classmethod
    def traced(cls, function: Callable[..., Any]) -> IndexMap:
        """The map that a Python function of indices computes, a tuple or one result.

        Raises:
            ParseError: a result is no expression of the indices.
        """
        names = tuple(Var(name) for name in inspect.signature(function).parameters)
        made = function(*names)
        results: list[Expr] = []
        for result in made if isinstance(made, (tuple, list)) else (made,):
            if not isinstance(result, (Expr, int)):
                raise ParseError(f"it gives {result!r}, which is no expression of its indices")
            results.append(Const(result, INDEX) if isinstance(result, int) else result)
        return cls(names, tuple(results))

    def __str__(self) -> str:
        return (
            f"{', '.join(v.name for v in self.names)} -> {', '.join(map(expr_text, self.results))}"
        )

    def place(self, indices: Sequence[Expr]) -> tuple[Expr, ...]:
        """Where the element at `indices` goes."""
        values = dict(zip(self.names, indices, strict=True))
        return tuple([substitute(result, values) for result in self.results])

    def over(self, extents: Sequence[int]) -> Relayout:
        """The map on an array of these extents.

        Raises:
            NotOneToOne: two elements share a place, or it cannot be proved that none do.
        """
        sizes = tuple(extents)
        reader = _Digits({v: n for n, v in enumerate(self.names)}, sizes)
        numbers = []
        for result in self.results:
            number = _number(reader.parts(result))
            if number is None:
                raise NotOneToOne(
                    f"cannot prove the map one to one: {result!r} is no sum of digits"
                )
            numbers.append(number)
        return Relayout(self, sizes, numbers)


class Relayout:
    """An index map on an array of known extents.

    Attributes:
        shape: the extents of the new array.
        is_padded: whether some places have no element.
    """

    def __init__(self, index_map: IndexMap, sizes: Sequence[int], numbers: Sequence[Number]):
        self._names = [v.name for v in index_map.names]
        self._sizes = tuple(sizes)
        self.shape = tuple(_size(number, self._sizes) for number in numbers)
        self.is_padded = prod(self.shape) > prod(self._sizes)
        self._places = tuple(Var(f"p{n}") for n in range(len(numbers)))
        known: dict[Digit, Expr] = {}
        for place, number in zip(self._places, numbers, strict=True):
            _take_apart(place, number, known)
        while (joined := _outermost(known)) is not None:
            _take_apart(self._joined(joined, known), joined, known)
        self._indices = [self._joined(n, known) for n in range(len(sizes))]

    def indices(self, places: Sequence[Expr]) -> tuple[Expr, ...]:
        """The indices of the element at a place; outside the extents where it is padding."""
        values = dict(zip(self._places, places, strict=True))
        ranges = {p: (0, e - 1) for p, e in zip(self._places, self.shape, strict=True)}
        return tuple([substitute(simplify(i, ranges), values) for i in self._indices])

    def _joined(self, source: Source, known: dict[Digit, Expr]) -> Expr:
        """A source put together from its digits, which are taken out of `known`.

        Raises:
            NotOneToOne: the digits do not make up the source.
        """
        digits = sorted((d for d in known if d.source == source), key=lambda d: d.lower)
        total: Expr = Const(0, INDEX)
        reached = 1
        for digit in digits:
            if digit.lower != reached:
                raise NotOneToOne(
                    "cannot prove the map one to one: digits of an index overlap or lack"
                )
            total = total + known.pop(digit) * digit.lower
            reached *= digit.extent
        if reached < _size(source, self._sizes):
            if not isinstance(source, int):
                raise NotOneToOne(
                    "cannot prove the map one to one: a joined index is not kept whole"
                )
            name = self._names[source]
            raise NotOneToOne(f"the map puts {name}=0 and {name}={reached} in one place")
        if not isinstance(source, int) and reached > _size(source, self._sizes):
            highest = source[-1]
            if highest.lower * highest.extent < _size(highest.source, self._sizes):
                raise NotOneToOne(
                    "cannot prove the map one to one: it pads amid the digits of an index"
                )
        return total


def _size(source: Source, sizes: Sequence[int]) -> int:
    """How many values a source takes."""
    return sizes[source] if isinstance(source, int) else prod(d.extent for d in source)


def _outermost(known: dict[Digit, Expr]) -> Number | None:
    """A joined number of which digits are known, and that is no part of another such."""
    joined = [d.source for d in known if not isinstance(d.source, int)]
    within = [inner.source for number in joined for inner in number]
    return next((number for number in joined if number not in within), None)


def _take_apart(value: Expr, number: Number, known: dict[Digit, Expr]) -> None:
    """The digits of a number that has `value`, added to `known`.

    Raises:
        NotOneToOne: a digit is known already, so that a place depends on it twice.
    """
    scale = 1
    for n, digit in enumerate(number):
        if digit in known:
            raise _unproved("it uses an index twice")
        above = value // scale
        known[digit] = above if n == len(number) - 1 else above % digit.extent
        scale *= digit.extent


Part = tuple[Digit, int]
"""A digit and what it is multiplied with."""


class _Digits:
    """Takes expressions over indices of known extents apart."""

    def __init__(self, positions: dict[Var, int], sizes: tuple[int, ...]) -> None:
        self.positions = positions
        self.sizes = sizes

    def parts(self, e: Expr) -> list[Part] | None:
        """An expression as a sum of digits; None where it is not one."""
        if isinstance(e, Var):
            source = self.positions[e]
            return [(Digit(source, 1, self.sizes[source]), 1)]
        if isinstance(e, Const):
            return [] if e.value == 0 else None
        if not isinstance(e, Binary):
            return None
        if e.op == "+":
            a, b = self.parts(e.a), self.parts(e.b)
            return None if a is None or b is None else a + b
        if e.op == "*" and isinstance(e.a, Const):
            return self.parts(Binary("*", e.b, e.a))
        below = self.parts(e.a)
        if below is None or not isinstance(e.b, Const) or e.b.value < 1:
            return None
        by = int(e.b.value)
        if e.op == "*":
            return [(digit, scale * by) for digit, scale in below]
        number = _number(below)
        if number is None or e.op not in ("//", "%"):
            return None
        low, high = self.cut(number, by)
        return _scaled(high if e.op == "//" else low)

    def cut(self, number: Number, at: int) -> tuple[Number, Number]:
        """The digits of `number % at` and of `number // at`; one that `at` lies in is divided."""
        scale = 1
        for n, digit in enumerate(number):
            if at == scale:
                return number[:n], number[n:]
            is_last = n == len(number) - 1
            if at % scale == 0 and (is_last or at < scale * digit.extent):
                low = at // scale
                is_whole = digit.lower * digit.extent >= _size(digit.source, self.sizes)
                if digit.extent % low == 0 or (is_last and is_whole):
                    under = Digit(digit.source, digit.lower, low)
                    above = Digit(digit.source, digit.lower * low, -(-digit.extent // low))
                    return (*number[:n], under), (above, *number[n + 1 :])
            scale *= digit.extent
        if not number:
            return (), ()
        return self.cut((Digit(number, 1, scale),), at)


def _number(parts: list[Part] | None) -> Number | None:
    """A sum of digits as a number, if each is multiplied with the product of those below."""
    if parts is None:
        return None
    number: list[Digit] = []
    reached = 1
    for digit, scale in sorted(parts, key=lambda part: (part[1], part[0].extent)):
        if scale != reached:
            return None
        number.append(digit)
        reached *= digit.extent
    return tuple(number)


def _scaled(number: Number) -> list[Part]:
    """The digits of a number, those with one value left out."""
    parts, scale = [], 1
    for digit in number:
        if digit.extent > 1:
            parts.append((digit, scale))
        scale *= digit.extent
    return parts
