"""A tensor graph as the naive program: one loop nest and one block for each computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvmlab.arith import simplify
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.fold import points, stores
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Seq, Stmt, Store
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import replace_buffers, rewrite, rewrite_expr, stmts
from tvmlab.te.extern import Extern
from tvmlab.te.graph import (
    graph_sizes,
    inputs,
    recurrences,
    stages,
    tensor_names,
    tensors,
    terms_of,
)
from tvmlab.te.recurrence import Recurrence, Scanned
from tvmlab.te.reduction import Axis, Reduce
from tvmlab.te.size import require_derivable
from tvmlab.te.tensor import Tensor

Homes = Mapping[Tensor, Buffer]
"""Where each tensor lives."""


def lower_naive(outputs: Sequence[Tensor]) -> Program:
    """The program that computes `outputs`, each stage in a loop nest of its own.

    Blocks have the names of their (first) tensors, made unique, loops those of their axes,
    iteration variables those with a `v` in front. Parameters are the inputs, then the outputs.
    Around the nests of a recurrence's cell there is one loop over the steps that it computes.

    Raises:
        ExpressionError: a size is no extent of a placeholder by itself, or has the name of an
            axis, a tensor or another size.
    """
    names = tensor_names(outputs)
    given = inputs(outputs)
    axes = [a.name for t in names for a in (*t.axes, *t.reduce_axes)]
    require_derivable(graph_sizes(outputs), given, [*axes, *(t.name for t in names)])
    buffers = _homes(outputs, names)
    cells = {stage for r in recurrences(outputs) for stage in r.cell}
    alone = [stage for stage in stages(outputs) if stage not in cells]
    body: list[Stmt] = []
    for tensor in tensors(outputs):
        if tensor in alone:
            body.append(_Nest(tensor, names[tensor], buffers, None).stmt())
        elif isinstance(tensor, Scanned) and tensor is tensor.results[0]:
            body.append(_steps(tensor.recurrence, names, buffers))
        elif isinstance(tensor, Extern):
            body.append(_statements(tensor, names[tensor], buffers))
    results = [buffers[o] for o in outputs]
    computed = dict.fromkeys(buffers[t] for t in names if t not in given)
    return Program(
        names[outputs[-1]],
        [*(buffers[i] for i in given), *results],
        len(results),
        [b for b in computed if b not in results],
        body[0] if len(body) == 1 else Seq(body),
    )


def _statements(tensor: Extern, name: str, homes: Homes) -> Block:
    """The block of an extern, whose statements are its body."""
    given = tensor.program
    buffers = dict(zip(given.params, (homes[t] for t in tensor.operands), strict=True))
    values = {loop.var: Var(loop.var.name) for loop in stmts(given.body) if isinstance(loop, For)}

    def renewed(s: Stmt) -> Stmt | None:
        if isinstance(s, Store):
            return Store(s.buffer, s.indices, s.value, name)
        return s.replace(var=values[s.var]) if isinstance(s, For) else None

    body = rewrite(
        replace_buffers(given.body, buffers),
        renewed,
        lambda e: values.get(e) if isinstance(e, Var) else None,
    )
    return Block(name, (), (), TRUE, *regions(body), None, body)


def _homes(outputs: Sequence[Tensor], names: Mapping[Tensor, str]) -> Homes:
    """Where each tensor lives.

    The init and update of a state store to the buffer of the state; other computations of a cell
    have no elements for the steps that are given.
    """
    shapes = {t: t.shape for t in names}
    homes = {t: t for t in names}
    for r in recurrences(outputs):
        inside = [t for stage in r.cell for t in stage.results]
        shapes.update({t: (r.steps - r.first, *t.shape[1:]) for t in inside})
        for state, *parts in zip(r.states, r.inits, r.updates, r.outputs, strict=True):
            homes.update(dict.fromkeys(parts, state))
    own = {
        t: Buffer(names[t], shapes[t], t.dtype, finite=t.finite, constant=t.constant)
        for t in names
        if homes[t] is t
    }
    return {t: own[homes[t]] for t in names}


def _steps(recurrence: Recurrence, names: Mapping[Tensor, str], buffers: Homes) -> Stmt:
    """The loop over the steps around the nests of the cell."""
    steps = Var(recurrence.updates[0].axes[0].name)
    cell = recurrence.cell
    nests = [_Nest(s, names[s], buffers, (recurrence, steps)).stmt() for s in cell]
    count = recurrence.steps - recurrence.first
    return For(steps, count, nests[0] if len(nests) == 1 else Seq(nests))


class _Nest:
    """The loops and the block of one computation, or those inside the loop over the steps."""

    def __init__(
        self, stage: Tensor, name: str, buffers: Homes, within: tuple[Recurrence, Var] | None
    ) -> None:
        self.stage = stage
        self.name = name
        self.buffers = buffers
        self.recurrence = within[0] if within is not None else None
        axes = (*stage.axes, *stage.reduce_axes)
        starts, extents = [a.start for a in axes], [a.extent for a in axes]
        steps: tuple[Var, ...] = ()
        if within is not None:
            recurrence = within[0]
            steps = within[1:]
            starts[0], extents[0] = recurrence.first, recurrence.steps - recurrence.first
        inner = fresh_names([v.name for v in steps], [a.name for a in axes[len(steps) :]])
        self.around = [*steps, *map(Var, inner)]
        self.loops = list(zip(self.around, extents, strict=True))[len(steps) :]
        self.iters = [
            Iter(Var("v" + v.name), n, a.kind)
            for v, n, a in zip(self.around, extents, axes, strict=True)
        ]
        self.values: dict[Expr, Expr] = {
            a: it.var + Const(start, it.var.dtype)
            for it, a, start in zip(self.iters, axes, starts, strict=True)
        }

    def stmt(self) -> Stmt:
        """The nest."""
        values = tuple(rewrite_expr(v, self.bind) for v in terms_of(self.stage))
        targets = [Load(self.buffers[t], self.point(t)) for t in self.stage.results]
        init, body = self.inside(targets, values)
        written = points(targets)
        nest: Stmt = Block(
            self.name, self.iters, self.around, TRUE, regions(body)[0], written, init, body
        )
        for var, extent in reversed(self.loops):
            nest = For(var, extent, nest)
        return nest

    def point(self, tensor: Tensor) -> tuple[Expr, ...]:
        """Where the block stores to one of its results."""
        point: list[Expr] = [it.var for it in self.iters if not it.is_reduce]
        if self.recurrence is not None and tensor in self.recurrence.updates:
            point[0] = self.values[self.stage.axes[0]]
        return tuple(point)

    def bind(self, e: Expr) -> Expr | None:
        """Axes as iteration variables, and tensors as buffers."""
        if isinstance(e, Axis):
            return self.values[e]
        if not isinstance(e, Load) or not isinstance(e.buffer, Tensor):
            return None
        indices = e.indices
        if self.recurrence is not None and indices:
            # Computations of a cell are kept from the first step that it computes.
            is_kept = e.buffer in self.recurrence.kept
            indices = (self.iters[0].var if is_kept else simplify(indices[0]), *indices[1:])
        return Load(self.buffers[e.buffer], indices)

    def inside(self, targets: Sequence[Load], terms: tuple[Expr, ...]) -> tuple[Stmt | None, Stmt]:
        """The init, if the computation folds, and the body of its block."""
        fold = self.stage.body
        if not isinstance(fold, Reduce):
            return None, stores(targets, terms, self.name)
        init = stores(targets, fold.identities, self.name)
        return init, fold.reducer.update(targets, terms, self.name)
