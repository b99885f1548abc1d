"""The graph that tensors form by reading each other."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.errors import ExpressionError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.names import fresh_names
from tvmlab.ir.shapes import sizes_in
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs
from tvmlab.te.reduction import Reduce
from tvmlab.te.tensor import Tensor


def terms_of(tensor: Tensor) -> tuple[Expr, ...]:
    """What a computation evaluates at each point of its domain: its bodies, or what it folds."""
    if isinstance(tensor.body, Reduce):
        return tensor.body.values
    return tuple(t.body for t in tensor.results if t.body is not None)


def reads(tensor: Tensor) -> list[Tensor]:
    """The tensors that `tensor`'s computation reads, each once, in order of appearance."""
    found: dict[int, Tensor] = {}
    for value in terms_of(tensor):
        for e in exprs(value):
            if isinstance(e, Load) and isinstance(e.buffer, Tensor):
                found.setdefault(id(e.buffer), e.buffer)
    return list(found.values())


def tensors(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Every tensor the outputs need, producers before consumers.

    The results of one computation stand side by side, needed or not.
    """
    order: dict[int, Tensor] = {}

    def visit(tensor: Tensor) -> None:
        if id(tensor) in order:
            return
        for below in reads(tensor):
            visit(below)
        for result in tensor.results:
            order[id(result)] = result

    for output in outputs:
        visit(output)
    return list(order.values())


def inputs(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The placeholders, in the order in which the compiled function takes them."""
    return [t for t in tensors(outputs) if t.is_placeholder]


def stages(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The computations, producers before consumers: the first result of each."""
    return [t for t in tensors(outputs) if not t.is_placeholder and t is t.results[0]]


def graph_sizes(outputs: Sequence[Tensor]) -> tuple[Size, ...]:
    """The sizes that stand anywhere in what the outputs need, in order of appearance."""
    every = tensors(outputs)
    extents = [e for t in every for e in (*t.shape, *(a.extent for a in t.reduce_axes))]
    return sizes_in([*extents, *(term for t in every for term in terms_of(t))])


def block_names(outputs: Sequence[Tensor]) -> dict[Tensor, str]:
    """For each tensor computed its block: named as the first result of its computation."""
    every = tensors(outputs)
    names = dict(zip(every, unique_names([t.name for t in every]), strict=True))
    return {t: names[t.results[0]] for t in every if not t.is_placeholder}


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
