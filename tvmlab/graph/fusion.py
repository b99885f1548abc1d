"""Which nodes share a kernel.

The rules are those of TVM (OSDI 2018, section 3; see `tvmlab.graph.kinds`): injective operators
fuse with one another, a reduction takes in the injective operators before it, and a reduction or a
complex operator takes along the elementwise ones behind it. A node joins together with everything
between it and the kernel it joins: it is where all paths from that kernel's result meet (its
immediate post-dominator), so nothing outside the group ever needs an inner result, and groups never
wait for each other in a circle. Two bounds keep fusion from costing more than it saves: nothing is
computed again for each place it is broadcast to, and no expression grows without end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from tvmlab.graph.kinds import Kind
from tvmlab.graph.node import Graph, Node
from tvmlab.graph.operators import OPERATORS

MAX_APPLICATIONS = 64
"""Operators in the expression of one element: a value that is read twice counts twice, because
inlining repeats it."""


@dataclass(frozen=True)
class Group:
    """Nodes computed by one kernel.

    Attributes:
        nodes: producers first; the last one's array is the kernel's result, and nothing outside
            reads any other.
        anchor: the node whose loops the kernel has: the one that folds, or else the last one.
    """

    nodes: tuple[Node, ...]
    anchor: Node

    @staticmethod
    def of(nodes: Sequence[Node]) -> Group:
        """The group of these nodes, of which one at most folds."""
        folds = [n for n in nodes if not kind_of(n).is_injective]
        return Group(tuple(nodes), folds[0] if folds else nodes[-1])

    @property
    def result(self) -> Node:
        """The node whose array the kernel writes."""
        return self.nodes[-1]

    def __str__(self) -> str:
        return " + ".join(node.operator for node in self.nodes)


def kind_of(node: Node) -> Kind:
    """How a computed node may be fused."""
    return OPERATORS[node.operator].kind


def unfused(graph: Graph) -> list[Group]:
    """A kernel for each node, producers first."""
    return [Group.of([node]) for node in graph.computed]


def fuse(graph: Graph) -> list[Group]:
    """The groups of a graph, each after those whose results it reads; each node is in one."""
    joins = _joins(graph)
    position = {node: n for n, node in enumerate(graph.nodes)}
    taken: set[Node] = set()
    groups = []
    for node in graph.computed:
        if node in taken:
            continue
        members = [node]
        while (join := joins[members[-1]]) is not None:
            between = _between(graph, members[-1], join)
            wider = sorted([*members, *between, join], key=position.__getitem__)
            if not taken.isdisjoint(wider) or not _may_share(wider, members):
                break
            members = wider
        taken.update(members)
        groups.append(Group.of(members))
    return sorted(groups, key=lambda group: position[group.result])


def _may_share(wider: Sequence[Node], members: Sequence[Node]) -> bool:
    """Whether a group of `members` may grow to `wider`, by the kinds and the two bounds."""
    anchor = Group.of(members).anchor
    added = [node for node in wider if node not in members]
    if kind_of(anchor).is_injective:
        *inner, last = added
        is_known = all(kind_of(node).is_injective for node in inner) and (
            kind_of(last).is_injective or kind_of(last) is Kind.REDUCTION
        )
        mapped = [node for node in wider if kind_of(node).is_injective]
        fits = len({prod(node.shape) for node in mapped}) == 1
    else:
        is_known = kind_of(anchor) is not Kind.OPAQUE and all(
            kind_of(node) is Kind.ELEMENTWISE for node in added
        )
        fits = all(node.shape == anchor.shape for node in added)
    return is_known and fits and _applications(wider) <= MAX_APPLICATIONS


def _applications(nodes: Sequence[Node]) -> int:
    """Operators in the expression of the last of `nodes` when all others are inlined."""
    counts: dict[Node, int] = {}
    for node in nodes:
        counts[node] = 1 + sum(counts.get(below, 0) for below in node.inputs)
    return counts[nodes[-1]]


def _between(graph: Graph, start: Node, join: Node) -> list[Node]:
    """The nodes on the paths from `start` to where they meet, both left out."""
    found: dict[Node, None] = {}
    waiting = [reader for reader in graph.readers[start] if reader is not join]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting.extend(r for r in graph.readers[node] if r is not join)
    return list(found)


def _joins(graph: Graph) -> dict[Node, Node | None]:
    """For every node, the first one that all paths from it to the graph's outputs go through, the
    node itself left out; None where there is none, as for an output."""
    joins: dict[Node, Node | None] = {}
    depth: dict[Node | None, int] = {None: 0}
    for node in reversed(graph.nodes):
        readers = graph.readers[node]
        meeting: Node | None = None
        if node not in graph.outputs:
            meeting = readers[0]
            for other in readers[1:]:
                meeting = _meeting(meeting, other, joins, depth)
        joins[node] = meeting
        depth[node] = depth[meeting] + 1
    return joins


def _meeting(
    a: Node | None, b: Node | None, joins: dict[Node, Node | None], depth: dict[Node | None, int]
) -> Node | None:
    """The first node that both `a` and `b` must go through."""
    while a is not b:
        if depth[a] < depth[b]:
            a, b = b, a
        assert a is not None, "only the end has no depth"
        a = joins[a]
    return a
