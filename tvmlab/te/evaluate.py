"""The NumPy reference of a tensor graph, with the error that a kernel may have.

Floats are evaluated in float64 and carry a bound derived from the computation (see
`tvmlab.te.bounded`): a kernel that rounds each stage to its dtype, in any legal order and with or
without fused multiply-adds, stays within it. Integers and conditions are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.arrays import empty
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Expr
from tvmlab.ir.program import Store
from tvmlab.ir.shapes import sizes_from_shapes
from tvmlab.ir.walk import exprs, exprs_of, stmts, variables
from tvmlab.te.bounded import Array, Bounded, Error, is_exact
from tvmlab.te.combining import Combining
from tvmlab.te.contraction import contract
from tvmlab.te.extern import Extern
from tvmlab.te.folding import Folding
from tvmlab.te.graph import (
    as_outputs,
    graph_sizes,
    inputs,
    reads,
    recurrences,
    stages,
    tensor_names,
    tensors,
    terms_of,
)
from tvmlab.te.points import Points
from tvmlab.te.recurrence import Recurrence, Scanned
from tvmlab.te.reduction import REDUCERS, Combiner, Reduce
from tvmlab.te.specialise import specialise_tensors
from tvmlab.te.statements import Statements
from tvmlab.te.tensor import Tensor

BOX_ELEMENTS = 1 << 16
"""Points evaluated together: a few float64 arrays of them stay in a core's cache."""
FACTOR_ELEMENTS = 1 << 22
"""Elements of a matrix product's operand held at once: 32 MiB in float64."""


@dataclass(frozen=True)
class Evaluated:
    """The reference of one output.

    Attributes:
        name: the output's, as the naive program calls its parameter.
        value: the output's shape; float64 for floats, else the output's own dtype.
        bound: the output's shape, float64: how far a right kernel's element may be from `value`;
            infinite where the computation decides nothing (a sum that may overflow).
    """

    name: str
    value: Array
    bound: Array


def evaluate(
    outputs: Tensor | Sequence[Tensor], arrays: Mapping[str, Array]
) -> tuple[Evaluated, ...]:
    """The reference of each output, in order.

    Args:
        outputs: what `t.compute` returned.
        arrays: the inputs by the names of the naive program's parameters (the placeholders'
            names, numbered where two have one name), with their shapes and dtypes.

    Raises:
        UsageError: an input is missing, unknown, or of another shape or dtype; shapes that give a
            size two values, or one outside its bounds.
    """
    results = as_outputs(outputs)
    names = input_names(results)
    if graph_sizes(results):
        _check_names(names, arrays)
        return evaluate(_at_sizes(results, names, arrays), arrays)
    _check_inputs(names, arrays)
    known = {t: Bounded(np.asarray(arrays[n]), 0.0, t.dtype) for n, t in names.items()}
    with np.errstate(all="ignore"):
        cells = {stage for r in recurrences(results) for stage in r.cell}
        for tensor in tensors(results):
            if isinstance(tensor, Scanned) and tensor not in known:
                _scan(tensor.recurrence, known)
            elif isinstance(tensor, Extern):
                known[tensor] = _run(tensor, known)
            elif tensor in stages(results) and tensor not in cells:
                known.update(zip(tensor.results, _Stage(tensor, known).evaluate(), strict=True))
    shown = tensor_names(results)
    return tuple(
        Evaluated(
            shown[o],
            known[o].value,
            np.broadcast_to(_known_error(known[o].error), o.extents),
        )
        for o in results
    )


def _at_sizes(
    outputs: tuple[Tensor, ...], names: Mapping[str, Tensor], arrays: Mapping[str, Array]
) -> tuple[Tensor, ...]:
    """The graph at the sizes that the shapes of arrays tell."""
    given = [(n, np.shape(arrays[n])) for n in names if n in arrays]
    values = sizes_from_shapes([(n, names[n].shape) for n, _ in given], [s for _, s in given])
    return specialise_tensors(outputs, {s.name: v for s, v in values.items()})


def _known_error(error: Error) -> Error:
    """The error, infinite where overflow left nothing known of it (infinity less infinity)."""
    return np.where(np.isnan(error), np.inf, error)


