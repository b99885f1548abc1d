"""Transform block layout: a block's instances are numbered anew, and run in that order.

Other systems: TVM (TensorIR) `transform_block_layout`.

As transform_layout does for the elements of a buffer, for the instances of a block: an index map
`i, j -> j // 16, i, j % 16` over its spatial variables, proved to be one to one, gives it new
variables and loops of its own over them. After both, a block that packs a buffer stores
`B[v0, v1, v2]` over its own variables, and compute_at can move it. Where an extent does not divide,
a predicate leaves out the instances there are none of. A map over all of the block's variables
numbers the terms of its fold anew as well: a convolution becomes a product of matrices. Legal for a
block alone in its nest.

Before:

    for i in range(8):
        for j in range(8):
            with block("B", vi=i, vj=j):
                B[vi, vj] = A[vi, vj] + 1.0

After `s["B"].transform_block_layout("i, j -> j // 4, i, j % 4")`:

    for p0 in range(2):
        for p1 in range(8):
            for p2 in range(4):
                with block("B", vp0=p0, vp1=p1, vp2=p2):
                    B[vp1, vp0 * 4 + vp2] = A[vp1, vp0 * 4 + vp2] + 1.0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tvmlab.analysis.regions import Ranges, iteration_ranges
from tvmlab.arith import simplify, simplify_stmt
from tvmlab.arith.declared import verify_declared
from tvmlab.arith.index_map import Relayout
from tvmlab.arith.simplify import linear
from tvmlab.arith.undigited import undigited
from tvmlab.errors import VerifyError
from tvmlab.ir.buffer import Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, binary
from tvmlab.ir.printer import expr_text
from tvmlab.ir.program import Block, For, Iter, Program
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import blocks, rewrite, substitute, substitute_stmt, variables
from tvmlab.schedule.copies import root_nest
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.layout_map import index_map_of, layout_over, texts
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.step import Step, argument
from tvmlab.schedule.whole import require_whole


@dataclass(frozen=True)
class TransformBlockLayout(Step):
    """Number the block's instances as `index_map` says, and run them in that order."""

    name = "transform_block_layout"
    summary = "run a block's instances in the order of another layout"
    example = 'transform_block_layout("i, j -> j // 16, i, j % 16")'
    index_map: str = argument(
        "name", "which instance each becomes, as in i, j -> j // 16, i, j % 16"
    )

    @classmethod
    def from_call(cls, block: str, *args: Any, **kwargs: Any) -> TransformBlockLayout:
        """The step of a call, in which the map may be a Python function."""
        positional, named = texts(cls, block, args, kwargs)
        return super().from_call(block, *positional, **named)

    def require(self, program: Program) -> None:
        """A block alone in loops without annotations, and a map that is one to one."""
        site = self.site(program)
        block = site.block
        self.require_settled(program, block)
        require_whole(self, site)
        beside = [b.name for b in blocks(root_nest(program, block)) if b is not block]
        if beside:
            raise self.refuse(
                "",
                f"{beside[0]} stands in the same loops, which would be made anew",
                "transform_block_layout before blocks share loops",
            )
        marked = next((o for o in site.loops if o.kind != "serial" or o.annotations), None)
        if marked is not None:
            raise self.refuse(
                marked.var.name,
                f"the loop {marked.var.name} is annotated, and its nest is made anew",
                f"transform_block_layout first, then annotate {marked.var.name}",
            )
        written = {w.buffer for w in block.writes}
        again = next((r.buffer.name for r in block.reads if r.buffer in written), None)
        if again is not None:
            raise self.refuse(
                "",
                f"{block.name} goes on from elements of {again} that it wrote",
                "keep the order that its instances need",
            )
        layout, kinds = self._layout(block), self._kinds(block)
        if kinds != sorted(kinds, reverse=True):
            raise self.refuse(
                "",
                f"the map puts what {block.name} folds over before what tells results apart",
                "name what tells results apart first",
            )
        if not layout.is_padded:
            return
        if "reduce" in kinds:
            raise self.refuse(
                "",
                f"the map of the fold of {block.name} has places without a term",
                "use factors that divide the extents",
            )
        self._require_regions(program)

    def _require_regions(self, program: Program) -> None:
        """What the block touches still lies in the regions it declares, for the new variables too
        that the padding adds: an index that had one value may be written as that number."""
        try:
            verify_declared(self.apply(program))
        except VerifyError as error:
            raise self.refuse(
                "",
                f"cannot prove the regions of {self.block} over the padding ({error})",
                "use factors that divide the extents",
            ) from error

    def _mapped(self, block: Block) -> list[Iter]:
        """The variables that the map is over: all of the block's, or the spatial ones."""
        count = len(index_map_of(self, self.index_map).names)
        return [it for it in block.iters if count == len(block.iters) or not it.is_reduce]

    def _kinds(self, block: Block) -> list[str]:
        """What each result of the map is made of: spatial variables or those of the fold.

        Raises:
            ScheduleError: one is made of both.
        """
        index_map = index_map_of(self, self.index_map)
        kind = {v: it.kind for v, it in zip(index_map.names, self._mapped(block), strict=False)}
        found = [{kind.get(v, "spatial") for v in variables(e)} for e in index_map.results]
        mixed = next((n for n, kinds in enumerate(found) if len(kinds) > 1), None)
        if mixed is not None:
            raise self.refuse(
                "",
                f"{expr_text(index_map.results[mixed])} mixes results of {block.name} with terms "
                "of its fold",
                "map what is folded over apart from what is not",
            )
        return [next(iter(kinds), "spatial") for kinds in found]

    def _layout(self, block: Block) -> Relayout:
        """The map over the block's variables, whose extents must be known."""
        mapped = self._mapped(block)
        extents = [it.extent for it in mapped if isinstance(it.extent, int)]
        if len(extents) < len(mapped):
            raise self.refuse(
                "",
                f"cannot prove anything about extents of {block.name} that are not known",
                "fix them",
            )
        return layout_over(self, self.index_map, extents, f"block {block.name}")

    def apply(self, program: Program) -> Program:
        """A nest of its own over the new variables."""
        block = self.site(program).block
        layout = self._layout(block)
        mapped = self._mapped(block)
        made = enumerate(zip(layout.shape, self._kinds(block), strict=True))
        iters = [Iter(Var(f"vp{n}"), extent, kind) for n, (extent, kind) in made]
        ranges = iteration_ranges([*iters, *block.iters])
        old = [simplify(i, ranges) for i in layout.indices([it.var for it in iters])]
        values: dict[Var, Expr] = dict(zip([it.var for it in mapped], old, strict=True))
        folds = [it for it in block.iters if it not in mapped]
        inside = block.replace(iters=(), bindings=(), where=Const(1, "bool"))
        renewed = simplify_stmt(substitute_stmt(inside, values), ranges)
        assert isinstance(renewed, Block)
        renewed = _joined(renewed, ranges)
        anew = renewed.replace(
            iters=(*iters, *folds), bindings=tuple(Const(0, INDEX) for _ in (*iters, *folds))
        )
        nest = nest_over(anew, {}, {}, ())
        if layout.is_padded:
            placed = next(blocks(nest))
            bound = dict(zip([it.var for it in placed.iters], placed.bindings, strict=True))
            where: Expr = placed.where
            for index, it in zip(old, mapped, strict=True):
                inner = binary("<", index, Const(int(str(it.extent)), INDEX))
                where = binary("and", where, simplify(inner, ranges))
            guarded = placed.replace(where=substitute(where, bound))
            holder = program.with_body(nest)
            nest = exchange(holder, placed, guarded).body
        return exchange(program, root_nest(program, block), nest)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[TransformBlockLayout]:
        """The variables reversed, and tiles of the last."""
        names = [it.var.name for it in site.block.iters if not it.is_reduce]
        if names:
            before, last = ", ".join(names), names[-1]
            yield cls(site.block.name, f"{before} -> {', '.join(names[::-1])}")
            kept = ", ".join([f"{last} // 4", *names[:-1], f"{last} % 4"])
            yield cls(site.block.name, f"{before} -> {kept}")


def _joined(block: Block, ranges: Ranges) -> Block:
    """The block with digits of its variables put together where it reads at the number they make:
    at `v // 9 * 9 + v % 9`, which is v."""

    def on_expr(e: Expr) -> Expr | None:
        if not isinstance(e, Load):
            return None
        found = [linear(i, ranges) for i in e.indices]
        joined = [undigited(i, ranges) for i in found]
        if joined == found:
            return None
        places = zip(e.indices, found, joined, strict=True)
        return Load(e.buffer, tuple([i if a is b else b.expr() for i, a, b in places]))

    body = rewrite(block.body, on_expr=on_expr)
    return block if body is block.body else block.replace(body=body, reads=tuple(regions(body)[0]))
