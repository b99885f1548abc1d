"""The scalar functions an expression may call, with the dtypes they accept.

A target either emits an entry natively or by its own approximation, within the units in the last
place that the entry states; its reference, on NumPy's values, is what it means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes, references
from tvmlab.ir.expr import Call, Expr, ExprLike, as_expr, cast


@dataclass(frozen=True)
class Function:
    """A scalar function.

    Attributes:
        name: as written in a program.
        arity: number of arguments, all of one dtype, which is the result's.
        reference: from arrays or scalars of that dtype to the result.
        domain: what it takes: "floats", "integers" or "numbers", which are both.
        ulps: how many units in the last place a target may be off the exact result.
    """

    name: str
    arity: int
    reference: Callable[..., Any]
    domain: str = "floats"
    ulps: float = 4.0

    def takes(self, dtype: str) -> bool:
        """Whether arguments may be of `dtype`."""
        in_floats = dtypes.is_float(dtype) and self.domain != "integers"
        return in_floats or (dtypes.is_integer(dtype) and self.domain != "floats")


FUNCTIONS = {
    f.name: f
    for f in (
        Function("exp", 1, np.exp),
        Function("log", 1, np.log),
        Function("sqrt", 1, np.sqrt, ulps=1.0),
        Function("tanh", 1, np.tanh),
        Function("abs", 1, np.abs, "numbers", ulps=0.0),
        Function("pow", 2, np.power),
        Function("floor", 1, np.floor, ulps=0.0),
        Function("ceil", 1, np.ceil, ulps=0.0),
        Function("truncdiv", 2, references.truncdiv, "integers"),
        Function("truncmod", 2, np.fmod, "integers"),
        Function("clz", 1, references.clz, "integers"),
        Function("popcount", 1, references.popcount, "integers"),
    )
}


def call(name: str, *args: ExprLike) -> Expr:
    """The function `name` applied to `args`, which meet at one dtype.

    Raises:
        ExpressionError: unknown name, wrong number of arguments, or integers where floats are due.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(FUNCTIONS)
        raise ExpressionError(f"function {name!r} is not known; use one of {known}.")
    if len(args) != function.arity:
        raise ExpressionError(f"{name} takes {function.arity} argument(s), not {len(args)}.")
    nodes = [as_expr(a) for a in args]
    typed = [n for n, a in zip(nodes, args, strict=True) if isinstance(a, Expr)] or nodes
    dtype = typed[0].dtype
    for node in typed[1:]:
        dtype = dtypes.promote(dtype, node.dtype)
    if not function.takes(dtype):
        raise ExpressionError(
            f"{name} is defined on {function.domain}, and its argument is {dtype}; "
            "cast it with .astype."
        )
    return Call(name, tuple(cast(dtype, n) for n in nodes), dtype)
