"""Which loops could own an intermediate: each iteration would have one of its own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

from tvmlab.analysis.accesses import accesses
from tvmlab.analysis.conflicts import loops_around, stay_apart
from tvmlab.analysis.parallelism import is_private
from tvmlab.analysis.regions import touched, union
from tvmlab.arith import Interval
from tvmlab.arith.pitch import as_stored
from tvmlab.arith.simplify import loop_range
from tvmlab.ir.axis import BLOCK_AXES, THREAD_AXES, axis_of
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.program import LANES, Block, For, Program, Stmt
from tvmlab.ir.shuffle import WARP
from tvmlab.ir.walk import blocks_with_loops

OWNED = ("shared", "warp", "local")
"""Memories that are not the whole program's: of a block, of threads in step, of one thread."""


def common_loops(program: Program, buffer: Buffer) -> list[For]:
    """The loops around every block that touches `buffer`, outermost first."""
    common: list[For] | None = None
    for _, loops in _touching(program.body).get(buffer, ()):
        common = [o for o in loops if o in common] if common is not None else list(loops)
    return common or []


@lru_cache(maxsize=16)
def _touching(body: Stmt) -> dict[Buffer, list[tuple[Block, tuple[For, ...]]]]:
    """The blocks that touch each buffer, with the loops around them, in order. Kept: of one program
    many buffers are asked about."""
    found: dict[Buffer, list[tuple[Block, tuple[For, ...]]]] = {}
    for block, loops in blocks_with_loops(body):
        for buffer in dict.fromkeys(r.buffer for r in (*block.reads, *block.writes)):
            found.setdefault(buffer, []).append((block, loops))
    return found


def loops_to_owner(program: Program, buffer: Buffer) -> list[For]:
    """The loops from the outermost to the innermost that could own `buffer`; none if none could.

    The lanes of a vectorized loop run together: none of them owns a buffer alone.
    """
    around = common_loops(program, buffer)
    lanes = next((n for n, o in enumerate(around) if o.kind in LANES), len(around))
    around = around[:lanes]
    owner = next((o for o in reversed(around) if is_private(program, o, buffer)), None)
    return around[: around.index(owner) + 1] if owner is not None else []


def owned_bytes(around: Sequence[For], buffer: Buffer) -> int | None:
    """Bytes of `buffer`, rows apart as they are stored, that one iteration of the innermost of the
    loops `around` touches; None where that is not known. Copies by turns count once."""
    ranges: dict[Var, Interval] = {}
    for loop in around:
        ranges[loop.var] = loop_range(loop, ranges)
    written = touched(around[-1].body, buffer, ranges, writes=True)
    read = touched(around[-1].body, buffer, ranges, writes=False)
    box = written if read is None else read if written is None else union(written, read)
    if box is None:
        return None
    extents = [
        whole if span is None else span.extent
        for span, whole in zip(box, buffer.shape, strict=True)
    ]
    known = tuple(e for e in extents if isinstance(e, int))
    return as_stored(buffer.replace(shape=known)).size_bytes if len(known) == len(extents) else None


def handed_on(program: Program, buffer: Buffer, scope: str) -> For | None:
    """A bound loop whose iterations would share `buffer`, though each has a `scope` of its own.

    Shared memory is of a block of threads, so threads may share it. Local memory is not handed from
    one iteration of a bound loop to another; it lives on from one nest of a block's threads to the
    next, where each thread finds in it what it left there. So does memory of a warp, which threads
    along threadIdx.x hand to each other where those of a row are of one warp.

    What was found is kept: a step on other blocks, in loops of their own, changes nothing of it.
    """
    touching = _touching(program.body).get(buffer, [])
    what = (buffer, *(b for b, _ in touching), *(o.var for _, loops in touching for o in loops))
    key = (scope, buffer in program.buffers, tuple(map(id, what)), _order(touching))
    if key not in _FOUND:
        while len(_FOUND) >= KEPT:
            _FOUND.pop(next(iter(_FOUND)), None)
        _FOUND[key] = _handed_on(program, buffer, scope), what
    return _FOUND[key][0]


KEPT = 1 << 12
"""Buffers of programs of which it is remembered what hands them on."""

_FOUND: dict[Hashable, tuple[For | None, Hashable]] = {}
"""What was found, and what the identities in its key are of: they last as long as it does."""


def _order(touching: Sequence[tuple[Block, tuple[For, ...]]]) -> Hashable:
    """The loops around blocks as far as ownership depends on them, each with a number that says
    which of them are one."""
    numbers: dict[int, int] = {}
    return tuple([
        (numbers.setdefault(id(o), len(numbers)), o.kind, o.annotations, repr(o.extent))
        for _, loops in touching
        for o in loops
    ]), tuple([len(loops) for _, loops in touching])  # fmt: skip


def _handed_on(program: Program, buffer: Buffer, scope: str) -> For | None:
    around = loops_to_owner(program, buffer)
    kept: bool | None = None
    for _, loops in _touching(program.body).get(buffer, ()):
        for loop in loops:
            axis = axis_of(loop)
            owns = axis is not None and (scope != "shared" or axis in BLOCK_AXES)
            if not owns or loop in around:
                continue
            if scope in ("local", "warp") and axis not in BLOCK_AXES:
                kept = is_of_one_thread(program, buffer) if kept is None else kept
                if kept or (scope == "warp" and _is_row_of_warp(loop)):
                    continue
            return loop
    return None


def _is_row_of_warp(loop: For) -> bool:
    """Whether the iterations of a bound loop are threads of one warp, for all else being equal."""
    return (
        axis_of(loop) == THREAD_AXES[0] and isinstance(loop.extent, int) and WARP % loop.extent == 0
    )


def is_of_one_thread(program: Program, buffer: Buffer) -> bool:
    """Whether each element of `buffer`, of which a block of threads has its own, is touched by one
    thread alone, in all nests of threads of that block; virtual threads count as threads."""
    around = loops_to_owner(program, buffer)
    if not around:
        return False
    owner = around[-1]
    touching = []
    names: list[str] | None = None
    for access in accesses(owner.body):
        if access.buffer is not buffer or access.is_own:
            continue
        threads = sorted((o for o in access.loops if axis_of(o)), key=lambda o: str(axis_of(o)))
        own = [str(axis_of(o)) for o in threads]
        if names not in (None, own):
            return False
        names = own
        rest = tuple(o for o in access.loops if o not in threads)
        touching.append((access._replace(loops=rest), threads))
    return stay_apart(touching, (*loops_around(program, owner), owner))
