"""The scalar functions an expression may call, with the dtypes they accept.

A target either emits an entry natively or by its own approximation, within the error that
`max_relative_error` states; NumPy's function of the same meaning is the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from tvmlab.errors import ExpressionError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Call, Expr, ExprLike, as_expr, cast


@dataclass(frozen=True)
class Function:
    """A scalar function.

    Attributes:
        name: as written in a program.
        arity: number of arguments, all of one dtype, which is the result's.
        numpy: name of the NumPy function that defines it.
        floats_only: whether integers are refused.
        ulps: how many units in the last place a target may be off NumPy's result.
    """

    name: str
    arity: int
    numpy: str
    floats_only: bool = True
    ulps: float = 4.0


FUNCTIONS = {
    f.name: f
    for f in (
        Function("exp", 1, "exp"),
        Function("log", 1, "log"),
        Function("sqrt", 1, "sqrt", ulps=1.0),
        Function("tanh", 1, "tanh"),
        Function("abs", 1, "abs", floats_only=False, ulps=0.0),
        Function("pow", 2, "power"),
        Function("floor", 1, "floor", ulps=0.0),
        Function("ceil", 1, "ceil", ulps=0.0),
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
    if function.floats_only and not dtypes.is_float(dtype):
        raise ExpressionError(
            f"{name} is defined on floats, and its argument is {dtype}; cast it with .astype."
        )
    return Call(name, tuple(cast(dtype, n) for n in nodes), dtype)
