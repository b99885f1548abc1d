"""The graph that tensors form by reading each other."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.errors import ExpressionError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.names import fresh_names
from tvmlab.ir.walk import exprs
from tvmlab.te.reduction import Reduce
from tvmlab.te.tensor import Tensor


def value_of(body: Expr) -> Expr:
    """What a computation evaluates at each point of its domain: its body, or what it folds."""
    return body.value if isinstance(body, Reduce) else body


def reads(tensor: Tensor) -> list[Tensor]:
    """The tensors that `tensor` reads, each once, in order of appearance."""
    if tensor.body is None:
        return []
    found: dict[int, Tensor] = {}
    for e in exprs(value_of(tensor.body)):
        if isinstance(e, Load) and isinstance(e.buffer, Tensor):
            found.setdefault(id(e.buffer), e.buffer)
    return list(found.values())


def tensors(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Every tensor the outputs need, producers before consumers."""
    order: dict[int, Tensor] = {}

    def visit(tensor: Tensor) -> None:
        if id(tensor) in order:
            return
        for below in reads(tensor):
            visit(below)
        order[id(tensor)] = tensor

    for output in outputs:
        visit(output)
    return list(order.values())


def inputs(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The placeholders, in the order in which the compiled function takes them."""
    return [t for t in tensors(outputs) if t.is_placeholder]


def stages(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The computations, producers before consumers."""
    return [t for t in tensors(outputs) if not t.is_placeholder]


def as_outputs(value: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """One tensor or several as a tuple of outputs.

    Raises:
        ExpressionError: not tensors, or a placeholder, which computes nothing.
    """
    outputs = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for output in outputs:
        if not isinstance(output, Tensor):
            raise ExpressionError(
                f"{output!r} is not a tensor; pass what t.compute returned, or a list of such."
            )
        if output.is_placeholder:
            raise ExpressionError(
                f"{output.name} is a placeholder and computes nothing; pass a t.compute of it."
            )
    if not outputs or len({id(o) for o in outputs}) != len(outputs):
        raise ExpressionError("the outputs are empty or name a tensor twice; give each once.")
    return outputs


def unique_names(wanted: Sequence[str]) -> list[str]:
    """`wanted`, with `_1`, `_2`, ... after a name that an earlier one has already."""
    return fresh_names((), wanted)
