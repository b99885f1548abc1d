"""Tensors: placeholders handed in by the caller, and computations of every element."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from keyword import iskeyword
from math import inf
from operator import index
from typing import TYPE_CHECKING, Any, overload

from tvmlab.arith import Interval, bounds, simplify
from tvmlab.arith.simplify import extent_range
from tvmlab.errors import ExpressionError, brief
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.expr import Expr, ExprLike, Select, Var, as_expr
from tvmlab.ir.walk import exprs, operands
from tvmlab.te.reduction import Axis, Reduce
from tvmlab.te.size import check_extent

Names = tuple[str, ...] | list[str]
"""Names for the tensors of one computation."""
MAX_ELEMENTS = 2**40
"""More elements than any machine we serve holds; beyond it index arithmetic is a mistake."""


class Tensor(Buffer):
    """An array-valued expression: a buffer with a definition.

    `tensor[i, j]` is its element at those indices, for use in other expressions. A placeholder
    has no `body`; a computation has `axes` (spatial), `body` and, for a reduction, its axes.
    `results` are the tensors that one computation gives together, in order; mostly itself alone.
    """

    __slots__ = ("axes", "body", "results", "unready")

    def __init__(
        self,
        name: str,
        shape: tuple[Extent, ...],
        dtype: str,
        axes: tuple[Axis, ...],
        body: Expr | None,
    ) -> None:
        super().__init__(name, shape, dtype)
        self.axes = axes
        self.body = body
        self.results: tuple[Tensor, ...] = (self,)
        self.unready: str | None = None
        """Why it makes sense only inside a `t.scan`, as a sentence; None if it always does."""

    @property
    def is_placeholder(self) -> bool:
        """Whether the caller hands it in."""
        return self.body is None

    @property
    def reduce_axes(self) -> tuple[Axis, ...]:
        """The axes folded over, if it is a reduction."""
        return self.body.axes if isinstance(self.body, Reduce) else ()

    @property
    def axis(self) -> tuple[Axis, ...]:
        """Spatial axes, as TVM calls them."""
        return self.axes

    def __getitem__(self, indices: ExprLike | tuple[ExprLike, ...]) -> Expr:
        items = indices if isinstance(indices, tuple) else (indices,)
        if len(items) != len(self.shape):
            raise ExpressionError(
                f"{self.name} has {len(self.shape)} dimension(s) {list(self.shape)}, and was "
                f"indexed with {len(items)}; give one index for each."
            )
        nodes = []
        for n, item in enumerate(items):
            if isinstance(item, slice):
                raise ExpressionError(
                    f"{self.name} was indexed with a slice; write the element at explicit "
                    "indices inside t.compute."
                )
            node = as_expr(item)
            if not dtypes.is_integer(node.dtype):
                raise ExpressionError(
                    f"index {n} of {self.name} has dtype {node.dtype}; an index is an integer."
                )
            nodes.append(node.astype(dtypes.INDEX))
        return Load(self, tuple(nodes))

    def __call__(self, *indices: ExprLike) -> Expr:
        return self[indices]

    def _as_a_whole(self, *_: object) -> Any:
        indices = ", ".join(f"i{n}" for n in range(len(self.shape)))
        raise ExpressionError(
            f"{self.name} is a whole tensor, and expressions are of elements; write "
            f"t.compute({self.name}.shape, lambda {indices}: ...) of {self.name}[{indices}]."
        )

    if not TYPE_CHECKING:  # a type checker refuses these itself
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = _as_a_whole
        __truediv__ = __rtruediv__ = __floordiv__ = __mod__ = __pow__ = __neg__ = _as_a_whole
        __lt__ = __le__ = __gt__ = __ge__ = __abs__ = __array_ufunc__ = _as_a_whole

    def __iter__(self) -> Any:
        raise ExpressionError(f"{self.name} cannot be looped over; index it inside t.compute.")

    def __repr__(self) -> str:
        return f"Tensor({self.name}: {self.dtype}{list(self.shape)})"


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
        raise ExpressionError(
            f"the tensor name {name!r} is not an identifier; use letters, digits and _, and no "
            "keyword of Python."
        )
    return name


def whole_number(given: object) -> int | None:
    """What Python takes for an index, as an int; None where it is something else."""
    try:
        return index(given)  # type: ignore[arg-type]
    except TypeError:
        return None


def _check_shape(shape: object, name: str) -> tuple[Extent, ...]:
    given = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    extents: list[Extent] = []
    total = 1
    for extent in given:
        if isinstance(extent, Expr):
            extents.append(check_extent(extent, f"{name}'s shape"))
            continue
        number = whole_number(extent)
        if number is None or isinstance(extent, bool) or number <= 0:
            raise ExpressionError(
                f"{name} was given shape {brief(shape)}; every extent must be a positive integer."
            )
        total *= number
        extents.append(number)
    if total > MAX_ELEMENTS:
        raise ExpressionError(
            f"{name} with shape {shape!r} has {total} elements, more than any memory holds; "
            "use smaller extents."
        )
    return tuple(extents)


def placeholder(
    shape: Sequence[Extent] | Extent,
    dtype: str = "float32",
    name: str = "input",
    finite: bool = False,
    constant: bool = False,
) -> Tensor:
    """A tensor that the caller of the compiled function hands in.

    Args:
        shape: positive extents; some may be over sizes made by `t.var`.
        dtype: a NumPy dtype name.
        name: an identifier.
        finite: a promise that no element is infinite or NaN, so that zero times an element is zero
            and a schedule may leave such products out (`skip_zeros`). Nothing checks it: where it
            is broken, a result that such a product belongs to may be NaN or not.
        constant: a promise that every call gets the same elements, as weights are. What a schedule
            makes of constants alone, such as a copy in another layout, need then be made only once:
            `f.prepare(W=w)` gives a function that keeps it, and times leave it out.

    Raises:
        ExpressionError: bad extent, dtype or name.
    """
    checked = _check_name(name)
    dtype = dtypes.check_dtype(dtype)
    made = Tensor(checked, _check_shape(shape, checked), dtype, (), None)
    made.finite, made.constant = bool(finite), bool(constant)
    return made


@overload
def compute(
    shape: Sequence[Extent] | Extent,
    f: Callable[..., Any],
    name: str = "compute",
    axes: Sequence[str] = (),
) -> Tensor: ...


@overload
def compute(
    shape: Sequence[Extent] | Extent,
    f: Callable[..., Any],
    name: Names,
    axes: Sequence[str] = (),
) -> tuple[Tensor, ...]: ...


def compute(
    shape: Sequence[Extent] | Extent,
    f: Callable[..., Any],
    name: str | Names = "compute",
    axes: Sequence[str] = (),
) -> Tensor | tuple[Tensor, ...]:
    """A tensor whose element at `(i, j, ...)` is `f(i, j, ...)`.

    Where `f` gives several values, a tuple or a reduction of several, so many tensors are computed
    together, by one block, which has the name of the first: `I, V = t.compute(...)`.

    The loops of the computation take the names of `f`'s parameters, or those of `axes`.

    Args:
        shape: positive extents; some may be over sizes made by `t.var`.
        f: from one index variable for each dimension to an expression; a reduction
            (`t.sum(..., axis=k)`) may stand at its top.
        name: an identifier; the name of the tensor, and of the block that computes it. Of several
            tensors a name for each, or one that is numbered: `C_0`, `C_1`.
        axes: a name for each loop, for an `f` that takes any number of indices.

    Returns:
        the tensor, or a tuple of tensors of one shape.

    Raises:
        ExpressionError: wrong number of parameters or names, a reduction inside an expression, an
            axis that is not bound, or an element read outside its tensor.
    """
    if not callable(f) or isinstance(f, type):
        raise ExpressionError(
            f"{brief(f)} cannot say what an element is; give a function, such as "
            "lambda y, x: A[y, x] * 2."
        )
    names = tuple(name) if isinstance(name, list | tuple) else (name,)
    checked = _check_name(names[0] if names else None)
    extents = _check_shape(shape, checked)
    places = tuple(
        Axis(n, 0, e, "spatial")
        for n, e in zip(_axis_names(f, len(extents), checked, axes), extents, strict=True)
    )
    made = f(*places)
    if not isinstance(made, (tuple, list)) and not isinstance(name, str):
        made = (made,)
    bodies = tuple(map(as_expr, made)) if isinstance(made, (tuple, list)) else (as_expr(made),)
    tensors = _results(name, extents, places, bodies)
    for tensor in tensors:
        tensor.results = tensors
        _check_body(tensor)
    return tensors if isinstance(made, (tuple, list)) or len(tensors) > 1 else tensors[0]


def _results(
    name: str | Names, shape: tuple[Extent, ...], axes: tuple[Axis, ...], given: Sequence[Expr]
) -> tuple[Tensor, ...]:
    """The tensors of one computation, each with a name of its own."""
    bodies, first = tuple(given), next(iter(given), None)
    kinds = tuple(b.dtype for b in bodies)
    if len(bodies) == 1 and isinstance(first, Reduce):
        kinds = tuple(v.dtype for v in first.values)
        bodies = (first,) * len(kinds)
    numbered = [f"{name}_{n}" for n in range(len(bodies))] if len(bodies) > 1 else [name]
    names = numbered if isinstance(name, str) else list(name)
    if not bodies or len(names) != len(bodies) or len(set(names)) != len(names):
        raise ExpressionError(
            f"{name!r} names a computation of {len(bodies)} result(s); give each a name of its own."
        )
    return tuple(
        Tensor(_check_name(n), shape, kind, axes, body)
        for n, kind, body in zip(names, kinds, bodies, strict=True)
    )


def _axis_names(
    f: Callable[..., ExprLike], rank: int, name: str, given: Sequence[str]
) -> list[str]:
    """The names given, or those of `f`'s parameters, one for each of `rank` dimensions."""
    if not isinstance(given, Sequence):
        raise ExpressionError(f"{brief(given)} are no names of axes; give a list of texts.")
    if given:
        if len(given) != rank:
            raise ExpressionError(
                f"{name} has {rank} dimension(s), and was given {len(given)} name(s) of axes; give "
                "one for each."
            )
        return [_check_name(axis) for axis in given]
    parameters = list(inspect.signature(f).parameters.values())
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return [f"i{n}" for n in range(rank)]
    positional = [p for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    required = [p for p in positional if p.default is inspect.Parameter.empty]
    if not len(required) <= rank <= len(positional):
        raise ExpressionError(
            f"{name} has {rank} dimension(s), and its function takes {len(positional)} "
            "parameter(s); give it one for each dimension."
        )
    return [p.name for p in positional[:rank]]


def _check_body(tensor: Tensor) -> None:
    """Refuse unbound axes, nested reductions and reads outside a tensor."""
    assert tensor.body is not None
    axes = (*tensor.axes, *tensor.reduce_axes)
    for value in tensor.body.values if isinstance(tensor.body, Reduce) else (tensor.body,):
        _check_value(tensor, value, axes)


def _check_value(tensor: Tensor, value: Expr, axes: tuple[Axis, ...]) -> None:
    bound = {id(a) for a in axes}
    for e in exprs(value):
        if isinstance(e, Reduce):
            raise ExpressionError(
                f"{tensor.name} uses a reduction inside a larger expression; give the reduction "
                "its own t.compute and read that tensor here."
            )
        if isinstance(e, Axis) and id(e) not in bound:
            raise ExpressionError(
                f"{tensor.name} uses axis {e.name!r}, which is neither one of its indices nor "
                "folded over; pass it to the reduction's axis=."
            )
    ranges: dict[Var, Interval] = {a: extent_range(a.extent, {}, a.start) for a in axes}
    check_reads(tensor, value, ranges)


def check_reads(tensor: Tensor, value: Expr, ranges: Mapping[Var, Interval]) -> None:
    """Refuse an unguarded read that leaves its tensor; one under `select` has its guard.

    A read of earlier steps of what may become the state of a scan only makes `tensor` unready.

    Raises:
        ExpressionError: naming the read.
    """
    if isinstance(value, Select):
        check_reads(tensor, value.condition, ranges)
        return
    if isinstance(value, Load):
        for n, index in enumerate(value.indices):
            extent = value.buffer.shape[n]
            low, high = bounds(index, ranges)
            if (low >= 0 and bounds(index - extent, ranges)[1] < 0) or not _is_affine(index):
                continue
            if isinstance(extent, Expr) or high == inf:
                raise ExpressionError(
                    f"{tensor.name} reads {value.buffer.name} at index {n} = {index!r}, which "
                    f"cannot be proved to be in 0..{simplify(as_expr(extent - 1))!r}; guard it "
                    "with t.select(condition, value, padding) or change the shape."
                )
            words = (
                f"{tensor.name} reads {value.buffer.name} at index {n} from {low:.0f} to "
                f"{high:.0f}, outside 0..{extent - 1}; guard it with "
                "t.select(condition, value, padding) or change the shape."
            )
            if not _reads_earlier_steps(tensor, value, n, ranges):
                raise ExpressionError(words)
            tensor.unready = words.replace("guard it", "give it to t.scan, guard it")
    for below in operands(value):
        check_reads(tensor, below, ranges)


def _reads_earlier_steps(
    tensor: Tensor, load: Load, dimension: int, ranges: Mapping[Var, Interval]
) -> bool:
    """Whether a read leaves a placeholder as an update of a scan does: at `t - 1` from t = 0."""
    source = load.buffer
    if dimension or not isinstance(source, Tensor) or not source.is_placeholder or not tensor.axes:
        return False
    time = tensor.axes[0]
    if ranges[time][0] != 0 or bounds(load.indices[0] - time, ranges)[1] >= 0:
        return False
    rows, steps = source.shape[0], tensor.shape[0]
    if isinstance(rows, Expr) or isinstance(steps, Expr):
        return False
    # A state has all steps; what is read beside it may have those only that are reached.
    return steps + bounds(load.indices[0], ranges)[0] <= rows <= steps


def _is_affine(index: Expr) -> bool:
    """Whether an index depends on axes alone, so that its bounds mean something."""
    return not any(isinstance(e, (Load, Select)) for e in exprs(index))
