"""Steps on loops, done to a scaffold: names and numbers as the steps themselves would make them.

Each returns the names of the loops it makes, and raises `NotDrafted`, with nothing changed, where
what it does is more than names and numbers, or where numbers say that it is illegal. Whether
iterations depend on each other is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from math import prod
from typing import Any

from tvmlab.analysis.pipelining import ORDER, STAGE
from tvmlab.arith.linear import Linear, divide
from tvmlab.ir.axis import MOST as MOST_ALONG
from tvmlab.ir.buffer import Alignment, Buffer
from tvmlab.ir.dtypes import size_bytes
from tvmlab.ir.names import fresh_names
from tvmlab.ir.swizzle import BANKS_BYTES
from tvmlab.schedule import Step
from tvmlab.schedule.primitives import (
    Annotate,
    Bind,
    ComputeAt,
    Fuse,
    Merge,
    Parallel,
    Prefetch,
    Reorder,
    ReverseComputeAt,
    SetScope,
    Split,
    StorageAlign,
    Swizzle,
    TreeReduce,
    Unroll,
    Vectorize,
)
from tvmlab.schedule.primitives.set_scope import OFFERED
from tvmlab.schedule.primitives.vectorize import MAX_LANES
from tvmlab.tune.features.drafts.merging import merge
from tvmlab.tune.features.drafts.placing import compute_at, reverse_compute_at
from tvmlab.tune.features.drafts.scaffold import DraftLoop, Leaf, LooksIllegal, NotDrafted, Scaffold

KINDS: dict[type[Step], str] = {
    Parallel: "parallel",
    TreeReduce: "tree",
    Unroll: "unrolled",
    Vectorize: "vectorized",
}
"""What steps make of a loop's kind."""

MOST: dict[type[Step], int] = {TreeReduce: MAX_LANES, Vectorize: MAX_LANES}
"""Iterations that a step takes at most."""


