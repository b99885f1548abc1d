"""The statements of a drafted program, as they would be read from the program itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from tvmlab.analysis.regions import atom_variables
from tvmlab.analysis.touching import Line, line_of, line_of_data, line_of_sum
from tvmlab.arith.linear import Linear
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.program import Program
from tvmlab.schedule import Step
from tvmlab.tune.features.drafts.facts import Index, StoreFacts, facts_in
from tvmlab.tune.features.drafts.scaffold import Leaf, NotDrafted, Scaffold
from tvmlab.tune.features.guards import Guard, guards_of, let_through
from tvmlab.tune.features.statement import (
    Access,
    Axis,
    Reading,
    Statement,
    add_access,
    by_work,
    positions_of,
)


def reading_of(
    scaffold: Scaffold,
    program: Program,
    before: Scaffold,
    steps: Iterable[Step],
    kept: dict[Hashable, list[Statement]],
) -> Reading:
    """What features need to know of a drafted program.

    Args:
        scaffold: its loops.
        program, before: the program behind the draft, with its scaffold.
        steps: what was drafted since.
        kept: what was read before, to which what is read now is added.

    Raises:
        NotDrafted: a block has loops inside, or an index is no sum of loops.
    """
    found: list[Statement] = []
    own: dict[str, list[Step]] = {}
    for step in steps:
        own.setdefault(step.block, []).append(step)
    memories = tuple(scaffold.memories.items())
    around = Counter(leaf.path[0] for leaf in scaffold.leaves.values() if leaf.path)
    for name, leaf in scaffold.leaves.items():
        if leaf.is_moved or (leaf.path and around[leaf.path[0]] > 1):
            found += _read(scaffold, leaf)
            continue
        path = before.leaves[name].path
        kinds = tuple([(before.kinds[loop], before.threads.get(loop)) for loop in path])
        lead = scaffold.leads.get(name, 0)
        key = (leaf.block, kinds, memories, lead, *own.get(name, ()))
        if key not in kept:
            kept[key] = _read(scaffold, leaf)
        found += kept[key]
    scratch = tuple([scaffold.memories.get(buffer, buffer) for buffer in program.buffers])
    return Reading(by_work(found), scratch)


def _read(scaffold: Scaffold, leaf: Leaf) -> list[Statement]:
    """A leaf's statements."""
    facts = facts_in(leaf.block)
    values = scaffold.values_of(leaf)
    moving = {
        it.var: {loop for atom in values[it.var].terms for loop in atom_variables(atom)}
        for it in leaf.block.iters
    }
    at = positions_of(leaf.block, moving)
    return _statements(scaffold, leaf, facts.stores, values, at)


def _statements(
    scaffold: Scaffold,
    leaf: Leaf,
    stores: tuple[StoreFacts, ...],
    values: dict[Var, Linear],
    at: Mapping[Var, int],
) -> list[Statement]:
    """A leaf's statements, given its variables over loops and the positions of loops."""
    axes = tuple(
        [
            Axis(
                loop,
                scaffold.extents[loop],
                scaffold.kinds[loop],
                at.get(loop, 2),
                scaffold.threads.get(loop, ""),
            )
            for loop in reversed(leaf.path)
            if scaffold.extents[loop] > 1
        ]
    )
    order = {axis.var: n for n, axis in enumerate(axes)}
    lines: dict[int, Line] = {}

    def line(index: Index) -> Line:
        if index is None:
            return line_of_data(order)
        if isinstance(index, Expr):
            over = {var: values[var].expr() for var in leaf.values}
            return line_of(index, over, scaffold.ranges, order)
        if id(index) not in lines:
            lines[id(index)] = line_of_sum(scaffold.value(index, values), order)
        return lines[id(index)]

    kept = _kept(scaffold, leaf, values)
    lead = scaffold.leads.get(leaf.block.name, 0)
    found = []
    for store in stores:
        accesses: list[Access] = []
        for touch in store.touches:
            over = tuple([line(index) for index in touch.indices])
            buffer = scaffold.memories.get(touch.buffer, touch.buffer)
            add_access(accesses, Access(buffer, touch.is_read, touch.is_write, over))
        found.append(Statement(axes, store.operations, tuple(accesses), lead, kept=kept))
    return found


def _kept(scaffold: Scaffold, leaf: Leaf, values: dict[Var, Linear]) -> float:
    """The share of a leaf's executions that its predicate lets through."""
    guards = [
        Guard(values[it.var], it.extent) for it in leaf.block.iters if isinstance(it.extent, int)
    ]
    for loop, extent in scaffold.uneven.get(leaf.block.name, ()):
        guards.append(Guard(scaffold.value(Linear({loop: 1}, 0), values), extent))
    before = guards_of(leaf.block.where, {})
    if before and leaf.is_moved:
        raise NotDrafted(f"the predicate of {leaf.block.name} is about loops that it has left.")
    guards += [Guard(scaffold.value(guard.total, values), guard.limit) for guard in before]
    return let_through(guards, scaffold.ranges)
