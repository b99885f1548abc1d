"""A lowered program as loops around statements, each access as bytes moved by each loop.

Conditions are taken to hold, and what is done where they do not is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from tvmlab.analysis.estimate.operations import NOTHING, Operations, operations
from tvmlab.analysis.streaming import streamed
from tvmlab.analysis.touching import line_of
from tvmlab.arith.linear import Interval
from tvmlab.arith.simplify import extent_range, interval
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Binary, Expr, Ramp, Var
from tvmlab.ir.program import Allocate, For, If, Let, Prefetch, Program, Seq, Stmt, Store
from tvmlab.ir.shapes import sizes_of
from tvmlab.ir.walk import exprs, rewrite_expr, sub_stmts

REGISTER = "register"
"""The scope of what lives in registers."""

BRANCH = "branch"
"""The kind of what is a side of a branch and no loop."""

MOST = 1 << 40
"""Iterations of a loop whose extent nothing bounds."""


class Touch(NamedTuple):
    """An element, or lanes of them, that a statement reads or writes.

    Attributes:
        buffer: what is touched.
        steps: bytes from one iteration of each loop to the next, outermost first.
        offset: bytes at the first iteration of all.
        lanes: elements at once.
        lane_step: bytes between them.
        is_write: whether it is written.
        is_data: whether the place is read from memory, so that it may be anywhere.
        is_streamed: whether it is written past the caches.
    """

    buffer: Buffer
    steps: tuple[float, ...]
    offset: float
    lanes: int
    lane_step: float
    is_write: bool
    is_data: bool
    is_streamed: bool

    @property
    def element_bytes(self) -> int:
        """Of one element."""
        return dtypes.size_bytes(self.buffer.dtype)

    @property
    def is_register(self) -> bool:
        """Whether it lives in registers, as long as there are enough."""
        return self.buffer.scope == REGISTER

    def is_moved_by(self, depth: int) -> bool:
        """Whether the loop at `depth` moves it."""
        return self.is_data or (depth < len(self.steps) and self.steps[depth] != 0)


@dataclass(eq=False)
class Leaf:
    """One statement that computes.

    Attributes:
        operations: what one execution computes.
        touches: what it reads and writes.
        update: the element that it stores if its new value depends on the old one.
        begins: the depth of the loop in whose iterations that element is alive; -1 in all.
        is_found: whether the compiler is free to make lanes of it and keep it in registers.
        is_hint: whether it computes nothing, and keeps the compiler from both.
    """

    operations: Operations
    touches: tuple[Touch, ...]
    update: Touch | None
    begins: int
    is_found: bool = False
    is_hint: bool = False


@dataclass(eq=False)
class Nest:
    """A loop, the whole program (one iteration), or a side of a branch (the share of times it is
    taken), around loops and statements in order."""

    depth: int
    extent: float
    kind: str
    name: str = ""
    body: list[Nest | Leaf] = field(default_factory=list)

    def leaves(self) -> Iterator[tuple[Leaf, tuple[Nest, ...]]]:
        """The statements inside, each with the loops inside this one that are around it."""
        for part in self.body:
            if isinstance(part, Leaf):
                yield part, ()
            else:
                for leaf, loops in part.leaves():
                    yield leaf, (part, *loops)


def nest_of(program: Program) -> Nest:
    """A lowered program as a nest.

    Raises:
        UsageError: extents are over sizes, so that nothing can be said.
    """
    if sizes := sizes_of(program):
        raise UsageError(
            f"how long {program.name} takes depends on {sizes[0].name}; give it a value, as in "
            f"t.specialise(s, {sizes[0].name}=1024)."
        )
    root = Nest(-1, 1, "serial")
    _Reading().into(root, program.body, (), {}, ())
    return root


class _Reading:
    """Reads statements into nests; `lane` stands for the lanes of every vector index."""

    def __init__(self) -> None:
        self._lane = Var("lane")
        self._strides: dict[Buffer, tuple[float, ...]] = {}
        self._streamed: list[str | None] = []
        self._alive: dict[Buffer, int] = {}

    def into(
        self,
        nest: Nest,
        stmt: Stmt,
        loops: tuple[Var, ...],
        ranges: Mapping[Var, Interval],
        named: tuple[Expr, ...],
    ) -> None:
        """Add `stmt`, around which are `loops`, to the body of `nest`."""
        if isinstance(stmt, For):
            self._loop(nest, stmt, loops, ranges, named)
        elif isinstance(stmt, Store):
            nest.body.append(self._leaf(stmt, loops, ranges, named))
        elif isinstance(stmt, Seq):
            for n, part in enumerate(stmt.stmts):
                self.into(nest, part, loops, ranges, named if n == 0 else ())
        elif isinstance(stmt, If):
            self._branch(nest, stmt, loops, ranges, named)
        elif isinstance(stmt, Let):
            self.into(nest, stmt.body, loops, ranges, (*named, stmt.value))
        elif isinstance(stmt, Prefetch):
            nest.body.append(Leaf(NOTHING, (), None, -1, is_hint=True))
        else:
            if isinstance(stmt, Allocate):
                self._alive[stmt.buffer] = nest.depth
            for below in sub_stmts(stmt):
                self.into(nest, below, loops, ranges, named)

    def _loop(
        self,
        nest: Nest,
        loop: For,
        loops: tuple[Var, ...],
        ranges: Mapping[Var, Interval],
        named: tuple[Expr, ...],
    ) -> None:
        """Add a loop; one of a single iteration is none."""
        extent = max(int(min(extent_range(loop.extent, ranges)[1] + 1, MOST)), 0)
        around = {**ranges, loop.var: (0, max(extent - 1, 0))}
        if extent == 1:
            self.into(nest, loop.body, loops, around, named)
            return
        self._streamed.append(streamed(loop))
        inner = Nest(nest.depth + 1, extent, loop.kind, loop.var.name)
        self.into(inner, loop.body, (*loops, loop.var), around, ())
        self._streamed.pop()
        if inner.body and extent:
            nest.body.append(inner)

    def _branch(
        self,
        nest: Nest,
        branch: If,
        loops: tuple[Var, ...],
        ranges: Mapping[Var, Interval],
        named: tuple[Expr, ...],
    ) -> None:
        """Add both sides of a branch, each a loop that runs as often as its side is taken."""
        share = _share(branch.condition, ranges)
        sides = [(branch.then, share), (branch.otherwise, 1 - share)]
        for side, taken in sides:
            if side is not None and taken > 0:
                inner = Nest(nest.depth + 1, taken, BRANCH)
                named_here = (*named, branch.condition) if side is branch.then else ()
                self.into(inner, side, (*loops, Var("branch")), ranges, named_here)
                if inner.body:
                    nest.body.append(inner)

    def _leaf(
        self,
        store: Store,
        loops: tuple[Var, ...],
        ranges: Mapping[Var, Interval],
        named: tuple[Expr, ...],
    ) -> Leaf:
        target = self._touch(store.buffer, store.indices, loops, ranges, True)
        found = [target]
        update = None
        met: list[Load] = []
        for value in (*named, store.value, *store.indices):
            for e in exprs(value):
                if not isinstance(e, Load) or any(_alike(e, x) for x in met):
                    continue
                met.append(e)
                touch = self._touch(e.buffer, e.indices, loops, ranges, False)
                found.append(touch)
                if e.buffer is store.buffer and touch[1:5] == target[1:5]:
                    update = target
        computed = operations((*named, store.value), store.indices)
        return Leaf(computed, tuple(found), update, self._alive.get(store.buffer, -1))

    def _touch(
        self,
        buffer: Buffer,
        indices: tuple[Expr, ...],
        loops: tuple[Var, ...],
        ranges: Mapping[Var, Interval],
        is_write: bool,
    ) -> Touch:
        lanes = max([1, *(index.lanes for index in indices)])
        known = {**ranges, self._lane: (0, lanes - 1)} if lanes > 1 else ranges
        order = {var: n for n, var in enumerate((*loops, self._lane))}
        steps = [0.0] * len(order)
        offset, is_data = 0.0, False
        size = dtypes.size_bytes(buffer.dtype)
        for index, stride in zip(indices, self._strides_of(buffer), strict=True):
            scalar = rewrite_expr(index, self._as_scalar) if index.lanes > 1 else index
            if isinstance(scalar, Var):
                if scalar in order:
                    steps[order[scalar]] += stride * size
                continue
            line = line_of(scalar, {}, known, order)
            is_data |= line.is_data
            offset += line.first * stride * size
            for n, step in enumerate(line.steps):
                steps[n] += step * stride * size
        is_streamed = is_write and buffer.name in self._streamed
        return Touch(
            buffer, tuple(steps[:-1]), offset, lanes, steps[-1], is_write, is_data, is_streamed
        )

    def _as_scalar(self, e: Expr) -> Expr | None:
        """An index of lanes as a sum over the lane's number."""
        return Binary("+", e.base, self._lane) if isinstance(e, Ramp) else None

    def _strides_of(self, buffer: Buffer) -> tuple[float, ...]:
        if buffer not in self._strides:
            strides = (float(s) if isinstance(s, int) else inf for s in buffer.strides())
            self._strides[buffer] = tuple(strides)
        return self._strides[buffer]


