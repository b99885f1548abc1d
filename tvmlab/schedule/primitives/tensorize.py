"""Tensorize: a loop and all inside it become one hardware instruction.

Other systems: TVM `tensorize`, Exo `replace`.

Legal where the loops from `loop` inwards, with the block in them, do exactly what the instruction
is declared to do, and the loops outside visit whole tiles.

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
            fill_zero(C[vy * 8, vx * 8])
        fused_gemm8x8_add(C[vy * 8, vx * 8], A[vk * 8, vy * 8], B[vk * 8, vx * 8])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tvmlab.arith.linear import Linear
from tvmlab.arith.simplify import linear, simplify
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.instruction import INSTRUCTIONS, Instruction
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import Block, For, Invoke, Iter, Program, Region, Stmt
from tvmlab.ir.walk import substitute, substitute_stmt, variables
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.match import Match, find_match
from tvmlab.schedule.step import Step, argument


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
        instruction = INSTRUCTIONS.get(self.instruction)
        if instruction is None:
            known = ", ".join(INSTRUCTIONS) or "none"
            raise self.refuse(
                self.loop,
                f"there is no instruction {self.instruction!r}",
                f"the instructions are {known}",
            )
        inner = self._inner(site)
        for loop in inner:
            self.find_serial_loop(site, loop.var.name)
        if {loop.var for loop in inner} & variables(site.block.where):
            raise self.refuse(
                self.loop,
                "a predicate cuts tiles short at the edge",
                "split by factors that divide the extents",
            )
        match = find_match(instruction, site.block, inner)
        if isinstance(match, str):
            raise self.refuse(
                self.loop, match, f"shape the nest like {_shape_words(instruction)} first"
            )
        if self._tiles(site, inner) is None:
            raise self.refuse(
                self.loop,
                "the loops outside do not visit whole tiles side by side",
                "split every loop by the instruction's extent and keep the inner ones together",
            )

    def _inner(self, site: Site) -> tuple[For, ...]:
        """The loops from `loop` inwards, which must hold nothing but each other and the block."""
        loop = self.find_loop(site, self.loop)
        inner = site.loops[site.loops.index(loop) :]
        for below in inner:
            if below.body is not site.block and not isinstance(below.body, For):
                raise self.refuse(
                    below.var.name,
                    "other statements stand beside the block",
                    "tensorize before they move into these loops",
                )
        return inner

    def _tiles(
        self, site: Site, inner: tuple[For, ...]
    ) -> list[tuple[Iter, Expr, For | None]] | None:
        """For each block variable its tile's variable, binding and loop; None if tiles overlap."""
        local = {loop.var: loop for loop in inner}
        tiles: list[tuple[Iter, Expr, For | None]] = []
        for it, binding in zip(site.block.iters, site.block.bindings, strict=True):
            total = linear(binding, {})
            inside = [v for v in variables(binding) if v in local]
            if not inside:
                tiles.append((it, binding, None))
                continue
            loop = local[inside[0]]
            outer = total.plus(Linear({inside[0]: 1}, 0), -1)
            extent = loop.extent
            assert isinstance(extent, int)
            whole = all(c % extent == 0 for c in (*outer.terms.values(), outer.constant))
            if len(inside) > 1 or not isinstance(it.extent, int) or it.extent % extent or not whole:
                return None
            start = Linear(
                {a: c // extent for a, c in outer.terms.items()}, outer.constant // extent
            )
            tiles.append((Iter(Var(it.var.name), it.extent // extent, it.kind), start.expr(), loop))
        return tiles

    def apply(self, program: Program) -> Program:
        """The outermost loop exchanged for a block over tiles that invokes the instruction."""
        site = self.site(program)
        inner = self._inner(site)
        instruction = INSTRUCTIONS[self.instruction]
        match = find_match(instruction, site.block, inner)
        tiles = self._tiles(site, inner)
        assert isinstance(match, Match)
        assert tiles is not None
        block = site.block
        starts: dict[Var, Expr] = {}
        for it, (tile, _, loop) in zip(block.iters, tiles, strict=True):
            extent = Const(loop.extent if loop is not None else 1, INDEX)  # type: ignore[arg-type]
            starts[it.var] = tile.var if loop is None else tile.var * extent
        along = {it.var: loop for it, (_, _, loop) in zip(block.iters, tiles, strict=True) if loop}
        names = fresh_names(site.names(), [n for n, _ in instruction.order])
        writer = _Writer(block, match, instruction, starts, along, names)
        return exchange(
            program,
            inner[0],
            Block(
                block.name,
                [tile for tile, _, _ in tiles],
                [binding for _, binding, _ in tiles],
                block.where,
                [writer.tile(r) for r in block.reads],
                [writer.tile(w) for w in block.writes],
                writer.start(),
                writer.update(),
            ),
        )

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Tensorize]:
        """Every instruction with as many loops as are inside."""
        depth = len(site.loops) - site.loops.index(loop)
        for instruction in INSTRUCTIONS.values():
            if len(instruction.loops) == depth:
                yield cls(site.block.name, loop.var.name, instruction.name)


def _shape_words(instruction: Instruction) -> str:
    """The instruction's computation in one line."""
    sizes = " x ".join(str(loop.extent) for loop in instruction.loops)
    return f"{instruction.name} ({sizes})"


class _Writer:
    """Writes the invocations of an instruction on the tiles of a block."""

    def __init__(
        self,
        block: Block,
        match: Match,
        instruction: Instruction,
        starts: Mapping[Var, Expr],
        along: Mapping[Var, For],
        names: list[str],
    ) -> None:
        self.block = block
        self.match = match
        self.instruction = instruction
        self.starts = starts
        self.along = along
        self.names = names

    def tile(self, region: Region) -> Region:
        """What one execution touches of a region that was a point."""
        bounds = []
        for index, _ in region.bounds:
            loops = [self.along[v] for v in variables(index) if v in self.along]
            extent = loops[0].extent if loops else 1
            bounds.append((simplify(substitute(index, self.starts)), extent))
        return Region(region.buffer, bounds)

    def update(self) -> Invoke:
        """The instruction on its result and operands."""
        order = [self.match.buffers[b] for b in reversed(self.instruction.program.params)]
        order = [order[0], *reversed(order[1:])]
        regions = {r.buffer: r for r in (*self.block.writes, *self.block.reads)}
        operands = [self.tile(regions[b]) for b in order]
        return Invoke(self.instruction.update, operands, self._loops(self.block.body, True))

    def start(self) -> Stmt | None:
        """The initialisation of the result's tile."""
        if self.block.init is None:
            return None
        operands = [self.tile(w) for w in self.block.writes]
        return Invoke(self.instruction.start, operands, self._loops(self.block.init, False))

    def _loops(self, body: Stmt, folds: bool) -> Stmt:
        """What the instruction does, its loops in the order and manner it is best written."""
        pattern = self.instruction.block
        of_axis = {
            loop.var.name: it
            for loop, it in zip(self.instruction.loops, pattern.iters, strict=True)
        }
        inner = {loop.var: loop for loop in self.along.values()}
        values: dict[Var, Expr] = dict(self.starts)
        loops: list[For] = []
        for (axis, kind), name in zip(self.instruction.order, self.names, strict=True):
            it = of_axis[axis]
            if it.is_reduce and not folds:
                continue
            source = inner[self.match.loops[it.var]]
            fresh = For(Var(name), source.extent, body, kind)
            loops.append(fresh)
            for var, loop in self.along.items():
                if loop is source:
                    values[var] = self.starts[var] + fresh.var
        nest = substitute_stmt(body, values)
        for loop in reversed(loops):
            nest = loop.replace(body=nest)
        return nest