def input_names(outputs: Sequence[Tensor]) -> dict[str, Tensor]:
    """The placeholders by the names of the naive program's parameters, in its order."""
    names = tensor_names(outputs)
    return {names[t]: t for t in inputs(outputs)}


def _check_names(names: Mapping[str, Tensor], arrays: Mapping[str, Array]) -> None:
    for name in arrays:
        if name not in names:
            raise UsageError(f"there is no input {name!r}; the inputs are {', '.join(names)}.")
    for name, tensor in names.items():
        if name not in arrays:
            raise UsageError(f"input {name} was not given; pass an array of {tensor!r}.")


def _check_inputs(names: Mapping[str, Tensor], arrays: Mapping[str, Array]) -> None:
    _check_names(names, arrays)
    for name, tensor in names.items():
        array = np.asarray(arrays[name])
        if array.shape != tensor.extents or str(array.dtype) != tensor.dtype:
            raise UsageError(
                f"input {name} was given as {array.dtype}{list(array.shape)}; it is "
                f"{tensor.dtype}{list(tensor.shape)}."
            )


def random_inputs(outputs: Tensor | Sequence[Tensor], seed: int) -> dict[str, Array]:
    """Inputs for a trial run, the same for the same graph and seed.

    Floats are uniform in [-1, 1): both signs, so that a lost term shows and sums stay small
    enough for float16. Integers are uniform in -8..7 (0..15 unsigned), bools are coin throws. An
    integer tensor that is used as an index stays inside what it indexes. Weights that a recurrence
    folds with are smaller by four times the length of the fold: its errors shrink from step to step
    then, where those of large weights grow beyond any use. A computation that is defined on other
    values only (a logarithm, say) needs inputs of its user's own.

    Raises:
        UsageError: the graph has sizes; `te.specialise` gives it known ones.
    """
    results = as_outputs(outputs)
    if sizes := graph_sizes(results):
        names_said = ", ".join(s.name for s in sizes)
        raise UsageError(f"inputs cannot be drawn for unknown sizes; give {names_said} values.")
    limits, lengths = _index_limits(results), _recurrent_folds(results)
    arrays: dict[str, Array] = {}
    for n, (name, tensor) in enumerate(input_names(results).items()):
        rng = np.random.default_rng([seed, n])
        if dtypes.is_float(tensor.dtype):
            kind = np.float64 if tensor.dtype == "float64" else np.float32
            array = empty(tensor.extents, kind.__name__)
            rng.random(out=array, dtype=kind)
            array *= 2
            array -= 1
            if tensor in lengths:
                array /= 4 * lengths[tensor]
            arrays[name] = array.astype(tensor.dtype, copy=False)
            continue
        low, high = (0, 16) if tensor.dtype in dtypes.UNSIGNED else (-8, 8)
        if tensor.dtype == "bool":
            low, high = 0, 2
        if tensor in limits:
            low, high = 0, min(limits[tensor], int(dtypes.highest(tensor.dtype)) + 1)
        arrays[name] = rng.integers(low, high, tensor.extents).astype(tensor.dtype)
    return arrays


def _recurrent_folds(outputs: Sequence[Tensor]) -> dict[Tensor, int]:
    """For each tensor that a cell folds, the length of the longest of its folds."""
    lengths: dict[Tensor, int] = {}
    for stage in (stage for r in recurrences(outputs) for stage in r.cell):
        length = prod(axis.count for axis in stage.reduce_axes)
        for tensor in reads(stage) if stage.reduce_axes else ():
            lengths[tensor] = max(lengths.get(tensor, 1), length)
    return lengths


