"""Random graphs for properties: square matrices through every kind of operator."""

from __future__ import annotations

import random

import numpy as np

from tests.graph.arrays import draw
from tvmlab import graph

SIZE = 6


def random_graph(seed: int, nodes: int) -> graph.Graph:
    """A graph of about `nodes` operators on matrices of SIZE x SIZE, with diamonds, values that
    several read, and one to three outputs; the same for the same seed.

    Values stay small, so that bounds stay finite: products are of values that `tanh` limits.
    """
    rng = random.Random(seed)
    values = [graph.input((SIZE, SIZE), name="x"), graph.input((SIZE, SIZE), name="y")]
    computed: list[graph.Node] = []
    for number in range(nodes):
        a, b = rng.choice(values[-4:]), rng.choice(values)
        node = rng.choice(_MAKERS)(a, b, draw(number, SIZE, SIZE))
        computed.append(node)
        values.append(node)
    outputs = {computed[-1]: None} | dict.fromkeys(rng.sample(computed, min(2, nodes)))
    return graph.Graph(list(outputs)[: rng.randint(1, 3)])


def _row_sums(a: graph.Node, b: graph.Node, weight: np.ndarray) -> graph.Node:
    return graph.multiply(graph.mean(graph.add(a, b), (1,), keep=True), weight)


_MAKERS = (
    lambda a, b, w: graph.add(a, b),
    lambda a, b, w: graph.subtract(b, a),
    lambda a, b, w: graph.relu(a),
    lambda a, b, w: graph.tanh(a),
    lambda a, b, w: graph.multiply(graph.tanh(a), graph.sigmoid(b)),
    lambda a, b, w: graph.add(a, w[0]),
    lambda a, b, w: graph.transpose(a, (1, 0)),
    lambda a, b, w: graph.reshape(graph.reshape(a, (4, 9)), (SIZE, SIZE)),
    lambda a, b, w: graph.matmul(graph.tanh(a), w),
    lambda a, b, w: graph.matmul(graph.tanh(a), graph.tanh(b)),
    lambda a, b, w: graph.softmax(graph.tanh(a)),
    _row_sums,
)
