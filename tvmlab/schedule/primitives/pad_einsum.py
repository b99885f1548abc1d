"""Pad einsum: a sum of products runs over whole tiles, its operands padded with zeros.

Other systems: TVM `pad_einsum`, Halide's boundary conditions with `bound`.

Legal for a block alone in a nest with one loop for each of its variables, that sums products of
elements at these variables, where zeros are proved to add nothing: along a padded reduction every
factor is zero, or, among integers, at least one (a float times zero may be NaN). Operands are
copied into padded buffers beforehand, and the part of the result that was asked for afterwards.

Before:

    for y in range(8):
        for x in range(8):
            for k in range(8):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]

After `s["C"].pad_einsum([1, 6, 1])`:

    B_pad = allocate(float32[8, 12])
    C_pad = allocate(float32[8, 12])
    for i0 in range(8):
        for i1 in range(12):
            with block("B_pad", vi0=i0, vi1=i1):
                B_pad[vi0, vi1] = select(vi1 < 8, B[vi0, vi1], 0.0)
    for y in range(8):
        for x in range(12):
            for k in range(8):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C_pad[vy, vx] = 0.0
                    C_pad[vy, vx] = C_pad[vy, vx] + A[vk, vy] * B_pad[vk, vx]
    for i0 in range(8):
        for i1 in range(8):
            with block("C_store", vi0=i0, vi1=i1):
                C[vi0, vi1] = C_pad[vi0, vi1]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Binary, Call, Cast, Const, Expr, Var
from tvmlab.ir.fold import fold_of, identities, points
from tvmlab.ir.program import Block, For, Iter, Program, Stmt
from tvmlab.ir.unsaid import regions
from tvmlab.ir.walk import blocks, replace_buffers, rewrite
from tvmlab.schedule.copies import at_root, fresh_block_name, padded_nest, root_nest
from tvmlab.schedule.find import Site, exchange
from tvmlab.schedule.step import Step, argument

MOST_PADDING = 64
"""Iterations for each that is needed, beyond which padding is absurd."""

Extents = Mapping[Expr, int]
"""How far each variable of the block goes."""


@dataclass(frozen=True)
class PadEinsum(Step):
    """Round the extent of each of the block's variables up to a multiple of its `padding`."""

    name = "pad_einsum"
    group = "storage"
    summary = "pad a sum of products with zeros to whole tiles"
    example = "pad_einsum([16, 16, 4])"
    padding: tuple[int, ...] = argument(
        "factors", "for each variable of the block a number, of which its extent gets a multiple"
    )

    def require(self, program: Program) -> None:
        """A plain nest around one sum of products, in which zeros add nothing."""
        site = self.site(program)
        iters = site.block.iters
        if len(self.padding) != len(iters) or any(p < 1 for p in self.padding):
            names = ", ".join(it.var.name for it in iters)
            raise self.refuse(
                "",
                f"the variables of {self.block} are {names}, and each needs a number, 1 or more",
                f"give {len(iters)} numbers; 1 leaves a variable as it is",
            )
        self._require_plain_nest(program, site)
        old, new = self._extents(site.block)
        if old == new:
            raise self.refuse("", "every extent is such a multiple", "go on without padding")
        grown = prod(new.values()) / prod(old.values())
        if grown > MOST_PADDING:
            raise self.refuse(
                "",
                f"that makes {grown:.0f} iterations of each that is needed",
                "pad to smaller multiples",
            )
        factors = self._factors(site.block)
        self.require_only_writer(program, site.block, site.block.writes[0].buffer)
        for it in iters:
            if it.is_reduce and old[it.var] != new[it.var]:
                self._require_zeros(it, factors, dtypes.is_float(site.block.writes[0].buffer.dtype))

    def _require_plain_nest(self, program: Program, site: Site) -> None:
        """Each variable is a serial loop by itself, nothing else is in them, and no predicate."""
        self.require_settled(program, site.block)
        bound = {b for b in site.block.bindings if isinstance(b, Var)}
        is_plain = bound == {loop.var for loop in site.loops}
        if (
            not is_plain
            or not isinstance(site.block.where, Const)
            or len(bound) < len(self.padding)
        ):
            raise self.refuse(
                "",
                f"the variables of {self.block} are not one loop each",
                "pad before its loops are cut or fused",
            )
        for loop in site.loops:
            self.find_serial_loop(site, loop.var.name)
            if not isinstance(loop.extent, int):
                raise self.refuse(
                    loop.var.name,
                    f"its extent {loop.extent!r} is known only at a call",
                    "pad a computation of known extents",
                )
        for other in blocks(root_nest(program, site.block)):
            if other is not site.block:
                raise self.refuse(
                    "",
                    f"{other.name} shares its loops, which would run further than it may",
                    f"pad before {other.name} moves into these loops",
                )

    def _extents(self, block: Block) -> tuple[Extents, Extents]:
        """How far each variable goes now, and padded."""
        old: dict[Expr, int] = {}
        for it in block.iters:
            assert isinstance(it.extent, int), "the extents are known"
            old[it.var] = it.extent
        padded = zip(old.items(), self.padding, strict=True)
        return old, {var: -(-extent // by) * by for (var, extent), by in padded}

    def _factors(self, block: Block) -> list[Load]:
        """The factors of the products that the block sums."""
        fold, starts = fold_of(block.body), identities(block)
        old = self._extents(block)[0]
        if fold is not None and not fold.is_named and starts is not None:
            factors = _product(fold.terms[0])
            (target,), (result,) = fold.targets, fold.results
            is_sum = isinstance(result, Binary) and result.op == "+" and starts[0].value == 0
            is_whole = [old.get(i) for i in target.indices] == list(target.buffer.shape)
            if factors and is_sum and is_whole and all(set(f.indices) <= set(old) for f in factors):
                return factors
        raise self.refuse(
            "",
            f"{self.block} is no sum, from zero, of products of elements at its variables",
            "pad matrix products and the like, before decompose_reduction",
        )

    def _require_zeros(self, it: Iter, factors: list[Load], is_float: bool) -> None:
        """Beyond the extent of a reduction variable each product must be zero."""
        without = next((f for f in factors if it.var not in f.indices), None)
        if all(it.var not in f.indices for f in factors):
            why = f"no factor depends on {it.var.name}, so further terms would not be zero"
        elif without is not None and is_float:
            why = f"cannot prove {without!r} finite, and zero times infinity is not zero"
        else:
            return
        raise self.refuse("", why, f"leave {it.var.name} as it is, with the number 1")

    def apply(self, program: Program) -> Program:
        """Padded copies before, the nest over padded extents, and the result's copy after it."""
        site = self.site(program)
        block = site.block
        old, new = self._extents(block)
        copies: dict[object, Buffer] = {}
        for load in self._factors(block):
            limits = [old[i] if old[i] != new[i] else None for i in load.indices]
            if _key(load) not in copies and any(limits):
                name = fresh_block_name(program, f"{load.buffer.name}_pad")
                copy = Buffer(name, [new[i] for i in load.indices], load.buffer.dtype)
                nest = padded_nest(name, load.buffer, copy, limits)
                program = _with(program, copy, at_root(program, block, nest, after=False))
                copies[_key(load)] = copy
        target = points(fold_of(block.body).targets)[0]  # type: ignore[union-attr]
        result = target.buffer
        shape = [new[i] for i, _ in target.bounds]
        if tuple(shape) != result.shape:
            own = Buffer(fresh_block_name(program, f"{result.name}_pad"), shape, result.dtype)
            store = fresh_block_name(program, f"{result.name}_store")
            nest = padded_nest(store, own, result, [None] * len(shape))
            program = _with(program, own, at_root(program, block, nest, after=True))
            result = own
        grown: Stmt = _over(replace_buffers(block, {target.buffer: result}), copies, new)
        of_loop = dict(zip(block.bindings, new.values(), strict=True))
        for loop in reversed(site.loops):
            grown = loop.replace(body=grown, extent=of_loop[loop.var])
        return exchange(program, site.loops[0], grown)

    @classmethod
    def candidates(cls, program: Program, site: Site, loop: For) -> Iterator[PadEinsum]:
        """To multiples of four and of sixteen: everywhere, and where results stand side by side."""
        iters = site.block.iters
        if any(it.is_reduce for it in iters):
            yield cls(site.block.name, (4,) * len(iters))
            last = max((n for n, it in enumerate(iters) if not it.is_reduce), default=0)
            yield cls(site.block.name, tuple(16 if n == last else 1 for n in range(len(iters))))


def _product(term: Expr) -> list[Load]:
    """The elements that a product multiplies, converted, rounded or not; none if it is something
    else."""
    if isinstance(term, Binary) and term.op == "*":
        a, b = _product(term.a), _product(term.b)
        return [*a, *b] if a and b else []
    if isinstance(term, Cast):
        return [term.value] if isinstance(term.value, Load) else []
    if isinstance(term, Call) and term.function == "tf32":
        return _product(term.args[0])
    return [term] if isinstance(term, Load) else []


def _key(load: Load) -> object:
    """Equal for loads of the same elements."""
    return (load.buffer, load.indices)


def _with(program: Program, buffer: Buffer, body: Stmt) -> Program:
    """The program with a further intermediate, and another body."""
    buffers = (*program.buffers, buffer)
    return Program(program.name, program.params, program.outputs, buffers, body)


def _over(block: Stmt, copies: Mapping[object, Buffer], extents: Extents) -> Block:
    """The block on padded copies, its variables going as far as `extents` says."""
    assert isinstance(block, Block)

    def on_expr(e: Expr) -> Expr | None:
        copy = copies.get(_key(e)) if isinstance(e, Load) else None
        return Load(copy, e.indices) if copy is not None and isinstance(e, Load) else None

    body = rewrite(block.body, on_expr=on_expr)
    return block.replace(
        iters=tuple(Iter(it.var, extents[it.var], it.kind) for it in block.iters),
        reads=tuple(regions(body)[0]),
        body=body,
    )