def _index_limits(outputs: Sequence[Tensor]) -> dict[Tensor, int]:
    """For each tensor that is read to form an index, the smallest extent it indexes."""
    limits: dict[Tensor, int] = {}
    indexed: list[tuple[Buffer, tuple[Expr, ...]]] = []
    stands_for: dict[Buffer, Tensor] = {}
    values = [value for stage in stages(outputs) for value in terms_of(stage)]
    for extern in (t for t in tensors(outputs) if isinstance(t, Extern)):
        stands_for |= dict(zip(extern.program.params, extern.operands, strict=True))
        for s in stmts(extern.program.body):
            values += exprs_of(s)
            indexed += [(s.buffer, s.indices)] if isinstance(s, Store) else []
    loads = [e for value in values for e in exprs(value) if isinstance(e, Load)]
    for buffer, indices in (*indexed, *((e.buffer, e.indices) for e in loads)):
        for index, extent in zip(indices, buffer.extents, strict=True):
            for inner in exprs(index):
                if isinstance(inner, Load):
                    tensor = stands_for.get(inner.buffer, inner.buffer)
                    if isinstance(tensor, Tensor):
                        limits[tensor] = min(limits.get(tensor, extent), extent)
    return limits


def _run(tensor: Extern, known: Mapping[Tensor, Bounded]) -> Bounded:
    """What the statements of an extern leave in its result."""
    *params, result = tensor.program.params
    given = {p: known[t] for p, t in zip(params, tensor.inputs, strict=True)}
    statements = Statements(given, result)
    statements.run(tensor.program.body)
    return Bounded(statements.value, statements.error, tensor.dtype)


# ---------------------------------------------------------------- recurrences


def _scan(recurrence: Recurrence, known: dict[Tensor, Bounded]) -> None:
    """Every state and computation of a cell, step by step, into `known`."""
    results = [t for stage in recurrence.cell for t in stage.results]
    for tensor in (*recurrence.states, *results):
        is_float = dtypes.is_float(tensor.dtype)
        value = np.zeros(tensor.extents, np.float64 if is_float else tensor.dtype)
        known[tensor] = Bounded(value, 0.0, tensor.dtype)
    homes = dict(zip(recurrence.updates, recurrence.states, strict=True))
    for init, state in zip(recurrence.inits, recurrence.states, strict=True):
        known[state] = _with_rows(known[state], 0, known[init])
    stages = [(stage, _Stage(stage, known)) for stage in recurrence.cell]
    for step in range(recurrence.first, recurrence.steps):
        for stage, evaluation in stages:
            for tensor, row in zip(stage.results, evaluation.evaluate(step), strict=True):
                known[tensor] = _with_rows(known[tensor], step, row)
                if tensor in homes:
                    known[homes[tensor]] = _with_rows(known[homes[tensor]], step, row)
    for state, output in zip(recurrence.states, recurrence.outputs, strict=True):
        known[output] = known[state]


def _with_rows(whole: Bounded, first: int, rows: Bounded) -> Bounded:
    """`whole`, whose value is changed from row `first` on."""
    at = slice(first, first + len(rows.value))
    whole.value[at] = rows.value
    error = whole.error
    if isinstance(error, float) and not is_exact(rows.error):
        error = np.zeros(whole.value.shape)
    if not isinstance(error, float):
        error[at] = rows.error
    return Bounded(whole.value, error, whole.dtype)


# ---------------------------------------------------------------- one stage


