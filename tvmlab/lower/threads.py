"""Kernels in one nest: the loops over blocks and threads go around all that a kernel does.

    for b in bound(8, thread="blockIdx.x"):          for b in bound(8, thread="blockIdx.x"):
        for k in range(4):                               for x in bound(32, thread="threadIdx.x"):
            for x in bound(32, thread="threadIdx.x"):        for k in range(4):
                S                              ->                S
            for y in bound(32, thread="threadIdx.x"):            T with y = x
                T                                                if x == 0:
            U                                                        U

What stood outside the threads of an axis is done by the first of them, and instructions of a warp
by its last thread, which stands for it (`tvmlab.lower.warps`). One nest of threads was
over before the next began; `tvmlab.lower.barriers` sees to that where it matters.
"""

from __future__ import annotations

from tvmlab.errors import TargetError
from tvmlab.ir.axis import BLOCK_AXES, VIRTUAL_AXES, axis_of
from tvmlab.ir.conjuncts import guarded
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.kernel import has_kernels, is_kernel, on_kernels
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Block, For, Program, Seq, Stmt
from tvmlab.ir.shapes import same_extent
from tvmlab.ir.shuffle import WARP
from tvmlab.ir.walk import map_children, rewrite, stmts, substitute_stmt
from tvmlab.lower.warps import LANES, has_together, is_together, lanes_of

Axes = dict[str, For]
"""The loop that gives each axis its name and extent."""


def share_threads(program: Program) -> Program:
    """The program whose kernels each are one nest of bound loops around what a thread does.

    Raises:
        TargetError: no loop is bound, the host would have to do more than to launch kernels in a
            loop, or an axis of blocks is bound in a part of a kernel only.
    """
    if not has_kernels(program.body):
        raise TargetError(
            f"No loop of {program.name} is bound to blocks or threads, so nothing of it would run "
            'on the device; bind one, e.g. .bind("y", "blockIdx.x").'
        )
    _require_launches(program.body)
    return program.with_body(on_kernels(program.body, _one_nest))


def _require_launches(stmt: Stmt, loop: For | None = None) -> None:
    """Raise TargetError unless the host can do all that is not in kernels, inside the loop `loop`
    that launches kernels if there is one."""
    if is_kernel(stmt):
        return
    if isinstance(stmt, Seq):
        for part in stmt.stmts:
            _require_launches(part, loop)
    elif has_kernels(stmt):
        name = stmt.var.name if isinstance(stmt, For) else "around them"
        if not isinstance(stmt, For) or stmt.kind not in ("serial", "unrolled") or not isinstance(
            stmt.extent, int
        ):  # fmt: skip
            raise TargetError(
                f"Loop {name} would launch kernels and is not a serial loop of known extent; bind "
                'it as well, e.g. to "blockIdx.x", or reorder it inside them.'
            )
        _require_launches(stmt.body, stmt)
    elif loop is not None:
        named = next((s.name for s in stmts(stmt) if isinstance(s, Block)), "what is not bound")
        raise TargetError(
            f"Block {named} would run on the host inside loop {loop.var.name}, which launches "
            "kernels; bind its loops as well, or compute it outside that loop."
        )


def _one_nest(kernel: Stmt) -> Stmt:
    assert isinstance(kernel, For), "a kernel is a loop"
    axes: Axes = {}
    for s in stmts(kernel):
        axis = _shared_axis(s)
        if axis is not None and isinstance(s, For):
            axes[axis] = s  # the last one: what the others prepare for
    if has_together(kernel):
        axes[LANES] = lanes_of(kernel, axes.get(LANES))
    order = sorted(axes, key=lambda axis: axis not in BLOCK_AXES)
    names = fresh_names((), [axes[axis].var.name for axis in order])
    variables = {
        axis: axes[axis].var if axes[axis].var.name == name else Var(name)
        for axis, name in zip(order, names, strict=True)
    }
    nest = _stripped(_without_clashes(kernel, set(names)), frozenset(), axes, variables)
    for axis in reversed(order):
        nest = axes[axis].replace(var=variables[axis], body=nest)
    return nest


def _shared_axis(stmt: Stmt) -> str | None:
    """The axis of blocks or threads that a loop is bound to."""
    axis = axis_of(stmt) if isinstance(stmt, For) else None
    return None if axis in VIRTUAL_AXES else axis


def _without_clashes(stmt: Stmt, names: set[str]) -> Stmt:
    """`stmt` whose loops that are not bound to the axes are named unlike those."""

    def on_stmt(s: Stmt) -> Stmt | None:
        if not isinstance(s, For) or s.var.name not in names or _shared_axis(s) is not None:
            return None
        var = Var(fresh_names(names, [s.var.name])[0])
        return s.replace(var=var, body=substitute_stmt(s.body, {s.var: var}))

    return rewrite(stmt, on_stmt)


def _stripped(stmt: Stmt, around: frozenset[str], axes: Axes, variables: dict[str, Var]) -> Stmt:
    """`stmt`, under the bound axes `around`, without its own bound loops."""
    axis = _shared_axis(stmt)
    if axis is not None and isinstance(stmt, For):
        values: dict[Var, Expr] = {stmt.var: variables[axis]}
        body = stmt.body if stmt.var is variables[axis] else substitute_stmt(stmt.body, values)
        return _stripped(body, around | {axis}, axes, variables)
    if any(_shared_axis(s) is not None for s in stmts(stmt)):
        return map_children(stmt, lambda s: _stripped(s, around, axes, variables), lambda e: None)
    if has_together(stmt) and not is_together(stmt) and not isinstance(stmt, Block):
        return map_children(stmt, lambda s: _stripped(s, around, axes, variables), lambda e: None)
    return _by_the_first(stmt, [a for a in axes if a not in around], axes, variables)


def _by_the_first(stmt: Stmt, missing: list[str], axes: Axes, variables: dict[str, Var]) -> Stmt:
    """`stmt` where the threads of the axes it does not know are the first ones."""
    block = next((axis for axis in missing if axis in BLOCK_AXES), None)
    if block is not None and not same_extent(axes[block].extent, 1):
        raise TargetError(
            f"{block} is bound to loop {axes[block].var.name} in a part of a kernel only, and its "
            "blocks do not wait for each other; bind that axis around all of the kernel, or "
            "compute_root what stands outside it."
        )
    of_warp = is_together(stmt)
    first = [
        Binary("==", variables[a], Const(WARP - 1 if of_warp and a == LANES else 0, INDEX))
        for a in missing
        if not same_extent(axes[a].extent, 1)
    ]
    if isinstance(stmt, Seq):
        return Seq([guarded(first, s) for s in stmt.stmts])
    return guarded(first, stmt)
