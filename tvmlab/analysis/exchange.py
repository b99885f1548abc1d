"""What threads of a block hand to each other: elements that one touches and another writes."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.analysis.accesses import Access
from tvmlab.analysis.polyhedra import Undecided, meeting
from tvmlab.ir.program import For


def is_handed(
    a: Access, b: Access, blocks: Sequence[For], threads: Sequence[For], same: int
) -> bool:
    """Whether `a` in one thread and `b` in another thread of its block touch one element.

    Args:
        a, b: accesses in a kernel, a write among them, with all loops inside the kernel.
        blocks, threads: the kernel's loops over blocks and threads.
        same: how many of the outermost loops inside the kernel, which must be the same ones for
            both, are in the same iteration.
    """
    return _meet(a, b, blocks, threads, same, "")


def is_handed_on(
    a: Access, b: Access, blocks: Sequence[For], threads: Sequence[For], loop: int, next_only: bool
) -> bool:
    """The same where `a` happens in an earlier iteration than `b` of the loop at place `loop`, in
    the one before if `next_only`, and those around it are in the same iteration."""
    n = len(threads)
    order = f"b{n} = a{n} + 1" if next_only else f"a{n} < b{n}"
    return _meet(a, b, blocks, threads, loop, order)


def _meet(
    a: Access, b: Access, blocks: Sequence[For], threads: Sequence[For], same: int, order: str
) -> bool:
    if a.buffer is not b.buffer or not (a.is_write or b.is_write):
        return False
    compared = same + (1 if order else 0)
    around = (*blocks, *a.loops[:same])
    apart = " or ".join(f"a{n} < b{n} or a{n} > b{n}" for n in range(len(threads)))
    try:
        found = meeting(
            a._replace(loops=a.loops[compared:]),
            (*threads, *a.loops[same:compared]),
            b._replace(loops=b.loops[compared:]),
            (*threads, *b.loops[same:compared]),
            around,
            f"(({apart}) and {order})" if order else f"({apart})",
        )
    except Undecided:
        return True
    return found is not None