class _Stage:
    """The evaluation of one computation over the tensors known so far."""

    def __init__(self, tensor: Tensor, known: Mapping[Tensor, Bounded]) -> None:
        self.tensor = tensor
        self.bodies = terms_of(tensor)
        self.axes = (*tensor.axes, *tensor.reduce_axes)
        self.extents = tuple(a.count for a in self.axes)
        self.rank = len(tensor.axes)
        self.points = Points(self.axes, known)

    def evaluate(self, row: int | None = None) -> tuple[Bounded, ...]:
        """The elements and bounds of each result; of one row along the first axis, if given."""
        shape, kinds = self.tensor.extents, [t.dtype for t in self.tensor.results]
        if row is not None:
            shape = (1, *shape[1:])
        values = [np.empty(shape, np.float64 if dtypes.is_float(d) else d) for d in kinds]
        errors: list[Error] = [0.0 for _ in kinds]
        factors = self.factors()
        sizes = self.box_sizes() if factors is None else self.factor_sizes(factors)
        for starts, box in _boxes(shape, sizes[: self.rank]):
            first = starts if row is None else (row, *starts[1:])
            at = tuple(slice(s, s + n) for s, n in zip(starts, box, strict=True))
            for n, part in enumerate(self.part(first, box, sizes[self.rank :], factors)):
                values[n][at] = part.value
                error = errors[n]
                if isinstance(error, float) and not is_exact(part.error):
                    error = errors[n] = np.zeros(shape)
                if not isinstance(error, float):
                    error[at] = part.error
        return tuple(map(Bounded, values, errors, kinds))

    def part(
        self,
        starts: tuple[int, ...],
        box: tuple[int, ...],
        fold_sizes: tuple[int, ...],
        factors: tuple[Expr, Expr] | None,
    ) -> tuple[Bounded, ...]:
        """The elements of one box of each result."""
        reduce = self.tensor.body
        if not isinstance(reduce, Reduce):
            points = self.points.within(starts, box)
            return tuple(points.expr(body) for body in self.bodies)
        count = prod(self.extents[self.rank :])
        if isinstance(reduce.reducer, Combiner):
            combining = Combining(reduce.reducer, count)
            for fold_starts, fold_box in _boxes(self.extents[self.rank :], fold_sizes):
                points = self.points.within((*starts, *fold_starts), (*box, *fold_box))
                combining.add(tuple(map(points.expr, self.bodies)), points.sizes, self.rank)
            return combining.finish()
        folding = Folding(reduce.reducer.name, self.tensor.dtype, count)
        for fold_starts, fold_box in _boxes(self.extents[self.rank :], fold_sizes):
            points = self.points.within((*starts, *fold_starts), (*box, *fold_box))
            if factors is not None:
                a, b = (points.expr(f) for f in factors)
                if dtypes.is_float(a.dtype) or (is_exact(a.error) and is_exact(b.error)):
                    folding.merge(*contract(a, b, points.sizes, self.rank))
                    continue
            folding.add(points.expr(self.bodies[0]), points.sizes, self.rank)
        return (folding.finish(),)

    def factors(self) -> tuple[Expr, Expr] | None:
        """The factors of a sum of products that a matrix product computes more quickly."""
        reduce, body = self.tensor.body, self.bodies[0]
        if not isinstance(reduce, Reduce) or reduce.reducer is not REDUCERS["sum"]:
            return None
        if not isinstance(body, Binary) or body.op != "*":
            return None
        points = prod(self.extents)
        if sum(self.size(f, self.extents) for f in (body.a, body.b)) * 4 > points:
            return None
        return body.a, body.b

    def size(self, e: Expr, box: tuple[int, ...]) -> int:
        """How many points of `box` an expression tells apart."""
        used = variables(e)
        return prod(n for axis, n in zip(self.axes, box, strict=True) if axis in used)

    def box_sizes(self) -> tuple[int, ...]:
        """Extents of boxes of at most BOX_ELEMENTS points, whole along the innermost axes."""
        sizes: list[int] = []
        room = BOX_ELEMENTS
        for extent in reversed(self.extents):
            sizes.append(min(extent, room))
            room //= sizes[-1]
            room = max(room, 1)
        return tuple(reversed(sizes))

    def factor_sizes(self, factors: tuple[Expr, Expr]) -> tuple[int, ...]:
        """Extents of boxes over which no factor has more than FACTOR_ELEMENTS."""
        sizes = self.extents
        while True:
            large = max(factors, key=lambda f: self.size(f, sizes))
            if self.size(large, sizes) <= FACTOR_ELEMENTS:
                return sizes
            used = [n for n, axis in enumerate(self.axes) if axis in variables(large)]
            longest = max(used, key=lambda n: sizes[n])
            halved = (sizes[longest] + 1) // 2
            sizes = (*sizes[:longest], halved, *sizes[longest + 1 :])


def _boxes(
    extents: tuple[int, ...], sizes: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Starts and sizes of the boxes that tile `extents`."""
    counts = [-(-extent // size) for extent, size in zip(extents, sizes, strict=True)]
    for position in np.ndindex(*counts):
        starts = tuple(p * n for p, n in zip(position, sizes, strict=True))
        yield (
            starts,
            tuple(min(n, extent - s) for s, n, extent in zip(starts, sizes, extents, strict=True)),
        )
