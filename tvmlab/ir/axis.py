"""The hardware axes that loops are bound to, and what a kernel's axes must keep.

A **kernel** is what an outermost bound loop holds. Its grid has as many blocks as the extents of
`blockIdx` say, and each block as many threads as those of `threadIdx`; `vthread` is an axis of
virtual threads, whose instructions one thread runs interleaved.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod

from tvmlab.ir.buffer import Extent
from tvmlab.ir.program import Block, For, Stmt
from tvmlab.ir.shapes import is_over_sizes, same_extent
from tvmlab.ir.walk import sub_stmts

BLOCK_AXES = ("blockIdx.x", "blockIdx.y", "blockIdx.z")
THREAD_AXES = ("threadIdx.x", "threadIdx.y", "threadIdx.z")
VIRTUAL_AXES = ("vthread", "vthread.x", "vthread.y", "vthread.z")
AXES = (*BLOCK_AXES, *THREAD_AXES, *VIRTUAL_AXES)

MOST_THREADS = 1024
"""Threads of a block; CUDA C++ Programming Guide, technical specifications, since 2.0."""

MOST: dict[str, int] = {
    "blockIdx.x": 2**31 - 1, "blockIdx.y": 65535, "blockIdx.z": 65535,
    "threadIdx.x": 1024, "threadIdx.y": 1024, "threadIdx.z": 64,
    **dict.fromkeys(VIRTUAL_AXES, 64),
}  # fmt: skip
"""The largest extent of each axis, of the same table; of virtual threads, which are written out,
what keeps code short."""


def axis_of(loop: For) -> str | None:
    """The hardware axis a loop is bound to; None for a loop of another kind."""
    if loop.kind != "bound":
        return None
    return next((str(value) for key, value in loop.annotations if key == "thread"), None)


def kernels(stmt: Stmt) -> Iterator[For]:
    """The outermost bound loops in `stmt`, in order."""
    if isinstance(stmt, For) and stmt.kind == "bound":
        yield stmt
    elif not isinstance(stmt, Block):
        for below in sub_stmts(stmt):
            yield from kernels(below)


@lru_cache(maxsize=256)
def axis_problem(kernel: For) -> str | None:
    """What is wrong with a kernel's axes, in words; None if nothing is."""
    extents: dict[str, Extent] = {}
    problem = _collect(kernel, (), extents)
    threads = prod(e for axis in THREAD_AXES if isinstance(e := extents.get(axis, 1), int))
    if problem is None and threads > MOST_THREADS:
        return f"its {threads} threads a block are more than the {MOST_THREADS} there may be"
    return problem


def _collect(stmt: Stmt, around: tuple[str, ...], extents: dict[str, Extent]) -> str | None:
    """Add the axes in `stmt` to `extents`; the first problem met."""
    axis = axis_of(stmt) if isinstance(stmt, For) else None
    if axis is not None:
        assert isinstance(stmt, For)
        problem = _nested(axis, around) or _extent(axis, stmt, extents)
        if problem is not None:
            return problem
        around = (*around, axis)
    if isinstance(stmt, Block):
        return None
    found = (_collect(below, around, extents) for below in sub_stmts(stmt))
    return next((problem for problem in found if problem is not None), None)


def _nested(axis: str, around: tuple[str, ...]) -> str | None:
    if axis in around and axis != "vthread":
        return f"{axis} would be bound twice on one path"
    inner = next((a for a in around if a not in BLOCK_AXES), None)
    if axis in BLOCK_AXES and inner is not None:
        return f"{axis} stands inside {inner}, and a block is not inside a thread"
    return None


def _extent(axis: str, loop: For, extents: dict[str, Extent]) -> str | None:
    if not isinstance(loop.extent, int):
        if axis not in BLOCK_AXES or not is_over_sizes(loop.extent):
            return f"the extent of {loop.var.name} is not known"
    elif loop.extent > MOST[axis]:
        return f"{loop.extent} iterations are more than the {MOST[axis]} of {axis}"
    known = extents.setdefault(axis, loop.extent)
    if axis not in VIRTUAL_AXES and not same_extent(known, loop.extent):
        return f"{axis} has {known} iterations in one loop of the kernel and {loop.extent} here"
    return None
