"""Rfactor: a reduction is cut into partial results, one for each iteration of one of its loops.

Other systems: TVM and Halide `rfactor`.

Legal on a reduction loop of a block that is alone in its nest. The loop's iterations fold into
different elements afterwards, so that it may be vectorized or made parallel; a second block folds
the partial results. Floats are summed in another order, which only this step may do.

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

from collections.abc import Iterator
from dataclasses import dataclass

from tvmlab.analysis.regions import read_points
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Var
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Stmt, Store
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
        """A reduction loop of a block alone in its nest, and no predicate on reductions."""
        site = self.site(program)
        self.require_settled(program, site.block)
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
        if block.init is None or _folded(block) is None:
            raise self.refuse(
                "",
                f"{self.block} is not one running sum, product, maximum or minimum",
                "rfactor before decompose_reduction",
            )
        self.require_only_writer(program, block, block.writes[0].buffer)
        others = [b.name for b in blocks(root_nest(program, block)) if b is not block]
        if others:
            raise self.refuse(
                self.loop,
                f"{others[0]} shares its loops, and partial results need all of them first",
                f"rfactor before {others[0]} moves into these loops",
            )
        predicate = variables(block.where)
        for other in reduced:
            if other.var in predicate:
                raise self.refuse(
                    self.loop,
                    f"the predicate depends on the reduction loop {other.var.name}",
                    f"split {other.var.name} by a factor that divides it",
                )

    def apply(self, program: Program) -> Program:
        """The block on partial results in its place, and the folding block after its nest."""
        site = self.site(program)
        loop = self.find_loop(site, self.loop)
        block = site.block
        target = block.writes[0].buffer
        name = fresh_block_name(program, f"{target.name}_partial")
        partial = Buffer(name, (*target.shape, loop.extent), target.dtype)
        body = at_root(program, block, _folding(block, partial, loop), after=True)
        widened = Program(
            program.name, program.params, program.outputs, (*program.buffers, partial), body
        )
        return exchange(widened, block, _partial(site, loop, partial))

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


def _folded(block: Block) -> Binary | None:
    """The block's value if it is `target[point] op value`."""
    body = block.body
    if isinstance(body, Store) and isinstance(body.value, Binary):
        own = body.value.a
        if isinstance(own, Load) and own.buffer is body.buffer:
            return body.value
    return None


def _partial(site: Site, loop: For, partial: Buffer) -> Block:
    """The block with `loop` among its spatial variables, folding over the others."""
    block = site.block
    fold = _folded(block)
    assert fold is not None
    assert isinstance(block.body, Store)
    assert isinstance(block.init, Store)
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
    point = (*block.body.indices, inner[loop].var)
    value = Binary(fold.op, Load(partial, point), substitute(fold.b, values))
    body = Store(partial, point, value, partial.name)
    rest = [(it, o.var) for o, it in inner.items() if o is not loop]
    iters = [*spatial, (inner[loop], loop.var), *rest]
    return Block(
        partial.name,
        [it for it, _ in iters],
        [b for _, b in iters],
        block.where,
        read_points(body, partial),
        [Region(partial, [(i, 1) for i in point])],
        Store(partial, point, block.init.value, partial.name),
        body,
    )


def _folding(block: Block, partial: Buffer, loop: For) -> Stmt:
    """A nest that folds the partial results into the block's buffer."""
    fold = _folded(block)
    assert fold is not None
    assert isinstance(block.body, Store)
    assert isinstance(block.init, Store)
    spatial = {it.var: Iter(Var(it.var.name), it.extent) for it in block.iters if not it.is_reduce}
    last = Iter(Var("v" + loop.var.name), loop.extent, "reduce")
    fresh: dict[Var, Expr] = {old: new.var for old, new in spatial.items()}
    point = tuple(substitute(i, fresh) for i in block.body.indices)
    read = (*point, last.var)
    target = block.body.buffer
    value = Binary(fold.op, Load(target, point), Load(partial, read))
    folding = Block(
        block.name,
        [*spatial.values(), last],
        [Const(0, INDEX)] * (len(spatial) + 1),
        TRUE,
        [Region(partial, [(i, 1) for i in read])],
        [Region(target, [(i, 1) for i in point])],
        Store(target, point, block.init.value, block.name),
        Store(target, point, value, block.name),
    )
    return nest_over(folding, {}, {}, ())
