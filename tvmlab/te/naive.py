"""A tensor graph as the naive program: one loop nest and one block for each computation."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Seq, Stmt, Store
from tvmlab.ir.shapes import sizes_in
from tvmlab.ir.size import Size
from tvmlab.ir.walk import exprs, rewrite_expr
from tvmlab.te.graph import inputs, stages, tensors, unique_names, value_of
from tvmlab.te.reduction import Axis, Reduce
from tvmlab.te.size import require_derivable
from tvmlab.te.tensor import Tensor


def lower_naive(outputs: Sequence[Tensor]) -> Program:
    """The program that computes `outputs`, each stage in a loop nest of its own.

    Blocks have the names of their tensors (made unique), loops those of their axes, iteration
    variables those with a `v` in front. Parameters are the inputs, then the outputs.

    Raises:
        ExpressionError: a size is no extent of a placeholder by itself.
    """
    every = tensors(outputs)
    require_derivable(_sizes(every), [t for t in every if t.is_placeholder])
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
        [buffers[s] for s in stages(outputs) if buffers[s] not in results],
        body[0] if len(body) == 1 else Seq(body),
    )


def _sizes(every: Sequence[Tensor]) -> tuple[Size, ...]:
    """The sizes that stand anywhere in tensors."""
    extents = [e for t in every for e in (*t.shape, *(a.extent for a in t.reduce_axes))]
    return sizes_in([*extents, *(value_of(t.body) for t in every if t.body is not None)])


def _nest(stage: Tensor, buffers: dict[Tensor, Buffer]) -> Stmt:
    """The loops and the block of one computation."""
    assert stage.body is not None
    axes = (*stage.axes, *stage.reduce_axes)
    loops = [Var(n) for n in unique_names([a.name for a in axes])]
    iters = [Iter(Var("v" + v.name), a.extent, a.kind) for v, a in zip(loops, axes, strict=True)]
    values = {a: _shifted(it.var, a) for it, a in zip(iters, axes, strict=True)}

    def bind(e: Expr) -> Expr | None:
        if isinstance(e, Axis):
            return values[e]
        if isinstance(e, Load) and isinstance(e.buffer, Tensor):
            return Load(buffers[e.buffer], e.indices)
        return None

    value = rewrite_expr(value_of(stage.body), bind)
    target = buffers[stage]
    point = tuple(it.var for it in iters if not it.is_reduce)
    init: Stmt | None = None
    if isinstance(stage.body, Reduce):
        init = Store(target, point, stage.body.identity(), target.name)
        value = stage.body.combine(Load(target, point), value)
    block: Stmt = Block(
        target.name,
        iters,
        loops,
        TRUE,
        _read_regions(value, target),
        [Region(target, [(p, 1) for p in point])],
        init,
        Store(target, point, value, target.name),
    )
    for var, axis in zip(reversed(loops), reversed(axes), strict=True):
        block = For(var, axis.extent, block)
    return block


def _shifted(var: Var, axis: Axis) -> Expr:
    """The value of an axis whose iteration variable starts at zero."""
    return var + Const(axis.start, var.dtype)


def _read_regions(value: Expr, target: Buffer) -> list[Region]:
    """One point region for each distinct load, the block's own accumulator left out."""
    found: dict[str, Region] = {}
    for e in exprs(value):
        if isinstance(e, Load) and e.buffer is not target:
            found.setdefault(repr(e), Region(e.buffer, [(i, 1) for i in e.indices]))
    return list(found.values())
