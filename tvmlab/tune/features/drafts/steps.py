"""Steps on loops, done to a scaffold: names and numbers as the steps themselves would make them.

Each returns the names of the loops it makes, and raises `NotDrafted`, with nothing changed, where
what it does is more than names and numbers. None asks whether the step is legal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from math import prod
from typing import Any

from tvmlab.analysis.regions import Box, Span, span_of_sum, union
from tvmlab.arith.linear import Linear, divide
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.ir.names import fresh_names
from tvmlab.schedule import Step
from tvmlab.schedule.primitives import (
    Annotate,
    ComputeAt,
    Fuse,
    Merge,
    Parallel,
    Prefetch,
    Reorder,
    ReverseComputeAt,
    Split,
    TreeReduce,
    Unroll,
    Vectorize,
)
from tvmlab.schedule.tiles import tiles_over
from tvmlab.tune.features.drafts.facts import BlockFacts, Index, facts_of
from tvmlab.tune.features.drafts.scaffold import DraftLoop, Leaf, NotDrafted, Scaffold

KINDS: dict[type[Step], str] = {
    Parallel: "parallel",
    TreeReduce: "tree",
    Unroll: "unrolled",
    Vectorize: "vectorized",
}
"""What steps make of a loop's kind."""


def split(scaffold: Scaffold, step: Split) -> list[str]:
    """A loop becomes a nest; its value is the sum of theirs."""
    loop = scaffold.serial(step.block, step.loop)
    known = prod(f for f in step.factors if f is not None)
    extents = [-(-scaffold.extents[loop] // known) if f is None else f for f in step.factors]
    ends = ("o", "i") if len(extents) == 2 else [str(n) for n in range(len(extents))]
    names = fresh_names(scaffold.names_with(loop), [step.loop + end for end in ends])
    parts = [scaffold.add(n, e) for n, e in zip(names, extents, strict=True)]
    size = 1
    value = Linear({}, 0)
    for part, extent in zip(reversed(parts), reversed(extents), strict=True):
        value.terms[part] = size
        size *= extent
    scaffold.exchange(loop, parts, value)
    return names


def fuse(scaffold: Scaffold, step: Fuse) -> list[str]:
    """Loops become one; their values are its digits."""
    loops = [scaffold.serial(step.block, name) for name in step.loops]
    path = scaffold.leaves[step.block].path
    at = path.index(loops[0])
    together = _sharing(scaffold, loops)
    if path[at : at + len(loops)] != loops:
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
        leaf.path[at : at + len(loops)] = [fused]
    return names


def reorder(scaffold: Scaffold, step: Reorder) -> list[str]:
    """Loops change places."""
    loops = [scaffold.loop(step.block, name) for name in step.order]
    path = scaffold.leaves[step.block].path
    places = sorted(path.index(loop) for loop in loops)
    moving = path[places[0] : places[-1] + 1]
    together = _sharing(scaffold, moving)
    for leaf in together:
        for place, loop in zip(places, loops, strict=True):
            leaf.path[place] = loop
    return []


def _sharing(scaffold: Scaffold, loops: Iterable[DraftLoop]) -> list[Leaf]:
    """The leaves in all of `loops`, which stand around the same ones."""
    first, *others = [scaffold.inside(loop) for loop in loops]
    if any(other != first for other in others):
        raise NotDrafted("statements stand beside the loops.")
    return first


def kind(scaffold: Scaffold, step: Parallel | TreeReduce | Unroll | Vectorize) -> list[str]:
    """A loop is executed otherwise."""
    scaffold.kinds[scaffold.serial(step.block, step.loop)] = KINDS[type(step)]
    return []


def nothing(scaffold: Scaffold, step: Annotate | Prefetch) -> list[str]:
    """What a loop is annotated with concerns no feature."""
    scaffold.loop(step.block, step.loop)
    return []


def merge(scaffold: Scaffold, step: Merge) -> list[str]:
    """The second of two loops becomes the first."""
    first = scaffold.serial(step.block, step.loop)
    second = scaffold.serial(step.other, step.other_loop)
    if not can_merge(scaffold, step):
        raise NotDrafted("the loops are not alike, or do not follow each other.")
    inner = [leaf.path[leaf.path.index(second) + 1 :] for leaf in scaffold.inside(second)]
    taken = {loop.name for path in inner for loop in path} | scaffold.names_with(first)
    (name,) = fresh_names(taken, [step.loop])
    loop = first if name == step.loop else scaffold.add(name, scaffold.extents[first])
    for old in (first, second):
        if old is not loop:
            scaffold.exchange(old, [loop], Linear({loop: 1}, 0))
    return [name]


def can_merge(scaffold: Scaffold, step: Merge) -> bool:
    """Whether the loops of a merge are plain, equally long, and follow each other directly."""
    first = scaffold.loop(step.block, step.loop)
    second = scaffold.loop(step.other, step.other_loop)
    if {scaffold.kinds[first], scaffold.kinds[second]} != {"serial"}:
        return False
    if scaffold.extents[first] != scaffold.extents[second]:
        return False
    leaves = list(scaffold.leaves.values())
    ahead = [n for n, leaf in enumerate(leaves) if first in leaf.path]
    behind = [n for n, leaf in enumerate(leaves) if second in leaf.path]
    if ahead[-1] + 1 != behind[0]:
        return False
    paths = [leaves[n].path for n in (ahead[-1], behind[0])]
    a, b = (path[: path.index(loop)] for path, loop in zip(paths, (first, second), strict=True))
    return a == b


def compute_at(scaffold: Scaffold, step: ComputeAt) -> list[str]:
    """A leaf comes to stand before its first reader in a loop, in loops over what is read."""
    leaf = scaffold.leaves[step.block]
    loop = scaffold.loop(step.consumer, step.loop)
    targets = [region.buffer for region in leaf.block.writes]
    readers = [
        name
        for name, other in scaffold.leaves.items()
        if loop in other.path and any(b in targets for b, _ in _facts(other).reads)
    ]
    tiles = _facts(leaf).tiles
    if loop in leaf.path or not readers or tiles is None:
        raise NotDrafted("the block does not move there.")
    box = _box(scaffold, [scaffold.leaves[name] for name in readers], loop, targets, writes=False)
    spans = {
        var: tiles_over(span, size, scaffold.ranges)
        for (var, size), span in zip(tiles, box, strict=True)
        if var is not None
    }
    moved = _renewed(scaffold, leaf, scaffold.leaves[step.consumer], loop, spans)
    names = [name for name in scaffold.leaves if name != step.block]
    at = names.index(readers[0])
    part = _part(scaffold.leaves[readers[0]], loop)
    while at > 0 and part is not None and part in scaffold.leaves[names[at - 1]].path:
        at -= 1
    names.insert(at, step.block)
    scaffold.leaves = {n: moved if n == step.block else scaffold.leaves[n] for n in names}
    return []


def _part(leaf: Leaf, loop: DraftLoop) -> DraftLoop | None:
    """The loop around a leaf directly inside `loop`, if there is one."""
    inside = leaf.path[leaf.path.index(loop) + 1 :]
    return inside[0] if inside else None


def reverse_compute_at(scaffold: Scaffold, step: ReverseComputeAt) -> list[str]:
    """A leaf comes to stand last in a loop, in loops over what is written there."""
    leaf = scaffold.leaves[step.block]
    producer = scaffold.leaves[step.producer]
    loop = scaffold.loop(step.producer, step.loop)
    written = [region.buffer for region in producer.block.writes]
    read = next((bounds for b, bounds in _facts(leaf).reads if b in written), None)
    if loop in leaf.path or read is None or len(written) > 1:
        raise NotDrafted("the block does not move there.")
    box = _box(scaffold, [producer], loop, written, writes=True)
    folded = {it.var for it in leaf.block.iters if it.is_reduce}
    spans: dict[Var, Span | None] = {}
    for (index, _), span in zip(read, box, strict=True):
        atoms = list(index.terms.items()) if index is not None else []
        if index is None or len(atoms) != 1:
            continue
        ((var, coefficient),) = atoms
        if isinstance(var, Var) and coefficient == 1 and var not in folded:
            shift = Linear({}, -index.constant)
            spans[var] = None if span is None else Span(span.start.plus(shift), span.extent)
    moved = _renewed(scaffold, leaf, producer, loop, spans)
    names = [name for name in scaffold.leaves if name != step.block]
    last = max(n for n, name in enumerate(names) if loop in scaffold.leaves[name].path)
    names.insert(last + 1, step.block)
    scaffold.leaves = {n: moved if n == step.block else scaffold.leaves[n] for n in names}
    return []


def _facts(leaf: Leaf) -> BlockFacts:
    found = facts_of(leaf.block)
    if found is None:
        raise NotDrafted("a block has loops inside.")
    return found


def _box(
    scaffold: Scaffold,
    leaves: Iterable[Leaf],
    loop: DraftLoop,
    targets: list[Buffer],
    *,
    writes: bool,
) -> Box:
    """What the leaves read or write of `targets` in one iteration of `loop`."""
    boxes: list[Box] = []
    for leaf in leaves:
        values = scaffold.values_of(leaf)
        local = set(leaf.path[leaf.path.index(loop) + 1 :])
        facts = _facts(leaf)
        for buffer, bounds in facts.writes if writes else facts.reads:
            if buffer in targets:
                boxes.append(tuple(_span(scaffold, *bound, values, local) for bound in bounds))
    return reduce(union, boxes)


def _span(
    scaffold: Scaffold, start: Index, extent: object, values: dict[Var, Linear], local: set[Var]
) -> Span | None:
    if start is None or not isinstance(extent, int):
        return None
    return span_of_sum(scaffold.value(start, values), extent, local, scaffold.ranges)


def _renewed(
    scaffold: Scaffold, leaf: Leaf, host: Leaf, loop: DraftLoop, spans: Mapping[Var, Span | None]
) -> Leaf:
    """A leaf in loops of its own inside `loop` around `host`, over the spans needed."""
    around = host.path[: host.path.index(loop) + 1]
    iters = leaf.block.iters
    wanted = [it.var.name.removeprefix("v") for it in iters]
    names = fresh_names([each.name for each in around], wanted)
    path, values = list(around), dict[Var, Linear]()
    for it, name in zip(iters, names, strict=True):
        span = spans.get(it.var)
        extent = it.extent if span is None else span.extent
        start = Linear({}, 0) if span is None else span.start
        if not isinstance(extent, int):
            raise NotDrafted(f"the loop {name} has no known extent.")
        if extent != 1:
            path.append(scaffold.add(name, extent))
            start = start.plus(Linear({path[-1]: 1}, 0))
        values[it.var] = start
    return Leaf(leaf.block, path, values, is_moved=True)


DRAFTED: dict[type[Step], Callable[[Scaffold, Any], list[str]]] = {
    Annotate: nothing,
    ComputeAt: compute_at,
    Fuse: fuse,
    Merge: merge,
    Prefetch: nothing,
    Reorder: reorder,
    ReverseComputeAt: reverse_compute_at,
    Split: split,
    **dict.fromkeys(KINDS, kind),
}
"""What steps do to a scaffold; all others need the program."""
