"""A tensor graph as the naive program: one loop nest and one block for each computation."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.fold import stores
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Seq, Stmt
from tvmlab.ir.walk import exprs, rewrite_expr
from tvmlab.te.graph import graph_sizes, inputs, stages, tensors, terms_of, unique_names
from tvmlab.te.reduction import Axis, Reduce
from tvmlab.te.size import require_derivable
from tvmlab.te.tensor import Tensor


def lower_naive(outputs: Sequence[Tensor]) -> Program:
    """The program that computes `outputs`, each stage in a loop nest of its own.

    Blocks have the names of their (first) tensors, made unique, loops those of their axes,
    iteration variables those with a `v` in front. Parameters are the inputs, then the outputs.

    Raises:
        ExpressionError: a size is no extent of a placeholder by itself, or has the name of an
            axis, a tensor or another size.
    """
    every = tensors(outputs)
    axes = [a.name for t in every for a in (*t.axes, *t.reduce_axes)]
    placeholders = [t for t in every if t.is_placeholder]
    require_derivable(graph_sizes(outputs), placeholders, [*axes, *(t.name for t in every)])
    names = unique_names([t.name for t in every])
    buffers = {
        tensor: Buffer(name, tensor.shape, tensor.dtype)
        for tensor, name in zip(every, names, strict=True)
    }
    body = [_nest(stage, buffers) for stage in stages(outputs)]
    results = [buffers[o] for o in outputs]
    return Program(
        names[every.index(outputs[-1])],
        [*(buffers[i] for i in inputs(outputs)), *results],
        len(results),
        [b for t, b in buffers.items() if not t.is_placeholder and b not in results],
        body[0] if len(body) == 1 else Seq(body),
    )


def _nest(stage: Tensor, buffers: dict[Tensor, Buffer]) -> Stmt:
    """The loops and the block of one computation."""
    axes = (*stage.axes, *stage.reduce_axes)
    loops = [Var(n) for n in unique_names([a.name for a in axes])]
    iters = [Iter(Var("v" + v.name), a.extent, a.kind) for v, a in zip(loops, axes, strict=True)]
    bound = {a: _shifted(it.var, a) for it, a in zip(iters, axes, strict=True)}

    def bind(e: Expr) -> Expr | None:
        if isinstance(e, Axis):
            return bound[e]
        if isinstance(e, Load) and isinstance(e.buffer, Tensor):
            return Load(buffers[e.buffer], e.indices)
        return None

    values = tuple(rewrite_expr(v, bind) for v in terms_of(stage))
    targets = [buffers[t] for t in stage.results]
    point = tuple(it.var for it in iters if not it.is_reduce)
    block: Stmt = Block(
        targets[0].name,
        iters,
        loops,
        TRUE,
        _read_regions(values, targets),
        [Region(t, [(p, 1) for p in point]) for t in targets],
        *_inside(stage, [Load(t, point) for t in targets], values),
    )
    for var, axis in zip(reversed(loops), reversed(axes), strict=True):
        block = For(var, axis.extent, block)
    return block


def _inside(
    stage: Tensor, targets: Sequence[Load], terms: tuple[Expr, ...]
) -> tuple[Stmt | None, Stmt]:
    """The init, if the computation folds, and the body of its block."""
    name = targets[0].buffer.name
    if not isinstance(stage.body, Reduce):
        return None, stores(targets, terms, name)
    return (
        stores(targets, stage.body.identities, name),
        stage.body.reducer.update(targets, terms, name),
    )


def _shifted(var: Var, axis: Axis) -> Expr:
    """The value of an axis whose iteration variable starts at zero."""
    return var + Const(axis.start, var.dtype)


def _read_regions(values: Sequence[Expr], targets: Sequence[Buffer]) -> list[Region]:
    """One point region for each distinct load, the block's own accumulators left out."""
    found: dict[str, Region] = {}
    for value in values:
        for e in exprs(value):
            if isinstance(e, Load) and e.buffer not in targets:
                found.setdefault(repr(e), Region(e.buffer, [(i, 1) for i in e.indices]))
    return list(found.values())
