"""Trees of threads by shuffles: the threads of a warp fold their terms from register to register.

    if x == 0:                                C_by1 = P[x]
        for k in tree(32):                    C_from16 = shuffle_xor(C_by1, 16)
            C[y] = C[y] + P[k]      ->        C_by2 = C_by1 + C_from16
                                              ...
                                              if x == 0:
                                                  C[y] = C[y] + C_by32

Each step exchanges with a thread half as far away as the one before, and folds; so no thread waits.
Where there are several warps, the first thread of each puts its result into shared memory, a slot
for each warp, and after one barrier every warp folds the slots in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from tvmlab.ir.axis import THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer, Extent, Load
from tvmlab.ir.conjuncts import guarded
from tvmlab.ir.dtypes import INDEX
from tvmlab.ir.expr import Binary, Const, Expr, Select, binary, cast
from tvmlab.ir.fold import Fold, Values, let, stores
from tvmlab.ir.local import Local
from tvmlab.ir.names import fresh_names
from tvmlab.ir.program import For, Seq, Stmt
from tvmlab.ir.shuffle import WARP, shuffle_xor
from tvmlab.ir.walk import variables

Shared = Callable[[Fold, Sequence[Extent]], Sequence[Buffer]]
"""Makes shared memory of a shape for the terms of a fold."""


def suits_warps(count: int, axis: For, threads: Sequence[For], conditions: Sequence[Expr]) -> bool:
    """Whether shuffles fold `count` terms along `axis`: a power of two, as many as threads, which
    are neighbours in their warps and all folded for under the same conditions."""
    order = sorted(threads, key=lambda o: THREAD_AXES.index(str(axis_of(o))))
    faster = order[: next(n for n, o in enumerate(order) if o is axis)]
    return (
        axis.extent == count
        and count & (count - 1) == 0
        and prod(o.extent for o in faster if isinstance(o.extent, int)) == 1
        and not any(axis.var in variables(c) for c in conditions)
    )


def fold_by_warps(
    fold: Fold,
    terms: Values,
    axis: For,
    threads: Sequence[For],
    conditions: Sequence[Expr],
    source: str | None,
    taken: list[str],
    shared: Shared,
) -> Stmt:
    """The fold of a term of each thread along `axis` into `fold.targets`, for which
    `suits_warps` holds.

    Args:
        terms: one for each target, of the thread at hand.
        conditions: where they hold there is something to fold; elsewhere threads take part idly.
        source: the block that the fold is of.
        taken: names in use, to which new ones are added.
        shared: makes memory where there are several warps.
    """
    count = axis.extent
    assert isinstance(count, int), "an axis of threads has a known extent"
    own = terms
    for condition in reversed(conditions):
        own = tuple(Select(condition, t, cast(t.dtype, Const(0, INDEX))) for t in own)
    named, total = _exchanged(fold, own, min(count, WARP), taken)
    first = (*conditions, binary("==", axis.var, Const(0, INDEX)))
    if count <= WARP:
        return _let(named, guarded(first, fold.update(fold.targets, total, source)))
    warps = count // WARP
    slots = shared(fold, [warps if o is axis else o.extent for o in threads])

    def places(at: Expr) -> list[Load]:
        return [Load(b, tuple(at if o is axis else o.var for o in threads)) for b in slots]

    lanes, number = Const(WARP, INDEX), Const(warps, INDEX)
    is_leader = Binary("==", Binary("%", axis.var, lanes), Const(0, INDEX))
    kept = stores(places(Binary("//", axis.var, lanes)), total, source)
    found = tuple(places(Binary("%", axis.var, number)))
    again, whole = _exchanged(fold, found, warps, taken)
    return Seq([
        _let(named, guarded((is_leader,), kept)),
        _let(again, guarded(first, fold.update(fold.targets, whole, source))),
    ])  # fmt: skip


def _exchanged(
    fold: Fold, terms: Values, count: int, taken: list[str]
) -> tuple[list[tuple[Local, Expr]], Values]:
    """Values by name, each over those before, and those among them that `count` threads have
    folded of their terms."""
    named: list[tuple[Local, Expr]] = []

    def name(word: str, values: Values) -> Values:
        names = fresh_names(taken, [f"{b.name}_{word}" for b in fold.buffers])
        taken.extend(names)
        new = [Local(n, v.dtype) for n, v in zip(names, values, strict=True)]
        named.extend(zip(new, values, strict=True))
        return tuple(new)

    mine, done = name("by1", terms), 1
    while done < count:
        bits = count // (2 * done)
        theirs = name(f"from{bits}", tuple(shuffle_xor(v, bits) for v in mine))
        done *= 2
        mine = name(f"by{done}", fold.combine(mine, theirs))
    return named, mine


def _let(named: Sequence[tuple[Local, Expr]], body: Stmt) -> Stmt:
    return let([v for v, _ in named], [e for _, e in named], body)
