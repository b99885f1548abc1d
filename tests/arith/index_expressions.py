"""Random index expressions and what they are worth, by Python's own integers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Select, Var

VARIABLES = (Var("x"), Var("y"), Var("z"))

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "min": min,
    "max": max,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "and": lambda a, b: bool(a) and bool(b),
    "or": lambda a, b: bool(a) or bool(b),
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}


def value(e: Expr, environment: Mapping[Var, int]) -> Any:
    """The value of an index expression or of a condition over such."""
    if isinstance(e, Var):
        return environment[e]
    if isinstance(e, Const):
        return bool(e.value) if e.dtype == "bool" else e.value
    if isinstance(e, Select):
        return value(e.a if value(e.condition, environment) else e.b, environment)
    assert isinstance(e, Binary)
    return OPERATORS[e.op](value(e.a, environment), value(e.b, environment))


def _index(n: int) -> Expr:
    return Const(n, INDEX)


leaves = st.sampled_from(VARIABLES) | st.integers(-7, 40).map(_index)
divisors = st.sampled_from((1, 2, 3, 4, 5, 8, 16, 32)).map(_index)


def _grow(below: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    def binary(operators: tuple[str, ...], right: st.SearchStrategy[Expr]) -> Any:
        return st.builds(Binary, st.sampled_from(operators), below, right)

    comparison = binary(("<", "<=", ">", ">=", "==", "!="), below)
    condition = comparison | st.builds(
        Binary, st.sampled_from(("and", "or")), comparison, comparison
    )
    return (
        binary(("+", "-", "+", "-", "min", "max"), below)
        | binary(("*",), st.integers(-4, 33).map(_index))
        | binary(("*",), below)
        | binary(("//", "%"), divisors)
        | binary(("&", "|", "^"), below)
        | binary(("&",), st.sampled_from((1, 3, 7, 31)).map(_index))
        | binary(("<<", ">>"), st.integers(0, 5).map(_index))
        | st.builds(Select, condition, below, below)
    )


indices: st.SearchStrategy[Expr] = st.recursive(leaves, _grow, max_leaves=12)
"""Integer expressions over `VARIABLES`; divisors are positive constants."""

conditions: st.SearchStrategy[Expr] = st.builds(
    Binary, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), indices, indices
)
"""Comparisons of them."""

ranges = st.tuples(*[st.tuples(st.integers(-9, 9), st.integers(0, 40)) for _ in VARIABLES]).map(
    lambda pairs: {v: (low, low + more) for v, (low, more) in zip(VARIABLES, pairs, strict=True)}
)
"""What is known of each variable: least and greatest value."""
