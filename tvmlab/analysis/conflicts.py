"""Which iterations touch the same element, one of them writing it, and so must keep their order.

The answer is a proof that there are none, or two iterations and the element they share. Interval
reasoning over linear forms answers for what steps usually make; the rest is put to exact integer
sets, and only what is not affine remains unknown. Nothing here asks whether the order matters to
the result: `parallelism` says which elements an iteration may have for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from tvmlab.analysis.accesses import Access, accesses
from tvmlab.analysis.digits import Forms
from tvmlab.analysis.polyhedra import Meeting, Undecided, earlier, meeting
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.equality import expr_key
from tvmlab.ir.expr import Const, Expr, Var
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.ir.walk import sub_stmts, substitute


@dataclass(frozen=True)
class Conflict:
    """Two iterations that must not swap or run at once.

    Attributes:
        block, other: the blocks whose instances touch the element, in these iterations.
        first, second: values of the loops' variables, outermost first.
        element: the element that both touch, as text.
        why: `reduction` (both fold into it), `repetition` (both compute it) or `exchange` (one
            writes what the other reads or writes).
    """

    block: str
    other: str
    first: tuple[int, ...]
    second: tuple[int, ...]
    element: str
    why: str


@dataclass(frozen=True)
class Unknown:
    """Neither two iterations that conflict nor a proof that there are none was found.

    Attributes:
        block, other: the blocks whose accesses could not be told apart.
        buffer: the name of what they touch.
    """

    block: str
    other: str
    buffer: str


Answer = Conflict | Unknown | None
"""None: proved that there is no dependence."""

Spared = Callable[[Buffer], bool]
"""Which buffers not to ask about."""


def nothing(buffer: Buffer) -> bool:
    """Spares no buffer."""
    return False


def dependence(program: Program, loop: For, spared: Spared = nothing) -> Answer:
    """Whether two iterations of `loop` touch one element, one of them writing.

    The loops around it are at the same iteration. Loads of the element that the same statement
    stores count as that store.
    """
    inside = accesses(loop.body)
    return _search(inside, [loop], inside, [loop], loops_around(program, loop), spared)


def overtaking(
    program: Program,
    early: Stmt,
    early_loop: For,
    late: Stmt,
    late_loop: For,
    spared: Spared = nothing,
) -> Answer:
    """Whether `early` in an iteration of its loop touches what `late` touches in a later one.

    So it is that a loop over `late; early` cannot be divided into two loops, and that two loops,
    over `late` and then `early`, cannot be joined: `early` in iteration 0 would change places
    with `late` in iteration 1.

    Args:
        early, late: statements inside the loops, which may be one loop; those around are shared.
    """
    around = loops_around(program, early_loop)
    return _search(accesses(early), [early_loop], accesses(late), [late_loop], around, spared)


def swapped(
    program: Program, nest: Sequence[For], order: Sequence[For], spared: Spared = nothing
) -> Answer:
    """Whether two iterations of `nest` that touch one element come in another order in `order`.

    Folds are free to change their order: instances of one block that fold into one element do
    not count.

    Args:
        nest: loops directly inside each other, outermost first.
        order: the same loops in another order.
    """
    inside = accesses(nest[-1].body)
    places = [list(nest).index(loop) for loop in order]
    new = earlier([f"b{n}" for n in places], [f"a{n}" for n in places])
    around = loops_around(program, nest[0])
    return _search(inside, nest, inside, nest, around, spared, new, folds=False)


def stay_apart(touching: Sequence[tuple[Access, Sequence[For]]], around: Sequence[For]) -> bool:
    """Whether iterations of some loops, wherever they stand, surely share no element.

    So it is where each thread of a block touches elements of its own, in all nests of threads.

    Args:
        touching: accesses of one buffer, each with the loops whose iterations are compared, which
            correspond, as many of each; its other loops are inside of these or around them.
        around: the loops around all of it, which are at the same iteration.
    """
    for a, a_loops in touching:
        for b, b_loops in touching:
            if Forms(a_loops, b_loops, around).are_apart(a, b):
                continue
            order = earlier([f"a{n}" for n in range(len(a_loops))],
                            [f"b{n}" for n in range(len(b_loops))])  # fmt: skip
            try:
                if meeting(a, a_loops, b, b_loops, around, order) is not None:
                    return False
            except Undecided:
                return False
    return True


def loops_around(program: Program, loop: For) -> tuple[For, ...]:
    """The loops around `loop`, outermost first."""

    def path(stmt: Stmt, above: tuple[For, ...]) -> tuple[For, ...] | None:
        if stmt is loop:
            return above
        inner = (*above, stmt) if isinstance(stmt, For) else above
        paths = (path(below, inner) for below in sub_stmts(stmt))
        return next((p for p in paths if p is not None), None)

    found = path(program.body, ())
    assert found is not None, "the loop is in the program"
    return found


def _search(
    early: Sequence[Access],
    early_loops: Sequence[For],
    late: Sequence[Access],
    late_loops: Sequence[For],
    around: Sequence[For],
    spared: Spared,
    also: str = "",
    folds: bool = True,
) -> Answer:
    """The first pair of an access in an earlier iteration and one in a later that meet."""
    order = earlier(
        [f"a{n}" for n in range(len(early_loops))], [f"b{n}" for n in range(len(late_loops))]
    )
    order = f"({order} and {also})" if also else order
    unknown: Unknown | None = None
    forms = Forms(early_loops, late_loops, around)
    for a, b in _pairs(_distinct(early), _distinct(late)):
        if a.block == b.block and a.is_write and b.is_write and not folds:
            continue
        if forms.are_apart(a, b) or spared(a.buffer):
            continue
        try:
            found = None if also else _at_once(a, early_loops, b, late_loops, around)
            found = found or meeting(a, early_loops, b, late_loops, around, order)
        except Undecided:
            unknown = unknown or Unknown(a.block, b.block, a.buffer.name)
            continue
        if found is not None:
            element = f"{a.buffer.name}[{', '.join(map(str, found.element))}]"
            return Conflict(a.block, b.block, found.first, found.second, element, _why(a, b))
    return unknown


def _at_once(
    a: Access,
    a_loops: Sequence[For],
    b: Access,
    b_loops: Sequence[For],
    around: Sequence[For],
) -> Meeting | None:
    """The first iteration and the second of the innermost loop, if they meet when all other
    loops are at their first: the witness of most refusals, found without a search."""
    count = len(a_loops)
    if a_loops[-1].extent == 1:
        return None
    first, second = (0,) * count, (0,) * (count - 1) + (1,)
    at_a = _element(a, {**_at(a_loops, first), **_at((*around, *a.loops))})
    at_b = _element(b, {**_at(b_loops, second), **_at((*around, *b.loops))})
    return Meeting(first, second, at_a) if at_a is not None and at_a == at_b else None


def _at(loops: Sequence[For], values: Iterable[int] = repeat(0)) -> dict[Var, Expr]:
    """The loops' variables at some values; at their first if none are given."""
    return {o.var: Const(value, INDEX) for o, value in zip(loops, values, strict=False)}