def _share(condition: Expr, ranges: Mapping[Var, Interval]) -> float:
    """How often a condition holds, of all iterations: counted where it compares a loop with a
    number, else always."""
    if isinstance(condition, Binary) and condition.op in ("<", "<=", ">", ">="):
        low, high = interval(Binary("-", condition.a, condition.b), ranges)
        if isinstance(condition.a, Var) and -inf < low <= high < inf:
            # `low` to `high` are the values of a - b, each as often as the others.
            first, last = {
                "<": (low, -1), "<=": (low, 0), ">": (1, high), ">=": (0, high)
            }[condition.op]  # fmt: skip
            return min(1.0, max(0.0, (last - first + 1) / (high - low + 1)))
    return 1.0


def _alike(a: Load, b: Load) -> bool:
    return a.buffer is b.buffer and all(
        same(x, y) for x, y in zip(a.indices, b.indices, strict=True)
    )


def register_vectors(program: Program, vector_bytes: int) -> dict[Buffer, float]:
    """How many registers each buffer of registers fills."""
    found: dict[Buffer, float] = {}

    def visit(stmt: Stmt) -> None:
        if isinstance(stmt, Allocate) and stmt.buffer.scope == REGISTER:
            found[stmt.buffer] = max(1.0, stmt.buffer.size_bytes / vector_bytes)
        for below in sub_stmts(stmt):
            visit(below)

    visit(program.body)
    return found
