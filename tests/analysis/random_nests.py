"""Random nests of a few blocks with affine bindings, and every element that they touch, by trying.

Small enough that all instances can be run: what an analysis says of them is right or wrong.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Expr, Var, binary
from tvmlab.ir.program import TRUE, Block, For, Iter, Program, Region, Seq, Stmt, Store
from tvmlab.ir.walk import substitute

SIZE = 64


class Touch(NamedTuple):
    """One element touched: by whom, at which values of the loops, and how.

    `is_own` is a load of the element that the same statement stores.
    """

    block: str
    loops: tuple[tuple[Var, int], ...]
    buffer: Buffer
    element: tuple[int, ...]
    is_write: bool
    is_own: bool

    def at(self, loop: For) -> int:
        """The value of the loop's variable."""
        return dict(self.loops)[loop.var]


def touches(stmt: Stmt, at: dict[Var, Expr]) -> Iterator[Touch]:
    """Every element touched, in order, by running the loops."""
    if isinstance(stmt, For):
        assert isinstance(stmt.extent, int)
        for value in range(stmt.extent):
            yield from touches(stmt.body, {**at, stmt.var: Const(value, "int64")})
    elif isinstance(stmt, Seq):
        for part in stmt.stmts:
            yield from touches(part, at)
    else:
        assert isinstance(stmt, Block)
        if not number(stmt.where, at):
            return
        loops = tuple((v, int(e.value)) for v, e in at.items() if isinstance(e, Const))
        bound = {
            it.var: Const(number(b, at), "int64")
            for it, b in zip(stmt.iters, stmt.bindings, strict=True)
        }
        body = stmt.body
        assert isinstance(body, Store)
        assert isinstance(body.value, Load)
        for access, is_write in ((body.value, False), (body, True)):
            element = tuple([number(i, bound) for i in access.indices])
            own = access is body.value and repr(body.value) == repr(Load(body.buffer, body.indices))
            yield Touch(stmt.name, loops, access.buffer, element, is_write, own)


def number(e: Expr, at: dict[Var, Expr]) -> int:
    """The value of an expression."""
    value = substitute(e, at)
    assert isinstance(value, Const)
    return int(value.value)


class Nest(NamedTuple):
    """A program of one loop nest.

    Attributes:
        program: all of it.
        loops: those around every block, outermost first.
        inside: the statements inside them.
    """

    program: Program
    loops: list[For]
    inside: list[Stmt]


def random_nest(rng: random.Random) -> Nest:
    """One to three loops around one to three blocks, some in a further loop."""
    shapes = ((SIZE,), rng.choice(((SIZE,), (SIZE, SIZE))), (SIZE,))
    buffers = [Buffer(n, s, "float32") for n, s in zip(("A", "B", "C"), shapes, strict=True)]
    outer = [(Var(n), rng.choice((1, 2, 3, 4, 6))) for n in ("o", "i", "j")[: rng.randint(1, 3)]]
    inside = [_nest(rng, f"S{n}", buffers, outer) for n in range(rng.randint(1, 3))]
    body: Stmt = inside[0] if len(inside) == 1 else Seq(inside)
    loops: list[For] = []
    for var, extent in reversed(outer):
        body = For(var, extent, body)
        loops.insert(0, body)
    program = Program("f", buffers[:1] + buffers[2:], 1, buffers[1:2], body)
    return Nest(program, loops, inside)


def _nest(
    rng: random.Random, name: str, buffers: list[Buffer], outer: list[tuple[Var, int]]
) -> Stmt:
    inner = [(Var(f"p{name}"), rng.choice((1, 2, 3, 5)))] if rng.random() < 0.5 else []
    loops = [*outer, *inner]
    iters = [Iter(Var(f"v{n}{name}"), SIZE) for n in range(rng.randint(1, 2))]
    bindings = [_affine(rng, loops) for _ in iters]
    source, target = rng.choice(buffers), rng.choice(buffers[1:])
    read, written = ([_over(rng, iters) for _ in b.shape] for b in (source, target))
    where: Expr = TRUE
    if rng.random() < 0.3:
        where = binary("<", _affine(rng, loops), Const(rng.randint(1, 6), "int64"))
    body: Stmt = Block(
        name,
        iters,
        bindings,
        where,
        [Region(source, [(i, 1) for i in read])],
        [Region(target, [(i, 1) for i in written])],
        None,
        Store(target, tuple(written), Load(source, tuple(read)), name),
    )
    for var, extent in inner:
        body = For(var, extent, body)
    return body


def _affine(rng: random.Random, loops: list[tuple[Var, int]]) -> Expr:
    """A sum of one or two terms: a loop, a multiple, a quotient or a remainder of it."""
    total: Expr = Const(rng.choice((0, 0, 0, 1, 2)), "int64")
    for var, _ in rng.sample(loops, min(len(loops), rng.randint(1, 2))):
        c = rng.choice((2, 3, 4))
        total = total + rng.choice((var + 0, var + 0, var * c, var // c, var % c, 5 - var))
    return total


def _over(rng: random.Random, iters: list[Iter]) -> Expr:
    total: Expr = iters[0].var + rng.choice((0, 0, 0, 1, 2))
    return total + iters[1].var * rng.choice((0, 1, 6)) if len(iters) > 1 else total
