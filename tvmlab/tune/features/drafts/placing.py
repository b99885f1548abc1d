"""Blocks that move into loops of others, in a scaffold: new loops over what is needed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from tvmlab.analysis.regions import Box, Span, span_of_sum, union
from tvmlab.arith.linear import Linear
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.names import fresh_names
from tvmlab.schedule.primitives import ComputeAt, ReverseComputeAt
from tvmlab.schedule.tiles import tiles_over
from tvmlab.tune.features.drafts.facts import Index, facts_in
from tvmlab.tune.features.drafts.scaffold import DraftLoop, Leaf, NotDrafted, Scaffold


def compute_at(scaffold: Scaffold, step: ComputeAt) -> list[str]:
    """A leaf comes to stand before its first reader in a loop, in loops over what is read."""
    leaf = scaffold.leaf(step.block)
    loop = scaffold.loop(step.consumer, step.loop)
    targets = [region.buffer for region in leaf.block.writes]
    readers = [
        name
        for name, other in scaffold.leaves.items()
        if loop in other.path and any(b in targets for b, _ in facts_in(other.block).reads)
    ]
    tiles = facts_in(leaf.block).tiles
    if loop in leaf.path or not readers or tiles is None:
        raise NotDrafted("the block does not move there.")
    box = _box(scaffold, [scaffold.leaves[name] for name in readers], loop, targets, writes=False)
    spans = {
        var: tiles_over(span, size, scaffold.ranges)
        for (var, size), span in zip(tiles, box, strict=True)
        if var is not None
    }
    moved = _renewed(scaffold, leaf, scaffold.leaf(step.consumer), loop, spans)
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
    leaf = scaffold.leaf(step.block)
    producer = scaffold.leaf(step.producer)
    loop = scaffold.loop(step.producer, step.loop)
    written = [region.buffer for region in producer.block.writes]
    read = next((bounds for b, bounds in facts_in(leaf.block).reads if b in written), None)
    if loop in leaf.path or read is None or len(written) > 1:
        raise NotDrafted("the block does not move there.")
    box = _box(scaffold, [producer], loop, written, writes=True)
    folded = {it.var for it in leaf.block.iters if it.is_reduce}
    spans: dict[Var, Span | None] = {}
    for (index, _), span in zip(read, box, strict=True):
        if isinstance(index, Expr):
            raise NotDrafted("an index is no sum.")
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


def box_read(scaffold: Scaffold, block: str, buffer: Buffer, loop: DraftLoop) -> Box:
    """What is read of a buffer in one iteration of a loop around `block`.

    Raises:
        NotDrafted: an index is no sum of loops.
    """
    readers = [
        leaf
        for leaf in scaffold.inside(loop)
        if any(b is buffer for b, _ in facts_in(leaf.block).reads)
    ]
    return _box(scaffold, readers, loop, [buffer], writes=False)


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
        local: set[Var] = set(leaf.path[leaf.path.index(loop) + 1 :])
        facts = facts_in(leaf.block)
        for buffer, bounds in facts.writes if writes else facts.reads:
            if buffer in targets:
                boxes.append(tuple(_span(scaffold, *bound, values, local) for bound in bounds))
    return reduce(union, boxes)


def _span(
    scaffold: Scaffold, start: Index, extent: object, values: dict[Var, Linear], local: set[Var]
) -> Span | None:
    if isinstance(start, Expr):
        raise NotDrafted("an index is no sum.")
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
    scaffold.uneven.pop(leaf.block.name, None)
    return Leaf(leaf.block, path, values, is_moved=True)