def split(scaffold: Scaffold, step: Split) -> list[str]:
    """A loop becomes a nest; its value is the sum of theirs."""
    loop = scaffold.serial(step.block, step.loop)
    known = prod(f for f in step.factors if f is not None)
    inferred, extent = step.factors.count(None), scaffold.extents[loop]
    most = 2 * extent if inferred else max(2 * extent, known)
    if not 0 < known <= most or inferred > 1 or (not inferred and known < extent):
        raise LooksIllegal(f"the factors {step.factors} do not suit {extent} iterations.")
    extents = [-(-scaffold.extents[loop] // known) if f is None else f for f in step.factors]
    ends = ("o", "i") if len(extents) == 2 else [str(n) for n in range(len(extents))]
    names = fresh_names(scaffold.names_with(loop), [step.loop + end for end in ends])
    parts = [scaffold.add(n, e) for n, e in zip(names, extents, strict=True)]
    size = 1
    value = Linear({}, 0)
    for part, extent in zip(reversed(parts), reversed(extents), strict=True):
        value.terms[part] = size
        size *= extent
    if size > scaffold.extents[loop]:
        for leaf in scaffold.inside(loop):
            before = scaffold.uneven.get(leaf.block.name, ())
            scaffold.uneven[leaf.block.name] = (*before, (loop, scaffold.extents[loop]))
    scaffold.exchange(loop, parts, value)
    return names


def fuse(scaffold: Scaffold, step: Fuse) -> list[str]:
    """Loops become one; their values are its digits."""
    loops = [scaffold.serial(step.block, name) for name in step.loops]
    path = scaffold.leaf(step.block).path
    at = path.index(loops[0])
    together = _sharing(scaffold, loops)
    if list(path[at : at + len(loops)]) != loops:
        raise NotDrafted("loops that do not follow each other are not fused.")
    taken = scaffold.names_with(loops[0]) - set(step.loops)
    names = fresh_names(taken, ["".join(step.loops)])
    extent = prod(scaffold.extents[loop] for loop in loops)
    fused = scaffold.add(names[0], extent)
    inside = 1
    for loop in reversed(loops):
        digit = Linear({fused: 1} if extent > 1 else {}, 0)
        if inside > 1:
            digit = divide(digit, inside, scaffold.ranges)[0]
        if loop is not loops[0]:
            digit = divide(digit, scaffold.extents[loop], scaffold.ranges)[1]
        scaffold.become(loop, digit)
        inside *= scaffold.extents[loop]
    for leaf in together:
        at = leaf.path.index(loops[0])
        scaffold.lead(leaf, (*leaf.path[:at], fused, *leaf.path[at + len(loops) :]))
    return names


def reorder(scaffold: Scaffold, step: Reorder) -> list[str]:
    """Loops change places."""
    loops = [scaffold.loop(step.block, name) for name in step.order]
    path = scaffold.leaf(step.block).path
    places = sorted(path.index(loop) for loop in loops)
    moving = path[places[0] : places[-1] + 1]
    together = _sharing(scaffold, moving)
    for leaf in together:
        order = list(leaf.path)
        for place, loop in zip(places, loops, strict=True):
            order[place] = loop
        scaffold.lead(leaf, order)
    return []


def _sharing(scaffold: Scaffold, loops: Iterable[DraftLoop]) -> list[Leaf]:
    """The leaves in all of `loops`, which stand around the same ones."""
    first, *others = [scaffold.inside(loop) for loop in loops]
    if any(other != first for other in others):
        raise NotDrafted("statements stand beside the loops.")
    return first


def kind(scaffold: Scaffold, step: Parallel | TreeReduce | Unroll | Vectorize) -> list[str]:
    """A loop is executed otherwise."""
    loop = scaffold.serial(step.block, step.loop)
    if scaffold.extents[loop] > MOST.get(type(step), scaffold.extents[loop]):
        raise LooksIllegal(f"the loop {step.loop} is too long for it.")
    scaffold.kinds[loop] = KINDS[type(step)]
    return []


def bind(scaffold: Scaffold, step: Bind) -> list[str]:
    """The iterations of a loop are blocks or threads."""
    loop = scaffold.serial(step.block, step.loop)
    if scaffold.extents[loop] > MOST_ALONG.get(step.thread, 0):
        raise LooksIllegal(f"the loop {step.loop} is too long for {step.thread}.")
    scaffold.kinds[loop] = "bound"
    scaffold.threads[loop] = step.thread
    return []


def set_scope(scaffold: Scaffold, step: SetScope) -> list[str]:
    """An intermediate is kept in another memory."""
    if step.scope not in OFFERED:
        raise LooksIllegal(f"there is no memory {step.scope}.")
    buffer = scaffold.buffer(step.block, step.buffer)
    now = scaffold.memories.get(buffer, buffer)
    scaffold.memories[buffer] = _scoped(now, step.scope)
    return []


def storage_align(scaffold: Scaffold, step: StorageAlign) -> list[str]:
    """Rows of an intermediate move apart."""
    buffer = scaffold.buffer(step.block, step.buffer)
    now = scaffold.memories.get(buffer, buffer)
    if now.swizzle:
        raise LooksIllegal(f"the rows of {step.buffer} are swizzled.")
    if not 0 <= step.axis < len(now.shape) - 1 or not 0 <= step.offset < step.factor:
        raise LooksIllegal(f"{step.buffer} has no such rows.")
    scaffold.memories[buffer] = _aligned(now, Alignment(step.axis, step.factor, step.offset))
    return []


def swizzle(scaffold: Scaffold, step: Swizzle) -> list[str]:
    """Chunks of an intermediate's rows change places."""
    buffer = scaffold.buffer(step.block, step.buffer)
    now = scaffold.memories.get(buffer, buffer)
    most = BANKS_BYTES // 2 // size_bytes(now.dtype)
    if len(now.shape) < 2 or now.alignments or not _is_power(step.chunk, most):
        raise LooksIllegal(f"{step.buffer} has no such chunks.")
    scaffold.memories[buffer] = _swizzled(now, step.chunk)
    return []


def _is_power(number: int, most: int) -> bool:
    """Whether it is a power of two from 1 to `most`."""
    return 1 <= number <= most and not number & (number - 1)


@lru_cache(maxsize=4096)
def _scoped(buffer: Buffer, scope: str) -> Buffer:
    """One object for all drafts, so that what was read of it is known again."""
    return buffer.replace(scope=scope)


@lru_cache(maxsize=4096)
def _aligned(buffer: Buffer, alignment: Alignment) -> Buffer:
    kept = tuple(a for a in buffer.alignments if a.axis != alignment.axis)
    return buffer.replace(alignments=(*kept, alignment))


@lru_cache(maxsize=4096)
def _swizzled(buffer: Buffer, chunk: int) -> Buffer:
    return buffer.replace(swizzle=chunk)


def nothing(scaffold: Scaffold, step: Annotate | Prefetch) -> list[str]:
    """What a loop is annotated with concerns no feature, but for the stages of a pipeline."""
    if isinstance(step, Annotate) and step.key in (STAGE, ORDER):
        raise NotDrafted(f"the loop {step.loop} is pipelined.")
    scaffold.loop(step.block, step.loop)
    return []


DRAFTED: dict[type[Step], Callable[[Scaffold, Any], list[str]]] = {
    Annotate: nothing,
    Bind: bind,
    ComputeAt: compute_at,
    Fuse: fuse,
    Merge: merge,
    Prefetch: nothing,
    Reorder: reorder,
    ReverseComputeAt: reverse_compute_at,
    SetScope: set_scope,
    Split: split,
    StorageAlign: storage_align,
    Swizzle: swizzle,
    **dict.fromkeys(KINDS, kind),
}
"""What steps do to a scaffold; all others need the program."""
