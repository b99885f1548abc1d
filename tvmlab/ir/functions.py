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
        domain: what it takes: "floats", "integers", "numbers", which are both, or one dtype.
        ulps: how many units in the last place a target may be off the exact result.
    """

    name: str
    arity: int
    reference: Callable[..., Any]
    domain: str = "floats"
    ulps: float = 4.0

    def takes(self, dtype: str) -> bool:
        """Whether arguments may be of `dtype`."""
        if self.domain == dtype:
            return True
        if self.domain not in ("floats", "integers", "numbers"):
            return False
        in_floats = dtypes.is_float(dtype) and self.domain != "integers"
        return in_floats or (dtypes.is_integer(dtype) and self.domain != "floats")


FUNCTIONS = {
    f.name: f
    for f in (
        Function("exp", 1, np.exp),
        Function("exp2", 1, np.exp2),
        Function("exp10", 1, references.exp10),
        Function("expm1", 1, np.expm1),
        Function("log", 1, np.log),
        Function("log2", 1, np.log2),
        Function("log10", 1, np.log10),
        Function("log1p", 1, np.log1p),
        Function("sqrt", 1, np.sqrt, ulps=1.0),
        Function("rsqrt", 1, references.rsqrt, ulps=2.0),
        Function("pow", 2, np.power),
        Function("hypot", 2, np.hypot, ulps=2.0),
        Function("sigmoid", 1, references.sigmoid),
        Function("tanh", 1, np.tanh),
        Function("sinh", 1, np.sinh),
        Function("cosh", 1, np.cosh),
        Function("asinh", 1, np.arcsinh),
        Function("acosh", 1, np.arccosh),
        Function("atanh", 1, np.arctanh),
        Function("erf", 1, references.erf),
        Function("sin", 1, np.sin),
        Function("cos", 1, np.cos),
        Function("tan", 1, np.tan, ulps=5.0),
        Function("asin", 1, np.arcsin),
        Function("acos", 1, np.arccos),
        Function("atan", 1, np.arctan),
        Function("atan2", 2, np.arctan2),
        Function("fmod", 2, np.fmod, ulps=0.0),
        Function("ldexp", 2, references.ldexp, ulps=1.0),
        Function("copysign", 2, np.copysign, ulps=0.0),
        Function("abs", 1, np.abs, "numbers", ulps=0.0),
        Function("floor", 1, np.floor, ulps=0.0),
        Function("ceil", 1, np.ceil, ulps=0.0),
        Function("trunc", 1, np.trunc, ulps=0.0),
        Function("round", 1, references.round_half_away, ulps=0.0),
        Function("nearbyint", 1, np.rint, ulps=0.0),
        Function("tf32", 1, references.tf32, "float32", ulps=0.0),
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
