"""Folds across threads: a tree that one thread would fold is folded by all threads of an axis.

    if x == 0:                                C_terms[x] = P[x]
        for k in tree(32):                    if x < 16:
            C[y] = C[y] + P[k]      ->            C_terms[x] = C_terms[x] + C_terms[x + 16]
                                              ...
                                              if x == 0:
                                                  C[y] = C[y] + C_terms[0]

The terms go through shared memory and halve from step to step; `tvmlab.lower.barriers` puts the
barriers between. It needs as many threads as there are terms, and no branch around the tree that
threads take differently but the one that chose the first of them. Where threads of a warp can hand
values to each other, they do so instead (`tvmlab.lower.warp_trees`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.conjuncts import buffers_read, guarded
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr
from tvmlab.ir.fold import Fold, fold_of, results_of, stores
from tvmlab.ir.kernel import on_kernels
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import For, If, Program, Seq, Stmt
from tvmlab.ir.shuffle import SHUFFLES
from tvmlab.ir.walk import stmts, substitute, variables
from tvmlab.lower.warp_trees import fold_by_warps, suits_warps

ZERO = Const(0, INDEX)


def fold_across_threads(program: Program, instructions: Collection[str] = ()) -> Program:
    """The program whose kernels fold trees by the threads that would be idle meanwhile, with
    shuffles where they are among the device's `instructions`."""
    taken = [b.name for b in (*program.params, *program.buffers)]
    made: list[Buffer] = []
    shuffles = frozenset(instructions) >= SHUFFLES
    body = on_kernels(program.body, lambda s: _in_kernel(s, (), taken, made, shuffles))
    buffers = (*program.buffers, *made)
    return Program(program.name, program.params, program.outputs, buffers, body)


def _in_kernel(
    stmt: Stmt, loops: tuple[For, ...], taken: list[str], made: list[Buffer], shuffles: bool
) -> Stmt:
    if isinstance(stmt, For) and axis_of(stmt) in (*BLOCK_AXES, *THREAD_AXES):
        return stmt.replace(body=_in_kernel(stmt.body, (*loops, stmt), taken, made, shuffles))
    threads = tuple(o for o in loops if axis_of(o) in THREAD_AXES)
    return _Kernel(threads, taken, made, shuffles).visit(stmt, ())


class _Kernel(NamedTuple):
    """A kernel whose trees are written out.

    Attributes:
        threads: its loops over threads.
        taken: the names of buffers so far.
        made: the buffers for terms so far.
        shuffles: whether threads of a warp can hand values to each other.
    """

    threads: tuple[For, ...]
    taken: list[str]
    made: list[Buffer]
    shuffles: bool

    def visit(self, stmt: Stmt, conditions: tuple[Expr, ...]) -> Stmt:
        """`stmt` in the threads for which the conditions hold, which it does not repeat."""
        if not any(isinstance(s, For) and s.kind == "tree" for s in stmts(stmt)):
            return guarded(conditions, stmt)
        if isinstance(stmt, Seq):
            return Seq([self.visit(s, conditions) for s in stmt.stmts])
        if isinstance(stmt, For) and stmt.kind in ("serial", "unrolled"):
            return stmt.replace(body=self.visit(stmt.body, conditions))
        if isinstance(stmt, If) and stmt.otherwise is None and not buffers_read(stmt.condition):
            if variables(stmt.condition) & {o.var for o in self.threads}:
                return self.visit(stmt.then, (*conditions, stmt.condition))
            return If(stmt.condition, self.visit(stmt.then, conditions))
        if not isinstance(stmt, For) or stmt.kind != "tree":
            return guarded(conditions, stmt)
        while isinstance(stmt.body, If) and _is_before(stmt.body, stmt):
            conditions = (*conditions, stmt.body.condition)
            stmt = stmt.replace(body=stmt.body.then)
        fold = fold_of(stmt.body)
        axis = self._idle(stmt, conditions)
        if fold is None or axis is None or _moves(fold, stmt):
            return guarded(conditions, stmt)
        return self._by_threads(stmt, fold, axis, conditions)

    def _idle(self, tree: For, conditions: tuple[Expr, ...]) -> For | None:
        """An axis of which the first thread alone would fold, with a thread for each term."""
        for axis in self.threads:
            sizes = axis.extent, tree.extent
            if any(_is_first(c, axis) for c in conditions) and all(
                isinstance(e, int) for e in sizes
            ):
                enough = int(axis.extent) >= int(tree.extent) > 1  # type: ignore[arg-type]
                if enough:
                    return axis
        return None

    def _by_threads(self, tree: For, fold: Fold, axis: For, conditions: tuple[Expr, ...]) -> Stmt:
        """The tree in steps, each of which half as many threads take as the one before."""
        thread = axis.var
        source = next((s.source for s in results_of(tree.body)), None)
        others = tuple(c for c in conditions if not _is_first(c, axis))
        count = tree.extent
        assert isinstance(count, int), "a tree has a known extent"
        values = tuple(substitute(t, {tree.var: thread}) for t in fold.terms)
        if self.shuffles and suits_warps(count, axis, self.threads, others):
            return fold_by_warps(
                fold, values, axis, self.threads, others, source, self.taken, self.shared
            )
        terms = self.shared(fold, [o.extent for o in self.threads])

        def places(at: Expr) -> list[Load]:
            indices: tuple[Expr, ...] = tuple(at if o is axis else o.var for o in self.threads)
            return [Load(b, indices) for b in terms]

        def by_some(below: int, stmt: Stmt) -> Stmt:
            some = [Binary("<", thread, Const(below, INDEX))] if below != axis.extent else []
            return guarded((*others, *some), stmt)

        steps = [by_some(count, stores(places(thread), values, source))]
        while count > 1:
            half = 1 << (count - 1).bit_length() - 1
            update = fold.update(places(thread), tuple(places(thread + half)), source)
            steps.append(by_some(count - half, update))
            count = half
        last = fold.update(fold.targets, tuple(places(ZERO)), source)
        steps.append(guarded((*others, Binary("==", thread, ZERO)), last))
        return Seq(steps)

    def shared(self, fold: Fold, shape: Iterable[Extent]) -> list[Buffer]:
        """Shared memory of a shape for the terms of a fold."""
        names = fresh_names(self.taken, [f"{b.name}_terms" for b in fold.buffers])
        extents = tuple(shape)
        new = [
            Buffer(name, extents, b.dtype, "shared")
            for name, b in zip(names, fold.buffers, strict=True)
        ]
        self.taken.extend(names)
        self.made.extend(new)
        return new


def _moves(fold: Fold, tree: For) -> bool:
    """Whether what is folded into depends on the term."""
    return any(tree.var in variables(i) for t in fold.targets for i in t.indices)


def _is_before(branch: If, tree: For) -> bool:
    """Whether a branch in a tree may as well stand around it."""
    condition = branch.condition
    return (
        branch.otherwise is None
        and tree.var not in variables(condition)
        and not buffers_read(condition)
    )


def _is_first(condition: Expr, axis: For) -> bool:
    return (
        isinstance(condition, Binary)
        and condition.op == "=="
        and condition.a is axis.var
        and isinstance(condition.b, Const)
        and condition.b.value == 0
    )
