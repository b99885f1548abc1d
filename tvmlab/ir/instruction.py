"""Instructions of machines, declared as small programs.

A declaration says what an instruction computes, and how it is written out: as loops, and inside
them either the plain computation or one machine operation (`tvmlab.ir.operation`), for which a
target that has it prints one instruction. Schedules refer to instructions by name; whoever
declares one puts it in `INSTRUCTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import cast

from tvmlab.errors import UsageError
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.operation import OPERATIONS
from tvmlab.ir.program import Block, For, Invoke, Iter, Program, Region, Stmt, Store
from tvmlab.ir.walk import blocks_with_loops, loads, rewrite, substitute, substitute_stmt


@dataclass(frozen=True)
class Instruction:
    """An instruction that updates a tile of results from tiles of operands.

    Attributes:
        name: as a schedule says it.
        update: the name printed where it is executed.
        start: the name printed where it initialises its results; empty if it has no init.
        program: what it does: one block in a loop nest of known extents.
        order: the loops as they are best written out, outermost first: (name, kind). Loops left
            out are those over which the operation folds.
        operation: the machine operation inside those loops; empty where it is the computation.
        collective: whether the 32 threads of a warp execute it together; what it keeps between
            executions then lies in buffers of scope `warp`.
        asynchronous: whether it goes on by itself, and what it writes is there once its thread
            has waited for it.
    """

    name: str
    update: str
    start: str
    program: Program
    order: tuple[tuple[str, str], ...]
    operation: str = ""
    collective: bool = False
    asynchronous: bool = False

    @property
    def block(self) -> Block:
        """The block of the program."""
        return next(blocks_with_loops(self.program.body))[0]

    @property
    def loops(self) -> tuple[For, ...]:
        """The loops of the program, outermost first."""
        return next(blocks_with_loops(self.program.body))[1]

    @property
    def operands(self) -> tuple[Buffer, ...]:
        """The buffers of the program in the order in which they are printed: the result first."""
        *inputs, result = self.program.params
        return (result, *inputs)

    def execution(self, operands: Mapping[Buffer, Region]) -> Invoke:
        """The update, on the tiles that stand for the buffers of `operands`."""
        body = self._operated() if self.operation else self.block.body
        given = [operands[b] for b in self.operands]
        return Invoke(self.update, given, self._written_out(body, operands, self.order))

    def beginning(self, operands: Mapping[Buffer, Region]) -> Invoke | None:
        """The initialisation of the result's tile; None where there is none."""
        if self.block.init is None:
            return None
        folded = {loop.var.name for loop, it in self._axes().values() if it.is_reduce}
        order = tuple((name, kind) for name, kind in self.order if name not in folded)
        nest = self._written_out(self.block.init, operands, order)
        return Invoke(self.start, [operands[self.operands[0]]], nest)

    def _axes(self) -> dict[str, tuple[For, Iter]]:
        """Loops and the variables of the block that they are bound to, by the loops' names."""
        pairs = zip(self.loops, self.block.iters, strict=True)
        return {loop.var.name: (loop, it) for loop, it in pairs}

    def _operated(self) -> Stmt:
        """The block's body with its operation on all elements that the loops left out visit."""
        body = cast(Store, self.block.body)
        written = {name for name, _ in self.order}
        folded = [it for name, (_, it) in self._axes().items() if name not in written]
        points: list[dict[Var, Expr]] = [
            {it.var: Const(n, INDEX) for it, n in zip(folded, values, strict=True)}
            for values in product(*(range(cast(int, it.extent)) for it in folded))
        ]
        reads = {e.buffer: e for e in loads(body)}
        arguments = [Load(body.buffer, body.indices)]
        for buffer in self.operands[1:]:
            arguments += [cast(Load, substitute(reads[buffer], point)) for point in points]
        value = OPERATIONS[self.operation](*arguments)
        return Store(body.buffer, body.indices, value, body.source)

    def _written_out(
        self, body: Stmt, operands: Mapping[Buffer, Region], order: tuple[tuple[str, str], ...]
    ) -> Stmt:
        """`body` in its loops, on the tiles that stand for its buffers."""
        axes = self._axes()
        loops = [For(Var(name), axes[name][0].extent, body, kind) for name, kind in order]
        values = {axes[loop.var.name][1].var: loop.var for loop in loops}

        def placed(buffer: Buffer, indices: tuple[Expr, ...]) -> tuple[Buffer, tuple[Expr, ...]]:
            starts = [start for start, _ in operands[buffer].bounds]
            lead = len(starts) - len(indices)
            inner = tuple([s + i for s, i in zip(starts[lead:], indices, strict=True)])
            return operands[buffer].buffer, (*starts[:lead], *inner)

        def on_expr(e: Expr) -> Expr | None:
            return Load(*placed(e.buffer, e.indices)) if isinstance(e, Load) else None

        def on_stmt(s: Stmt) -> Stmt | None:
            if not isinstance(s, Store):
                return None
            return Store(*placed(s.buffer, s.indices), s.value, s.source)

        nest = rewrite(substitute_stmt(body, values), on_stmt, on_expr)
        for loop in reversed(loops):
            nest = loop.replace(body=nest)
        return nest


INSTRUCTIONS: dict[str, Instruction] = {}


def declare(instruction: Instruction) -> Instruction:
    """Make an instruction known by its name, and by those that are printed.

    Raises:
        UsageError: another one has one of its names.
    """
    if instruction.name in INSTRUCTIONS:
        raise UsageError(
            f"there is an instruction {instruction.name!r} already; declare it under another name."
        )
    printed = {name for i in INSTRUCTIONS.values() for name in (i.update, i.start) if name}
    twice = next((n for n in (instruction.update, instruction.start) if n in printed), None)
    if twice is not None:
        raise UsageError(
            f"an instruction prints {twice!r} already; let {instruction.name!r} print another name."
        )
    INSTRUCTIONS[instruction.name] = instruction
    return instruction


def is_collective(invoke: Invoke) -> bool:
    """Whether the threads of a warp execute an instruction together."""
    return is_collective_name(invoke.name)


def is_collective_name(name: str) -> bool:
    """Whether an instruction is one that the threads of a warp execute together."""
    return any(i.collective and name in (i.update, i.start) for i in INSTRUCTIONS.values())


def is_asynchronous(invoke: Invoke) -> bool:
    """Whether an instruction goes on by itself until its thread waits for it."""
    return any(i.asynchronous and invoke.name == i.update for i in INSTRUCTIONS.values())
