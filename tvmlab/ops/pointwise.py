"""Functions of scalars, element by element, of arrays that broadcast as in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import erf, prod, sqrt
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import Expr
from tvmlab.ops import checks
from tvmlab.ops.generic import GenericTemplate
from tvmlab.ops.operator import Operator
from tvmlab.ops.workload import Array, Workload
from tvmlab.te import Tensor


@dataclass(frozen=True)
class Function:
    """A function of one or two scalars.

    Attributes:
        define: from expressions to an expression.
        compute: the same in NumPy.
        operands: how many it takes.
        flops: what one application counts.
        integers: whether it is defined for integers too.
    """

    define: Callable[..., Expr]
    compute: Callable[..., Array]
    operands: int = 1
    flops: int = 1
    integers: bool = False


def _gelu(x: Expr) -> Expr:
    """x times the probability that a normal variable is below it."""
    return x * 0.5 * (te.erf(x * sqrt(0.5)) + 1.0)


_ERF = np.vectorize(erf, otypes=[float])

FUNCTIONS: Mapping[str, Function] = {
    "relu": Function(lambda x: te.max(x, te.const(0, x.dtype)), lambda x: np.maximum(x, 0),
                     integers=True),
    "neg": Function(lambda x: -x, np.negative, integers=True),
    "abs": Function(te.abs, np.abs, integers=True),
    "exp": Function(te.exp, np.exp),
    "log": Function(te.log, np.log),
    "sqrt": Function(te.sqrt, np.sqrt),
    "rsqrt": Function(te.rsqrt, lambda x: 1 / np.sqrt(x), flops=2),
    "tanh": Function(te.tanh, np.tanh),
    "sigmoid": Function(te.sigmoid, lambda x: 1 / (1 + np.exp(-x)), flops=4),
    "erf": Function(te.erf, _ERF),
    "gelu": Function(_gelu, lambda x: x / 2 * (1 + _ERF(x * sqrt(0.5))), flops=5),
    "silu": Function(lambda x: x * te.sigmoid(x), lambda x: x / (1 + np.exp(-x)), flops=5),
    "sin": Function(te.sin, np.sin),
    "cos": Function(te.cos, np.cos),
    "floor": Function(te.floor, np.floor),
    "ceil": Function(te.ceil, np.ceil),
    "add": Function(lambda a, b: a + b, np.add, 2, integers=True),
    "sub": Function(lambda a, b: a - b, np.subtract, 2, integers=True),
    "mul": Function(lambda a, b: a * b, np.multiply, 2, integers=True),
    "div": Function(lambda a, b: a / b, np.divide, 2),
    "max": Function(te.max, np.maximum, 2, integers=True),
    "min": Function(te.min, np.minimum, 2, integers=True),
    "pow": Function(te.pow, np.power, 2),
}  # fmt: skip
"""Every function by name."""


def pointwise(
    shape: Sequence[int] | int,
    function: str = "relu",
    other: Sequence[int] | int | None = None,
    dtype: str = "float32",
) -> Workload:
    """A function of scalars, applied to each element of one array or of two that broadcast.

    Y[...] = function(A[...]), or function(A[...], B[...]); in two arrays each pair of extents is
    equal or holds a 1, aligned at the last.

    Args:
        shape: of A.
        function: a name of `tvmlab.ops.pointwise.FUNCTIONS`; gelu is the exact one, by erf.
        other: the shape of B, for a function of two; A's own if None.
        dtype: of everything: any float, and any integer for functions that give integers.

    Raises:
        UsageError: an argument is out of its range, or the shapes do not broadcast.
    """
    chosen = _function(function)
    first = checks.shape("pointwise", "shape", shape)
    if not chosen.integers and not dtypes.is_float(dtype):
        raise UsageError(f"pointwise was given dtype={dtype!r}; {function} takes floats.")
    if other is not None and chosen.operands == 1:
        raise UsageError(f"pointwise was given other={other!r}, and {function} takes one array.")
    shapes = [first]
    if chosen.operands == 2:
        shapes.append(first if other is None else checks.shape("pointwise", "other", other))
    given = [te.placeholder(s, dtype, n) for s, n in zip(shapes, "AB", strict=False)]
    extents = _broadcast(function, shapes)
    out = te.compute(
        extents, lambda *at: chosen.define(*(_element(tensor, at) for tensor in given)), name="Y"
    )

    def compute(*arrays: Array) -> tuple[Array, ...]:
        return (chosen.compute(*arrays),)

    args = {"shape": first, "function": function, "other": other, "dtype": dtype}
    flops = chosen.flops * prod(extents)
    return Workload("pointwise", args, (out,), flops, compute, {"cpu": GenericTemplate})


def _function(name: str) -> Function:
    found = FUNCTIONS.get(name)
    if found is None:
        raise UsageError(
            f"pointwise was given function={name!r}; it is one of {', '.join(FUNCTIONS)}."
        )
    return found


def _broadcast(function: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        given = " and ".join(str(list(shape)) for shape in shapes)
        raise UsageError(
            f"{function} was given shapes {given}, which do not broadcast; each extent must be "
            "equal or 1, aligned at the last."
        ) from None


def _element(tensor: Tensor, at: Sequence[Any]) -> Expr:
    """The element of a broadcast tensor that belongs to the place `at`."""
    own = at[len(at) - len(tensor.extents) :]
    return tensor[tuple(0 if n == 1 else i for i, n in zip(own, tensor.extents, strict=True))]


OPERATOR = Operator(pointwise, GenericTemplate, ("*shape",))
