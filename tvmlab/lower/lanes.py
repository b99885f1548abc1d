"""Memory of a warp is registers of its threads, and what one reads of another's is a shuffle.

    B = allocate(float32[32], scope="warp")          B = allocate(float32[1], scope="local")
    for x in bound(32, thread="threadIdx.x"):        for x in bound(32, thread="threadIdx.x"):
        B[x] = A[x] + 1.0                    ->          B[0] = A[x] + 1.0
        C[x] = B[31 - x] * 2.0                           B_of = shuffle(B[0], 31 - x)
                                                         C[x] = B_of * 2.0

Each thread keeps the elements that it stores: number x of threadIdx.x, of a power of two up to 32,
those from x * n on, n of them, and again a whole round further. All threads of the warp come to a
shuffle, also those that need nothing: conditions on threads move behind it. Which register is asked
for must be the same in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import NoReturn

from tvmlab.arith import Interval, bounds, simplify
from tvmlab.arith.simplify import linear, loop_range
from tvmlab.errors import TargetError
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.conjuncts import buffers_read, guarded
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, cast
from tvmlab.ir.fold import let
from tvmlab.ir.kernel import on_kernels, touched
from tvmlab.ir.local import Local
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import For, If, Invoke, Let, Program, Seq, Stmt, Store
from tvmlab.ir.shuffle import WARP, shuffle
from tvmlab.ir.walk import exprs, exprs_of, rewrite, stmts, variables

X, Y, Z = THREAD_AXES


def spread_over_lanes(program: Program) -> Program:
    """The program whose memories of warps, tiles of instructions apart, are their threads'.

    Raises:
        TargetError: a thread stores, or asks for, an element that is no register of one thread.
    """
    tiles = {o.buffer for s in stmts(program.body) if isinstance(s, Invoke) for o in s.operands}
    for buffer in program.buffers:
        if buffer.scope == "warp" and buffer not in tiles:
            program = _spread(program, buffer)
    return program


def _spread(program: Program, buffer: Buffer) -> Program:
    names = [b.name for b in (*program.params, *program.buffers)]
    made: list[Buffer] = []

    def in_kernel(kernel: Stmt) -> Stmt:
        if all(b is not buffer for b, _ in touched(kernel)):
            return kernel
        lanes = _lanes_of(kernel, buffer, names)
        made.append(lanes.registers)
        return lanes.kernel(kernel)

    body = on_kernels(program.body, in_kernel)
    buffers = [b for b in program.buffers if b is not buffer]
    return Program(program.name, program.params, program.outputs, (*buffers, *made), body)


def _lanes_of(kernel: Stmt, buffer: Buffer, names: list[str]) -> _Lanes:
    """How a kernel's threads share out a buffer."""
    threads: dict[str, For] = {}
    ranges: dict[Var, Interval] = {}
    for s in stmts(kernel):
        if isinstance(s, For):
            ranges[s.var] = loop_range(s, ranges)
            axis = axis_of(s)
            if axis in THREAD_AXES:
                threads[str(axis)] = s
    row = threads.get(X)
    count = row.extent if row is not None else None
    if row is None or not isinstance(count, int) or WARP % count:
        _refuse(buffer, f"{X} has {count or 'no'} threads, which do not divide a warp of {WARP}")
    steps = {
        linear(_flat(s.buffer, s.indices), ranges).terms.get(row.var, 0)
        for s in stmts(kernel)
        if isinstance(s, Store) and s.buffer is buffer
    }
    step = steps.pop() if len(steps) == 1 else 0
    if step < 1:
        _refuse(buffer, f"not every store to it moves on with {X}")
    rounds = -(-prod(buffer.extents) // (step * count))
    registers = Buffer(buffer.name, (rounds * step,), buffer.dtype, "local")
    return _Lanes(buffer, registers, threads, count, step, ranges, names)


def _refuse(buffer: Buffer, why: str) -> NoReturn:
    raise TargetError(
        f"{buffer.name} is memory of a warp, and {why}; bind its last loop, of at most {WARP} "
        f'iterations, to {X} in every nest that touches it, or set_scope it to "shared".'
    )


def _flat(buffer: Buffer, indices: tuple[Expr, ...]) -> Expr:
    total: Expr = Const(0, INDEX)
    for index, stride in zip(indices, buffer.strides(), strict=True):
        total = total + index * stride
    return total


@dataclass(frozen=True)
class _Lanes:
    """A buffer of a warp as registers of its threads.

    Attributes:
        buffer, registers: what it was, and what each thread has of it.
        threads: the kernel's loops over threads, by their axes.
        count: threads along x.
        step: elements that a thread has side by side.
        ranges: the values of all loops.
        names: those in use.
    """

    buffer: Buffer
    registers: Buffer
    threads: dict[str, For]
    count: int
    step: int
    ranges: dict[Var, Interval]
    names: list[str]

    def kernel(self, stmt: Stmt) -> Stmt:
        """The kernel with registers, which hold zeros until they are set."""
        if isinstance(stmt, For) and axis_of(stmt) in (*BLOCK_AXES, *THREAD_AXES):
            return stmt.replace(body=self.kernel(stmt.body))
        zero = cast(self.buffer.dtype, Const(0, INDEX))
        every = range(self.registers.extents[0])
        cleared = [Store(self.registers, (Const(n, INDEX),), zero) for n in every]
        return Seq([*cleared, self.visit(stmt, ())])

    def visit(self, stmt: Stmt, conditions: tuple[Expr, ...]) -> Stmt:
        """`stmt` in the threads for which the conditions hold, which it does not repeat."""
        if isinstance(stmt, Seq):
            return Seq([self.visit(s, conditions) for s in stmt.stmts])
        asked = list(self._asked(stmt))
        if not asked:
            return guarded(conditions, self._placed(stmt, self._own))
        if isinstance(stmt, For) and stmt.kind in ("serial", "unrolled"):
            return stmt.replace(body=self.visit(stmt.body, conditions))
        if isinstance(stmt, If) and stmt.otherwise is None and not buffers_read(stmt.condition):
            own = {loop.var for loop in self.threads.values()}
            if variables(stmt.condition) & own:
                return self.visit(stmt.then, (*conditions, stmt.condition))
            return If(stmt.condition, self.visit(stmt.then, conditions))
        if not isinstance(stmt, (Store, Let)):
            _refuse(self.buffer, "a loop or branch that threads may leave apart reads it")
        names = fresh_names(self.names, [f"{self.buffer.name}_of"] * len(asked))
        self.names.extend(names)
        found = [Local(name, self.buffer.dtype) for name in names]
        told = {id(load): local for load, local in zip(asked, found, strict=True)}
        placed = self._placed(stmt, lambda e: told[id(e)] if id(e) in told else self._own(e))
        values = [self._shuffle(load) for load in asked]
        return let(found, values, guarded(conditions, placed))

    def _shuffle(self, load: Load) -> Expr:
        register, lane = self._place(load.indices)
        return shuffle(Load(self.registers, (register,)), self._number(lane))

    def _asked(self, stmt: Stmt) -> Iterator[Load]:
        """The loads in a statement of what other threads may have."""
        for s in stmts(stmt):
            for x in exprs_of(s):
                for e in exprs(x):
                    if isinstance(e, Load) and e.buffer is self.buffer and not self._is_own(e):
                        yield e

    def _is_own(self, e: Load) -> bool:
        return self._is_number(self._place(e.indices)[1])

    def _is_number(self, lane: Expr) -> bool:
        """Whether a place along x is the thread's own."""
        apart = simplify(lane - self.threads[X].var, self.ranges)
        return isinstance(apart, Const) and apart.value == 0

    def _own(self, e: Load) -> Load:
        return Load(self.registers, (self._place(e.indices)[0],))

    def _placed(self, stmt: Stmt, value: Callable[[Load], Expr]) -> Stmt:
        """A statement whose loads are `value` of them, and whose stores are to registers."""

        def on_expr(e: Expr) -> Expr | None:
            return value(e) if isinstance(e, Load) and e.buffer is self.buffer else None

        def on_stmt(s: Stmt) -> Stmt | None:
            if not isinstance(s, Store) or s.buffer is not self.buffer:
                return None
            register, lane = self._place(s.indices)
            if not self._is_number(lane):
                _refuse(self.buffer, "a thread stores an element that is another's")
            return Store(self.registers, (register,), s.value, s.source)

        return rewrite(stmt, on_stmt, on_expr)

    def _place(self, indices: tuple[Expr, ...]) -> tuple[Expr, Expr]:
        """The register that an element lies in, and the place along x of the thread that has it."""
        flat, whole = _flat(self.buffer, indices), self.step * self.count
        lane = simplify(flat // self.step % self.count, self.ranges)
        register = simplify(flat // whole * self.step + flat % self.step, self.ranges)
        low, high = bounds(register, self.ranges)
        own = {loop.var for loop in self.threads.values()}
        is_inside = low >= 0 and high < self.registers.extents[0]
        if variables(register) & own or buffers_read(register) or not is_inside:
            _refuse(self.buffer, "threads ask for different registers of each other at one time")
        return register, lane

    def _number(self, lane: Expr) -> Expr:
        """The number in its warp of the thread at a place along x, in the row of this one."""
        row: Expr = Const(0, INDEX)
        for axis in (Z, Y):
            if axis in self.threads:
                loop = self.threads[axis]
                row = row * loop.extent + loop.var
        return simplify(lane + row % (WARP // self.count) * self.count, self.ranges)
