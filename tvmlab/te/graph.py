"""The graph that tensors form by reading each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tvmlab.errors import ExpressionError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.names import fresh_names
from tvmlab.ir.shapes import sizes_in
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs
from tvmlab.te.extern import Extern
from tvmlab.te.recurrence import Recurrence, Scanned
from tvmlab.te.reduction import Reduce
from tvmlab.te.tensor import Tensor


def terms_of(tensor: Tensor) -> tuple[Expr, ...]:
    """What a computation evaluates at each point of its domain: its bodies, or what it folds."""
    if isinstance(tensor.body, Reduce):
        return tensor.body.values
    return tuple(t.body for t in tensor.results if t.body is not None)


@lru_cache(maxsize=1024)  # every walk of a graph asks this of every tensor, and none changes
def reads(tensor: Tensor) -> tuple[Tensor, ...]:
    """The tensors that `tensor`'s computation reads, each once, in order of appearance."""
    if isinstance(tensor, Scanned):
        return (*tensor.recurrence.inits, *tensor.recurrence.updates)
    if isinstance(tensor, Extern):
        return tensor.inputs
    found: dict[int, Tensor] = {}
    for value in terms_of(tensor):
        for e in exprs(value):
            if isinstance(e, Load) and isinstance(e.buffer, Tensor):
                found.setdefault(id(e.buffer), e.buffer)
    return tuple(found.values())


def tensors(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Every tensor the outputs need, producers before consumers; no recursion, for chains are long.

    The results of one computation stand side by side, needed or not.
    """
    order: dict[int, Tensor] = {}
    # Those to be placed, the next last; one that waits for what it reads stands there with True.
    left = [(output, False) for output in reversed(outputs)]
    while left:
        tensor, is_next = left.pop()
        if id(tensor) in order:
            continue
        if is_next:
            order.update((id(result), result) for result in tensor.results)
        else:
            left += [(tensor, True), *((below, False) for below in reversed(reads(tensor)))]
    return list(order.values())


def inputs(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The placeholders, in the order in which the compiled function takes them."""
    states = {s for r in recurrences(outputs) for s in r.states}
    return [t for t in tensors(outputs) if t.is_placeholder and t not in states]


def is_constant(tensor: Tensor) -> bool:
    """Whether a tensor is the same at every call: made of inputs that are, if not one of them."""
    given = inputs([tensor])
    return bool(given) and all(t.constant for t in given)


def stages(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The computations, producers before consumers: the first result of each."""
    return [t for t in tensors(outputs) if t.body is not None and t is t.results[0]]


def graph_sizes(outputs: Sequence[Tensor]) -> tuple[Size, ...]:
    """The sizes that stand anywhere in what the outputs need, in order of appearance."""
    every = tensors(outputs)
    extents = [e for t in every for e in (*t.shape, *(a.extent for a in t.reduce_axes))]
    return sizes_in([*extents, *(term for t in every for term in terms_of(t))])


def block_names(outputs: Sequence[Tensor]) -> dict[Tensor, str]:
    """For each tensor computed its block: named as the first result of its computation."""
    names = tensor_names(outputs)
    by = {t: t.update if isinstance(t, Scanned) else t for t in names if not t.is_placeholder}
    return {t: names[computed.results[0]] for t, computed in by.items()}


def recurrences(outputs: Sequence[Tensor]) -> list[Recurrence]:
    """The recurrences of `t.scan`, in order."""
    found = [t.recurrence for t in tensors(outputs) if isinstance(t, Scanned)]
    return list(dict.fromkeys(found))


def tensor_names(outputs: Sequence[Tensor]) -> dict[Tensor, str]:
    """The name of each tensor in the naive program: its own, numbered where two have one name.

    A state of a recurrence and the tensor that `t.scan` made of it are one buffer.
    """
    every = tensors(outputs)
    own = [t for t in every if not isinstance(t, Scanned)]
    names = dict(zip(own, unique_names([t.name for t in own]), strict=True))
    return {t: names[t.state if isinstance(t, Scanned) else t] for t in every}


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
    _check_recurrences(outputs)
    return outputs


def _check_recurrences(outputs: Sequence[Tensor]) -> None:
    """Refuse what looks into a recurrence from outside, or belongs into one and is not."""
    every = recurrences(outputs)
    for n, recurrence in enumerate(every):
        own = _inside(recurrence)
        shared = {t for other in every[:n] for t in own & _inside(other)}
        outside = [t for t in stages(outputs) if t not in own]
        if seen := shared | (own & {*outputs, *(r for t in outside for r in reads(t))}):
            name = min(t.name for t in seen)
            raise ExpressionError(
                f"{name} is part of the scan of {recurrence.outputs[0].name} and is used outside "
                "it; use what t.scan returned, or a state of its own for each scan."
            )
    cells = {t for r in every for t in _inside(r)}
    for tensor in tensors(outputs):
        if tensor.unready is not None and tensor not in cells:
            raise ExpressionError(tensor.unready)


def _inside(recurrence: Recurrence) -> set[Tensor]:
    """The states of a recurrence and what its cell computes."""
    return {*recurrence.states, *(t for stage in recurrence.cell for t in stage.results)}


def unique_names(wanted: Sequence[str]) -> list[str]:
    """`wanted`, with `_1`, `_2`, ... after a name that an earlier one has already."""
    return fresh_names((), wanted)
