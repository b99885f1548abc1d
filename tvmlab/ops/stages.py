"""The computations of an expression as they read each other once some of them are inlined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Call, Expr
from tvmlab.ir.walk import ExprRewrite, exprs, rewrite_expr, substitute
from tvmlab.ops.nest import blocks
from tvmlab.ops.reading import loads
from tvmlab.te import Tensor
from tvmlab.te.graph import reads, terms_of
from tvmlab.te.graph import tensors as graph_tensors
from tvmlab.te.reduction import Reduce


@dataclass(frozen=True)
class Stages:
    """Every computation by the name of its block, producers first.

    Attributes:
        tensors: block -> the tensor, as loads name it.
        definitions: block -> what computes it now: a tensor of the same axes, in whose value the
            inlined ones are written out.
        outputs: the blocks whose results must be there in whole: those handed out, or read by a
            program of the user's own.
    """

    tensors: Mapping[str, Tensor]
    definitions: Mapping[str, Tensor]
    outputs: frozenset[str]

    @classmethod
    def of(cls, outputs: Sequence[Tensor]) -> Stages:
        """Those of an expression before any is inlined."""
        tensors = {name: stage for stage, name in blocks(outputs)}
        # What the user's own programs compute is no stage, and they read all of an operand.
        own = [r for t in graph_tensors(outputs) if t.body is None for r in reads(t)]
        handed = {t.results[0] for t in (*outputs, *own)}
        given = frozenset(name for name, stage in tensors.items() if stage in handed)
        return cls(tensors, tensors, given)

    def loads(self, reader: str, block: str) -> list[Load]:
        """Every place at which `reader` reads results of `block`."""
        results = self.tensors[block].results
        return [load for load in loads(self.definitions[reader]) if load.buffer in results]

    def readers(self, block: str) -> list[str]:
        """The blocks that read results of `block`."""
        return [other for other in self.definitions if self.loads(other, block)]

    def producers(self, block: str) -> list[str]:
        """The blocks whose results `block` reads."""
        return [other for other in self.definitions if self.loads(block, other)]

    def is_map(self, block: str) -> bool:
        """Whether `block` computes one element of one result from others, without a fold."""
        stage = self.definitions[block]
        return bool(stage.axes) and not stage.reduce_axes and len(stage.results) == 1

    def is_costly(self, block: str) -> bool:
        """Whether an element takes a function such as exp."""
        return any(isinstance(e, Call) for term in terms_of(self.definitions[block])
                   for e in exprs(term))  # fmt: skip

    def inline(self, block: str) -> Stages:
        """These without `block`, a map that is no output, its value wherever it was read."""
        own = self.definitions[block]
        (value,) = terms_of(own)

        def inlined(e: Expr) -> Expr | None:
            if isinstance(e, Load) and e.buffer is self.tensors[block]:
                return substitute(value, dict(zip(own.axes, e.indices, strict=True)))
            return None

        left = {name: stage for name, stage in self.definitions.items() if name != block}
        for reader in self.readers(block):
            left[reader] = _rewritten(left[reader], inlined)
        return replace(self, definitions=left)


def _rewritten(stage: Tensor, change: ExprRewrite) -> Tensor:
    """A computation of the same axes whose values are rewritten."""
    made = []
    for result in stage.results:
        body = result.body
        if isinstance(body, Reduce):
            values = tuple(rewrite_expr(value, change) for value in body.values)
            body = Reduce(body.reducer, values, body.axes)
        elif body is not None:
            body = rewrite_expr(body, change)
        made.append(Tensor(result.name, result.shape, result.dtype, result.axes, body))
    for result in made:
        result.results = tuple(made)
    return made[0]
