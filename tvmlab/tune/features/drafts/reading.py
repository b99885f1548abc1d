"""The statements of a drafted program, as they would be read from the program itself."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.analysis.regions import atom_variables
from tvmlab.analysis.touching import Line, line_of_data, line_of_sum
from tvmlab.arith.linear import Linear
from tvmlab.ir.expr import Var
from tvmlab.ir.program import Program
from tvmlab.tune.features.drafts.facts import Index, StoreFacts, facts_of
from tvmlab.tune.features.drafts.scaffold import Leaf, NotDrafted, Scaffold
from tvmlab.tune.features.statement import (
    Access,
    Axis,
    Reading,
    Statement,
    add_access,
    by_work,
    positions_of,
)


def reading_of(scaffold: Scaffold, program: Program) -> Reading:
    """What features need to know of a program with these loops, and the buffers of `program`.

    Raises:
        NotDrafted: a block has loops inside, or an index is no sum of loops.
    """
    known: dict[Var, Linear] = {}
    found: list[Statement] = []
    for leaf in scaffold.leaves.values():
        facts = facts_of(leaf.block)
        if facts is None:
            raise NotDrafted(f"{leaf.block.name} has loops inside.")
        values = scaffold.values_of(leaf, known)
        loops = {
            var: {v for a in value.terms for v in atom_variables(a)}
            for var, value in values.items()
        }
        found += _statements(
            scaffold, leaf, facts.stores, {**known, **values}, positions_of(leaf.block, loops)
        )
    return Reading(by_work(found), program.buffers)


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
            Axis(loop, scaffold.extents[loop], scaffold.kinds[loop], at.get(loop, 2))
            for loop in reversed(leaf.path)
            if scaffold.extents[loop] > 1
        ]
    )
    order = {axis.var: n for n, axis in enumerate(axes)}
    lines: dict[int, Line] = {}

    def line(index: Index) -> Line:
        if index is None:
            return line_of_data(order)
        if id(index) not in lines:
            lines[id(index)] = line_of_sum(scaffold.value(index, values), order)
        return lines[id(index)]

    found = []
    for store in stores:
        accesses: list[Access] = []
        for touch in store.touches:
            touched = Access(
                touch.buffer, not touch.is_write, touch.is_write, tuple(map(line, touch.indices))
            )
            add_access(accesses, touched)
        found.append(Statement(axes, store.operations, tuple(accesses)))
    return found
