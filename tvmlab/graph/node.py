"""The graph: nodes that compute arrays from arrays, and what each part of a node means.

A node is an input (its value comes from the caller), a constant (its value is known when the graph
is compiled: a weight) or an operator applied to other nodes. A node stands for one array of a fixed
shape and dtype; it is computed at most once in a run, has no effect besides, and reads its inputs
only, so any order of computation that respects the edges means the same. Nodes are immutable and
compared by identity: two equal additions are two nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.graph.operators import OPERATORS
from tvmlab.ir import dtypes

INPUT, CONSTANT = "input", "constant"
"""What stands in `Node.operator` of a node without inputs."""


@dataclass(frozen=True, eq=False)
class Node:
    """One array of a graph. Made by the functions of `tvmlab.graph.build`.

    Attributes:
        operator: a name of `tvmlab.graph.operators.OPERATORS`, or `INPUT`, or `CONSTANT`.
        inputs: the nodes whose arrays it reads, in the operator's order; one may stand twice.
        attributes: the operator's arguments besides arrays: plain, hashable data.
        shape: extents of its array, all known.
        dtype: NumPy's name of its element type.
        name: of an input, by which errors call it; else "".
        value: of a constant, its array; else None.
    """

    operator: str
    inputs: tuple[Node, ...]
    attributes: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: str
    name: str = ""
    value: np.ndarray | None = field(default=None, repr=False)

    @staticmethod
    def of(operator: str, inputs: Sequence[Node], **attributes: Any) -> Node:
        """The node that applies `operator`; its shape and dtype follow from its definition.

        Raises:
            UsageError, ExpressionError: the inputs or attributes do not fit.
        """
        given = [te.placeholder(n.shape, n.dtype, name="x") for n in inputs]
        result = OPERATORS[operator](given, attributes)
        frozen = MappingProxyType(dict(attributes))
        return Node(operator, tuple(inputs), frozen, result.extents, result.dtype)

    @property
    def is_computed(self) -> bool:
        """Whether a kernel computes it."""
        return self.operator not in (INPUT, CONSTANT)

    @property
    def size_bytes(self) -> int:
        """Bytes of its array."""
        return prod(self.shape) * dtypes.size_bytes(self.dtype)

    def __str__(self) -> str:
        return f"{self.name or self.operator}: {self.dtype}{list(self.shape)}"

    __repr__ = __str__


class Graph:
    """The nodes that some outputs need.

    Attributes:
        outputs: the nodes whose arrays a run returns, in order.
        nodes: every node, each after those it reads.
    """

    def __init__(self, outputs: Node | Iterable[Node]) -> None:
        """The graph of these outputs.

        Raises:
            UsageError: no output, one given twice, or one that nothing computes.
        """
        self.outputs = (outputs,) if isinstance(outputs, Node) else tuple(outputs)
        if not self.outputs or len(set(self.outputs)) != len(self.outputs):
            raise UsageError("a graph was given no output, or one twice; give each once.")
        for output in self.outputs:
            if not output.is_computed:
                raise UsageError(
                    f"the output {output} is an {output.operator} that nothing computes; give the "
                    "result of an operator."
                )
        self.nodes = _ordered(self.outputs)

    @cached_property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes that a caller gives arrays for, in order of appearance."""
        return tuple(n for n in self.nodes if n.operator == INPUT)

    @cached_property
    def computed(self) -> tuple[Node, ...]:
        """The nodes that apply an operator, producers first."""
        return tuple(n for n in self.nodes if n.is_computed)

    @cached_property
    def readers(self) -> Mapping[Node, tuple[Node, ...]]:
        """For every node, those that read it, each once, in order."""
        found: dict[Node, dict[Node, None]] = {n: {} for n in self.nodes}
        for node in self.nodes:
            for below in node.inputs:
                found[below][node] = None
        return {n: tuple(readers) for n, readers in found.items()}


def _ordered(outputs: Sequence[Node]) -> tuple[Node, ...]:
    """Every node that the outputs need, producers first; no recursion, for graphs are deep."""
    order: dict[Node, None] = {}
    waiting = [(node, False) for node in reversed(outputs)]
    while waiting:
        node, is_ready = waiting.pop()
        if is_ready:
            order[node] = None
        elif node not in order:
            waiting.append((node, True))
            waiting.extend((below, False) for below in reversed(node.inputs))
    return tuple(order)
