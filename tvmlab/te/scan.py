"""Scan: a recurrence over time, as Theano and TVM have it.

    state = t.placeholder((T, n), name="h")
    init = t.compute((1, n), lambda _, i: 0.0)
    update = t.compute((T, n), lambda t_, i: state[t_ - 1, i] + X[t_, i])
    h = t.scan(init, update, state)

Step `s` of the state is `init[s]` for the first ones, and `update[s]` for the others, which may
read any state at earlier steps and, at step `s`, the computations of the cell: those that depend
on a state, each with the steps as its first dimension. In the program one loop over the steps goes
around the nests of the cell; each has a block and a schedule of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from tvmlab.arith import Interval, bounds
from tvmlab.arith.simplify import extent_range
from tvmlab.errors import ExpressionError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Var
from tvmlab.ir.walk import exprs
from tvmlab.te.extern import Extern
from tvmlab.te.graph import reads, tensors, terms_of
from tvmlab.te.recurrence import Recurrence, Scanned
from tvmlab.te.tensor import Tensor, check_reads, compute

Tensors = Sequence[Tensor]


@overload
def scan(init: Tensor, update: Tensor, state: Tensor, inputs: Tensors | None = None) -> Tensor: ...
@overload
def scan(
    init: Tensors, update: Tensors, state: Tensors, inputs: Tensors | None = None
) -> list[Tensor]: ...
def scan(
    init: Tensor | Tensors,
    update: Tensor | Tensors,
    state: Tensor | Tensors,
    inputs: Tensors | None = None,
) -> Tensor | list[Tensor]:
    """A recurrence: each step of the states from earlier ones.

    Args:
        init: for each state its first steps, of shape `(first, ...)`; `first` is the same for all.
        update: for each state a computation of shape `(steps, ...)`; at its first index `s` it may
            read states at `s - 1` to `s - first`. It is computed for `s` from `first` on.
        state: for each state a placeholder of shape `(steps, ...)`, used in this scan only.
        inputs: the tensors read from outside; not needed, and checked if given.

    Returns:
        for each state a tensor of its shape that holds every step; a list if lists were given.

    Raises:
        ExpressionError: shapes or dtypes do not fit, a later step is read, or a computation of the
            cell does not have the steps as its first dimension.
    """
    inits, updates, states = _as_tuple(init), _as_tuple(update), _as_tuple(state)
    if not states or not len(inits) == len(updates) == len(states):
        raise ExpressionError(
            f"t.scan was given {len(inits)} init(s), {len(updates)} update(s) and {len(states)} "
            "state(s); give one of each for every state."
        )
    for start, step, held in zip(inits, updates, states, strict=True):
        _check_state(start, step, held, (states[0], inits[0]))
    if any(len(set(part)) < len(part) for part in (states, updates)):
        raise ExpressionError("t.scan was given one state or update twice; give each once.")
    cell = _cell(updates, states)
    if any(t in states for t in tensors(inits)):
        raise ExpressionError(f"the init of {states[0].name} reads a state; it comes before them.")
    for stage in cell:
        _check_stage(stage, cell, states, inits[0])
    _check_inputs(inputs, cell, states)
    starts = tuple(_start(i, s) for i, s in zip(inits, states, strict=True))
    outputs = Recurrence(states, starts, updates, cell).outputs
    return outputs[0] if isinstance(state, Tensor) else list(outputs)


def _as_tuple(value: Tensor | Tensors) -> tuple[Tensor, ...]:
    found = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for each in found:
        if not isinstance(each, Tensor):
            raise ExpressionError(f"t.scan takes tensors, not {each!r}.")
    return found


def _check_state(
    init: Tensor, update: Tensor, state: Tensor, leading: tuple[Tensor, Tensor]
) -> None:
    """Refuse a state that its init and update do not fill, or that has other steps."""
    if not state.is_placeholder or update.body is None:
        raise ExpressionError(
            f"{state.name} must be a t.placeholder and {update.name} a t.compute; "
            "t.scan takes init, update and state in this order."
        )
    if not state.shape or not init.shape:
        raise ExpressionError(f"{state.name} or its init has no dimension for the steps.")
    steps, first = state.shape[0], init.shape[0]
    if not isinstance(steps, int) or not isinstance(first, int):
        raise ExpressionError(f"the steps of {state.name} are a size; a scan has a known number.")
    if not repr(update.shape) == repr(state.shape) == repr((steps, *init.shape[1:])):
        raise ExpressionError(
            f"{state.name} has shape {list(state.shape)}, its update {list(update.shape)} and "
            f"its init {list(init.shape)}; all but the init's first extent must be equal."
        )
    if not init.dtype == update.dtype == state.dtype:
        raise ExpressionError(
            f"{state.name} is {state.dtype}, its init {init.dtype} and its update {update.dtype}; "
            "cast them to one dtype with .astype."
        )
    if (steps, first) != (leading[0].shape[0], leading[1].shape[0]):
        raise ExpressionError(f"{state.name} has other steps than {leading[0].name}.")
    if first >= steps:
        raise ExpressionError(
            f"the init of {state.name} gives all {steps} steps; a scan computes at least one."
        )


def _cell(updates: Tensors, states: Tensors) -> tuple[Tensor, ...]:
    """The updates and what they need that depends on a state, producers first."""
    depends: dict[Tensor, bool] = {}
    for tensor in tensors(updates):
        depends[tensor] = tensor in states or any(depends[r] for r in reads(tensor))
        if isinstance(tensor, Extern) and depends[tensor]:
            raise ExpressionError(
                f"{tensor.name} is an extern that depends on a state; a cell consists of t.compute."
            )
        if isinstance(tensor, Scanned) and depends[tensor]:
            raise ExpressionError(
                f"the scan of {tensor.name} depends on a state of another; scans do not nest."
            )
    stages = [t for t in depends if t.body is not None and t is t.results[0]]
    return tuple(s for s in stages if depends[s] or any(r in updates for r in s.results))


def _check_stage(stage: Tensor, cell: Tensors, states: Tensors, init: Tensor) -> None:
    """Refuse a computation of the cell that reads another step than it may."""
    steps = states[0].shape[0]
    first = init.shape[0]
    assert isinstance(steps, int), "checked with the states"
    assert isinstance(first, int), "checked with the states"
    if not stage.shape or stage.shape[0] != steps:
        raise ExpressionError(
            f"{stage.name} depends on the state {states[0].name} and has shape "
            f"{list(stage.shape)}; its first dimension must be the {steps} steps."
        )
    time = stage.axes[0]
    axes = (*stage.axes, *stage.reduce_axes)
    ranges: dict[Var, Interval] = {a: extent_range(a.extent, {}, a.start) for a in axes}
    ranges[time] = (float(first), float(steps - 1))
    for value in terms_of(stage):
        check_reads(stage, value, ranges)
    inside = [result for each in cell for result in each.results]
    for load in [e for value in terms_of(stage) for e in exprs(value)]:
        if not isinstance(load, Load) or not isinstance(load.buffer, Tensor):
            continue
        low, high = bounds(load.indices[0] - time, ranges) if load.indices else (0.0, 0.0)
        if load.buffer in states and high >= 0:
            raise ExpressionError(
                f"{stage.name} reads the state {load.buffer.name} at {load.indices[0]!r}, "
                f"which is not surely before step {time.name}; read it at {time.name} - 1."
            )
        if load.buffer in inside and (low, high) != (0, 0):
            raise ExpressionError(
                f"{stage.name} reads {load.buffer.name} of its cell at step "
                f"{load.indices[0]!r}; of other steps only states are kept."
            )


def _check_inputs(inputs: Tensors | None, cell: Tensors, states: Tensors) -> None:
    read = {r for stage in cell for r in reads(stage)}
    for given in inputs or ():
        if given not in read or given in states:
            raise ExpressionError(
                f"t.scan was given {given!r} among its inputs, and its cell does not read it."
            )


def _start(init: Tensor, state: Tensor) -> Tensor:
    """A computation of a state's first steps that nothing else uses: it stores to the state."""
    if init.body is not None and init.results == (init,):
        own = Tensor(init.name, init.shape, init.dtype, init.axes, init.body)
        own.unready = init.unready
        return own
    return compute(init.shape, lambda *i: init[i], f"{state.name}_init")
