"""How a user says a tensor program: placeholders, computations, reductions, functions."""

from tvmlab.te.function import abs, ceil, exp, floor, log, pow, sigmoid, sqrt, tanh
from tvmlab.te.reduction import max, min, prod, reduce_axis, sum
from tvmlab.te.size import var
from tvmlab.te.tensor import Tensor, compute, placeholder

__all__ = [
    "Tensor",
    "abs",
    "ceil",
    "compute",
    "exp",
    "floor",
    "log",
    "max",
    "min",
    "placeholder",
    "pow",
    "prod",
    "reduce_axis",
    "sigmoid",
    "sqrt",
    "sum",
    "tanh",
    "var",
]
