"""Tensorize: a loop and all inside it become one hardware instruction.

Other systems: TVM `tensorize`, Exo `replace`.

Legal where the loops from `loop` inwards, with the block in them, do exactly what the instruction
is declared to do, and the loops outside visit whole tiles. A copy that goes on by itself
(`copy_async`) may also be of what is stored under a condition, `select(c, A[i], 0)`, if the
condition is proved to be the same for all that one instruction moves.

Before:

    for y in range(8):
        for x in range(8):
            for k in range(8):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]

After `s["C"].tensorize("y", "gemm8x8")`:

    with block("C", vy=0, vx=0, vk=reduce(0)):
        with init():
            fill_zero(C[0, 0])
        fused_gemm8x8_add(C[0, 0], A[0, 0], B[0, 0])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tvmlab.analysis.dependence import continued
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.instruction import INSTRUCTIONS, Instruction
from tvmlab.ir.program import Block, For, If, Program, Region, Stmt, Store
from tvmlab.ir.unsaid import regions
from tvmlab.schedule.conditional import conditional
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.match import find_match
from tvmlab.schedule.step import Step, argument
from tvmlab.schedule.tiles import Untiled, body_nest, inner_loops, tiled


@dataclass(frozen=True)
class Tensorize(Step):
    """Execute `loop` and all inside it as the instruction of that name."""

    name = "tensorize"
    group = "execution"
    summary = "execute as one hardware instruction"
    example = 'tensorize("yi", "gemm8x8")'
    loop: str = argument("loop", "the outermost loop of the instruction")
    instruction: str = argument("name", "the instruction, one of t.intrin")

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> Tensorize:
        """`tensorize(loop, instruction)`, by name or as a member of `t.intrin`."""
        plain = [a.name if isinstance(a, Instruction) else a for a in args]
        named = {k: v.name if isinstance(v, Instruction) else v for k, v in kwargs.items()}
        return super().from_call(block, *plain, **named)

    def require(self, program: Program) -> None:
        """A known instruction, serial loops in a perfect nest, a match, and whole tiles."""
        site = self.site(program)
        if self.instruction not in INSTRUCTIONS:
            first = Counter(name.split("_")[0] for name in INSTRUCTIONS)
            alone = [n for n in INSTRUCTIONS if first[n.split("_")[0]] < 3]
            families = [f"{word}_..." for word, count in sorted(first.items()) if count >= 3]
            known = ", ".join([*alone, *families]) or "none"
            raise self.refuse(
                self.loop,
                f"there is no instruction {self.instruction!r}",
                f"the instructions are {known}",
            )
        if (own := continued(site.block)) is not None:
            raise self.refuse(
                self.loop,
                f"the block reads {own.name} as it writes it, and instructions read first",
                "compute what is read in a block of its own",
            )
        _, block = self._tile(site)
        self._executed(block)

    def _tile(self, site: Site) -> tuple[Stmt, Block]:
        """The loop that goes, or the block itself, and the block with the tile as its body.

        A block that computes tiles already has the loops of one in its body.
        """
        nest = [loop.var.name for loop in body_nest(site.block)[0]]
        if site.loop(self.loop) is None and self.loop in nest[:1]:
            return site.block, site.block
        loop = self.find_loop(site, self.loop)
        inner = inner_loops(loop, site.block)
        if isinstance(inner, Untiled):
            raise self.refuse(inner.loop, inner.why, inner.instead)
        for below in inner:
            self.find_serial_loop(site, below.var.name)
        block = tiled(site.block, inner)
        if isinstance(block, Untiled):
            raise self.refuse(self.loop, block.why, block.instead)
        return loop, block

    def _executed(self, block: Block) -> Stmt:
        """The instruction on the block's tiles; a copy of what is there where a condition holds
        that is the same for the whole tile, and else a constant."""
        instruction = INSTRUCTIONS[self.instruction]
        loops, body = body_nest(block)
        given = conditional(loops, body) if isinstance(body, Store) else None
        if given is None or not instruction.asynchronous:
            return instruction.execution(self._operands(loops, body, block.init))
        copied = instruction.execution(self._operands(loops, given.then, block.init))
        otherwise: Stmt = given.otherwise
        for loop, (_, kind) in zip(reversed(loops), reversed(instruction.order), strict=True):
            otherwise = loop.replace(body=otherwise, kind=kind)
        return If(given.condition, copied, otherwise)

    def _operands(
        self, loops: Sequence[For], body: Stmt, init: Stmt | None
    ) -> dict[Buffer, Region]:
        """The tiles that stand for the instruction's buffers."""
        instruction = INSTRUCTIONS[self.instruction]
        found = find_match(instruction, loops, body, init)
        if isinstance(found, str):
            sizes = " x ".join(str(loop.extent) for loop in instruction.loops)
            raise self.refuse(
                self.loop, found, f"shape the nest like {instruction.name} ({sizes}) first"
            )
        return found

    def apply(self, program: Program) -> Program:
        """The outermost loop exchanged for a block over tiles that invokes the instruction."""
        old, block = self._tile(self.site(program))
        instruction = INSTRUCTIONS[self.instruction]
        body = self._executed(block)
        start = None
        if block.init is not None:
            operands = self._operands(*body_nest(block), block.init)
            start = instruction.beginning(operands)
        reads, writes = map(tuple, regions(body))
        executed = block.replace(init=start, reads=reads, writes=writes, body=body)
        return exchange(program, old, executed)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Tensorize]:
        """Every instruction with as many loops as are inside, at the loop and in the block.

        Copies, and those of a warp, are many and alike: only where the loops are as long as theirs.
        """
        nest, _ = body_nest(site.block)
        inside = nest or tuple(site.loops[site.loops.index(loop) :])
        extents = sorted(map(str, (o.extent for o in inside)))
        for instruction in INSTRUCTIONS.values():
            own = sorted(map(str, (o.extent for o in instruction.loops)))
            is_one_of_few = bool(instruction.start) and not instruction.collective
            if len(own) == len(extents) and (own == extents or is_one_of_few):
                first = inside[0] if nest else loop
                yield cls(site.block.name, first.var.name, instruction.name)
