"""Rfactor: a reduction is cut into partial results, one for each iteration of one of its loops.

Other systems: TVM and Halide `rfactor`.

Legal on a reduction loop of a block that is alone in its nest. The loop's iterations fold into
different elements afterwards, so that it may be vectorized or made parallel; a second block folds
the partial results. Floats are summed in another order, which only this step may do. Of a reducer
of the user's own it takes the user's word that it is commutative and associative. Where the loops
go beyond the reduction, as those of a split that does not divide it do, the identity is folded.

Before:

    for i in range(8):
        for k in range(4):
            for l in range(16):
                with block("B", vi=i, vk=reduce(k), vl=reduce(l)):
                    with init():
                        B[vi] = 0.0
                    B[vi] = B[vi] + A[vi, vk, vl]

After `s["B"].rfactor("l")`:

    B_partial = allocate(float32[8, 16])
    for i in range(8):
        for k in range(4):
            for l in range(16):
                with block("B_partial", vi=i, vl=l, vk=reduce(k)):
                    with init():
                        B_partial[vi, vl] = 0.0
                    B_partial[vi, vl] = B_partial[vi, vl] + A[vi, vk, vl]
    for i in range(8):
        for l in range(16):
            with block("B", vi=i, vl=reduce(l)):
                with init():
                    B[vi] = 0.0
                B[vi] = B[vi] + B_partial[vi, vl]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.conjuncts import conjunction, conjuncts
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Const, Expr, Var, select
from tvmlab.ir.fold import Fold, fold_of, identities, points, stores
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Stmt
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import blocks, substitute, variables
from tvmlab.schedule.copies import at_root, fresh_block_name, root_nest
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.nest import nest_over
from tvmlab.schedule.step import Step, argument


@dataclass(frozen=True)
class Rfactor(Step):
    """Fold each iteration of `loop` into a partial result of its own, and those in a new block."""

    name = "rfactor"
    group = "reduction"
    summary = "cut a reduction into partial results"
    example = 'rfactor("ki")'
    loop: str = argument("loop", "the reduction loop whose iterations get results of their own")

    def require(self, program: Program) -> None:
        """A reduction loop of a block alone in its nest."""
        site = self.site(program)
        self.require_settled(program, site.block)
        self.require_domain(site.block)
        loop = self.find_serial_loop(site, self.loop)
        block = site.block
        reduced = _reduction_loops(site)
        if loop not in reduced:
            names = ", ".join(o.var.name for o in reduced) or "none"
            raise self.refuse(
                self.loop,
                f"{self.block} does not fold over {self.loop}",
                f"its reduction loops are {names}",
            )
        if len(reduced) == 1:
            raise self.refuse(
                self.loop,
                f"{self.loop} is the only reduction loop, so nothing is left to fold apart",
                f'split it first, e.g. .split("{self.loop}", 16)',
            )
        if identities(block) is None:
            raise self.refuse(
                "",
                f"{self.block} is not one running sum, product, maximum, minimum or reducer",
                "rfactor before decompose_reduction",
            )
        for written in block.writes:
            self.require_only_writer(program, block, written.buffer)
        others = [b.name for b in blocks(root_nest(program, block)) if b is not block]
        if others:
            raise self.refuse(
                self.loop,
                f"{others[0]} shares its loops, and partial results need all of them first",
                f"rfactor before {others[0]} moves into these loops",
            )
        folded = {o.var for o in reduced}
        named = {
            variable
            for it, binding in zip(block.iters, block.bindings, strict=True)
            if not it.is_reduce
            for variable in variables(binding)
        }
        for condition in conjuncts(block.where):
            found = variables(condition) & {o.var for o in site.loops}
            if found & folded and (found - folded or found & named):
                raise self.refuse(
                    self.loop,
                    "the predicate also says which elements there are",
                    "rfactor before the step that brought the predicate",
                )

    def apply(self, program: Program) -> Program:
        """The block on partial results in its place, and the folding block after its nest."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        block = site.block
        fold = fold_of(block.body)
        assert fold is not None
        partials = _partials(program, fold, loop)
        body = at_root(program, block, _folding(block, partials, loop), after=True)
        widened = Program(
            program.name, program.params, program.outputs, (*program.buffers, *partials), body
        )
        return exchange(widened, block, _partial(site, loop, partials))

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[Rfactor]:
        """The loop itself, if it is short enough for lanes or threads."""
        if loop in _reduction_loops(site):
            yield cls(site.block.name, loop.var.name)


