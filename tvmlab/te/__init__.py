"""How a user says a tensor program: placeholders, computations, reductions, functions."""

from tvmlab.te.function import abs, ceil, exp, floor, log, pow, sigmoid, sqrt, tanh
from tvmlab.te.reducers import argmax, argmin, comm_reducer, max_value, min_value
from tvmlab.te.reduction import max, min, prod, reduce_axis, sum
from tvmlab.te.size import var
from tvmlab.te.tensor import Tensor, compute, placeholder

__all__ = [
    "Tensor",
    "abs",
    "argmax",
    "argmin",
    "ceil",
    "comm_reducer",
    "compute",
    "exp",
    "floor",
    "log",
    "max",
    "max_value",
    "min",
    "min_value",
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