def _element(access: Access, at: Mapping[Var, Expr]) -> tuple[int, ...] | None:
    """The indices of an access there; None if it does not happen there, or they are data."""
    for condition, holds in access.limits:
        found = substitute(condition, at)
        if not isinstance(found, Const) or bool(found.value) != holds:
            return None
    indices = [substitute(i, at) for i in access.indices]
    return (
        tuple([int(i.value) for i in indices if isinstance(i, Const)])
        if all(isinstance(i, Const) for i in indices)
        else None
    )


def _distinct(every: Sequence[Access]) -> list[Access]:
    """One access of those that touch the same elements: the one under the fewest conditions."""
    chosen: dict[object, Access] = {}
    for access in every:
        if access.is_own:
            continue
        key = (
            access.block,
            id(access.buffer),
            access.is_write,
            access.loops,
            tuple([expr_key(i) for i in access.indices]),
        )
        known = chosen.get(key)
        if known is None or len(access.limits) < len(known.limits):
            chosen[key] = access
    return list(chosen.values())


def _pairs(early: list[Access], late: list[Access]) -> Iterator[tuple[Access, Access]]:
    """The pairs that touch one buffer, a write among them."""
    for a in early:
        for b in late:
            if a.buffer is b.buffer and (a.is_write or b.is_write):
                yield a, b


def _why(a: Access, b: Access) -> str:
    return "repetition" if a.block == b.block and a.is_write and b.is_write else "exchange"