def _reduction_loops(site: Site) -> list[For]:
    """The loops whose variables reach reduce bindings of the block."""
    bindings = [
        b for it, b in zip(site.block.iters, site.block.bindings, strict=True) if it.is_reduce
    ]
    return [o for o in site.loops if any(o.var in variables(b) for b in bindings)]


def _partials(program: Program, fold: Fold, loop: For) -> list[Buffer]:
    """A buffer for the partial results of each value folded, one for each iteration of `loop`."""
    made: list[Buffer] = []
    for target in fold.buffers:
        name = fresh_block_name(program, f"{target.name}_partial")
        made.append(Buffer(name, (*target.shape, loop.extent), target.dtype))
    return made


def _partial(site: Site, loop: For, partials: Sequence[Buffer]) -> Block:
    """The block with `loop` among its spatial variables, folding over the others."""
    block, fold, starts = site.block, fold_of(site.block.body), identities(site.block)
    assert fold is not None
    assert starts is not None
    spatial = [
        (it, b) for it, b in zip(block.iters, block.bindings, strict=True) if not it.is_reduce
    ]
    inner = {o: Iter(Var("v" + o.var.name), o.extent, "reduce") for o in _reduction_loops(site)}
    inner[loop] = Iter(inner[loop].var, loop.extent)
    of_loop: dict[Var, Expr] = {o.var: it.var for o, it in inner.items()}
    values: dict[Var, Expr] = {
        it.var: substitute(b, of_loop)
        for it, b in zip(block.iters, block.bindings, strict=True)
        if it.is_reduce
    }
    targets = [
        Load(p, (*t.indices, inner[loop].var)) for p, t in zip(partials, fold.targets, strict=True)
    ]
    name = partials[0].name
    parts = conjuncts(block.where)
    within = conjunction(substitute(c, of_loop) for c in parts if variables(c) & of_loop.keys())
    terms = (substitute(t, values) for t in fold.terms)
    filled = [select(within, t, e) for t, e in zip(terms, starts, strict=True)]
    body = fold.update(targets, tuple(filled), name)
    rest = [(it, o.var) for o, it in inner.items() if o is not loop]
    iters = [*spatial, (inner[loop], loop.var), *rest]
    return Block(
        name,
        [it for it, _ in iters],
        [b for _, b in iters],
        conjunction(c for c in parts if not variables(c) & of_loop.keys()),
        regions(body)[0],
        points(targets),
        stores(targets, starts, name),
        body,
    )


def _folding(block: Block, partials: Sequence[Buffer], loop: For) -> Stmt:
    """A nest that folds the partial results into the block's buffers."""
    fold, starts = fold_of(block.body), identities(block)
    assert fold is not None
    assert starts is not None
    spatial = {it.var: Iter(Var(it.var.name), it.extent) for it in block.iters if not it.is_reduce}
    last = Iter(Var("v" + loop.var.name), loop.extent, "reduce")
    fresh: dict[Var, Expr] = {old: new.var for old, new in spatial.items()}
    targets = [Load(t.buffer, tuple(substitute(i, fresh) for i in t.indices)) for t in fold.targets]
    read = tuple(Load(p, (*t.indices, last.var)) for p, t in zip(partials, targets, strict=True))
    folding = Block(
        block.name,
        [*spatial.values(), last],
        [Const(0, INDEX)] * (len(spatial) + 1),
        TRUE,
        points(read),
        points(targets),
        stores(targets, starts, block.name),
        fold.update(targets, read, block.name),
    )
    return nest_over(folding, {}, {}, ())
