"""Nodes as one tensor expression: what lies outside is read as a placeholder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tvmlab import te
from tvmlab.graph.node import CONSTANT, Graph, Node
from tvmlab.graph.operators import OPERATORS
from tvmlab.te import Tensor
from tvmlab.te.evaluate import Evaluated, evaluate, input_names
from tvmlab.te.graph import inputs


@dataclass(frozen=True)
class Expression:
    """Some nodes as tensors.

    Attributes:
        outputs: the tensors computed, in the order asked for.
        tensors: node -> tensor, those read from outside included.
        inputs: the nodes read from outside, in the order in which the kernel takes them.
    """

    outputs: tuple[Tensor, ...]
    tensors: Mapping[Node, Tensor]
    inputs: tuple[Node, ...]


def express(
    nodes: Sequence[Node], outputs: Sequence[Node], anchor: Node | None = None
) -> Expression:
    """The expression that computes `outputs` by way of `nodes`, which stand producers first.

    Each tensor, hence each block, is named after its operator and numbered, so that names never
    meet; the stages of `anchor` keep the names that its own schedule knows.
    """
    tensors: dict[Node, Tensor] = {}
    for number, node in enumerate(nodes):
        for below in node.inputs:
            if below not in tensors:
                tensors[below] = _placeholder(below, f"x{len(tensors)}")
        made = OPERATORS[node.operator]([tensors[b] for b in node.inputs], node.attributes)
        if node is not anchor:
            name = f"{node.operator}_{number}"
            made = Tensor(name, made.extents, made.dtype, made.axes, made.body)
        tensors[node] = made
    results = tuple(tensors[output] for output in outputs)
    of_tensor = {tensor: node for node, tensor in tensors.items()}
    return Expression(results, tensors, tuple(of_tensor[t] for t in inputs(results)))


def _placeholder(node: Node, name: str) -> Tensor:
    """A node as an input; of constants it is known that they are, and whether they are finite."""
    constant = node.value is not None
    finite = node.value is not None and bool(np.isfinite(node.value).all())
    return te.placeholder(node.shape, node.dtype, name, finite, constant)


def reference(graph: Graph, *arrays: np.ndarray) -> tuple[Evaluated, ...]:
    """What the outputs must be for these inputs, with the error that kernels may have.

    See `tvmlab.te.evaluate`: float64 throughout, and a bound that grows along the whole graph.

    Args:
        arrays: one for each of `graph.inputs`, of its shape and dtype.

    Raises:
        UsageError: an array of the wrong shape or dtype.
    """
    whole = express(graph.computed, graph.outputs)
    given = dict(zip(graph.inputs, arrays, strict=True))
    given |= {n: n.value for n in graph.nodes if n.operator == CONSTANT and n.value is not None}
    nodes = {whole.tensors[node]: node for node in whole.inputs}
    named = {name: given[nodes[t]] for name, t in input_names(whole.outputs).items()}
    return evaluate(whole.outputs, named)
