"""An operator of the graph: its name, its kind, and its meaning as a tensor expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.errors import UsageError
from tvmlab.graph.kinds import Kind
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Expr
from tvmlab.ir.walk import rewrite_expr
from tvmlab.ops import Workload
from tvmlab.te import Tensor
from tvmlab.te.graph import stages, terms_of
from tvmlab.te.reduction import Reduce


@dataclass(frozen=True)
class GraphOperator:
    """What a node may compute.

    Attributes:
        name: as nodes refer to it.
        kind: how it may be fused.
        define: from the input tensors and the attributes to the result; it raises UsageError or
            ExpressionError where they do not fit. The last stage of the result is the operator's
            own, those before it (a convolution's zeros, say) are its helpers.
        dimensions: how many dimensions each input has; None for an operator that takes any.
    """

    name: str
    kind: Kind
    define: Callable[..., Tensor]
    dimensions: tuple[int, ...] | None = None

    def __call__(self, inputs: Sequence[Tensor], attributes: Mapping[str, Any]) -> Tensor:
        """The result for `inputs`.

        Raises:
            UsageError: an input has the wrong number of dimensions, or what `define` raises.
        """
        if self.dimensions is not None:
            given = tuple(len(tensor.extents) for tensor in inputs)
            if given != self.dimensions:
                raise UsageError(
                    f"{self.name} takes inputs of {' and '.join(map(str, self.dimensions))} "
                    f"dimensions, and was given {' and '.join(map(str, given))}; reshape them."
                )
        dtypes = {tensor.dtype for tensor in inputs}
        if len(dtypes) > 1:
            raise UsageError(
                f"{self.name} was given {' and '.join(sorted(dtypes))}; give inputs of one dtype."
            )
        return self.define(*inputs, **attributes)


def applied(workload: Workload, inputs: Sequence[Tensor]) -> Tensor:
    """The result of a workload of the operator library that reads `inputs` as its own inputs.

    Raises:
        UsageError: an input is not of the shape that the workload reads.
    """
    for own, given in zip(workload.inputs, inputs, strict=True):
        if own.extents != given.extents:
            raise UsageError(
                f"{workload.name} takes {own.name} of shape {list(own.extents)} beside its other "
                f"input, and was given {list(given.extents)}."
            )
    (out,) = workload.tensors
    return reading(out, dict(zip(workload.inputs, inputs, strict=True)))


def reading(out: Tensor, exchanged: Mapping[Tensor, Tensor]) -> Tensor:
    """`out` with other tensors, of the same shapes and dtypes, read in place of some."""
    known = dict(exchanged)

    def bind(e: Expr) -> Expr | None:
        if isinstance(e, Load) and isinstance(e.buffer, Tensor) and e.buffer in known:
            indices = tuple(rewrite_expr(i, bind) for i in e.indices)
            return Load(known[e.buffer], indices)
        return None

    for stage in stages([out]):
        assert stage.body is not None
        (body,) = (rewrite_expr(v, bind) for v in terms_of(stage))
        if isinstance(stage.body, Reduce):
            body = Reduce(stage.body.reducer, (body,), stage.body.axes)
        known[stage] = Tensor(stage.name, stage.extents, stage.dtype, stage.axes, body)
    return known[out]
