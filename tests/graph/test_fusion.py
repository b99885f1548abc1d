"""Which nodes share a kernel: TVM's rules on graphs that show each, and what always holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.arrays import draw
from tests.graph.random_graphs import random_graph
from tvmlab import graph
from tvmlab.graph.fusion import MAX_APPLICATIONS, kind_of


def fused(*outputs: graph.Node) -> list[str]:
    return [str(group) for group in graph.fuse(graph.Graph(outputs))]


def image() -> graph.Node:
    return graph.input((1, 4, 6, 6))


def conv(x: graph.Node) -> graph.Node:
    return graph.conv2d(x, draw(0, 4, 4, 3, 3))


def test_elementwise_operators_follow_a_convolution() -> None:
    assert fused(graph.relu(graph.add(conv(image()), 1.0))) == ["conv2d + add + relu"]


def test_nothing_precedes_a_convolution() -> None:
    assert fused(conv(graph.relu(image()))) == ["relu", "conv2d"]


def test_two_convolutions_are_two_kernels() -> None:
    assert fused(conv(graph.relu(conv(image())))) == ["conv2d + relu", "conv2d"]


def test_what_moves_elements_does_not_follow_a_convolution() -> None:
    assert fused(graph.reshape(conv(image()), (4, 36))) == ["conv2d", "reshape"]


def test_a_reduction_takes_in_what_precedes_and_what_follows() -> None:
    x = graph.input((6, 8))
    total = graph.sum(graph.multiply(graph.transpose(x, (1, 0)), 2.0), (1,))
    assert fused(graph.relu(total)) == ["transpose + multiply + sum + relu"]


def test_a_second_reduction_is_a_second_kernel() -> None:
    x = graph.input((6, 8))
    assert fused(graph.sum(graph.relu(graph.sum(x, (1,))), (0,))) == ["sum + relu", "sum"]


def test_softmax_stands_alone() -> None:
    x = graph.input((6, 8))
    assert fused(graph.relu(graph.softmax(graph.relu(x)))) == ["relu", "softmax", "relu"]


def test_a_diamond_is_taken_whole() -> None:
    y = conv(image())
    assert fused(graph.multiply(y, graph.sigmoid(y))) == ["conv2d + sigmoid + multiply"]


def test_a_diamond_with_a_convolution_in_one_arm_is_not() -> None:
    y = graph.relu(image())
    groups = fused(graph.add(conv(y), y))
    assert groups == ["relu", "conv2d + add"]


def test_a_sum_of_two_convolutions_joins_the_first() -> None:
    x = image()
    assert sorted(fused(graph.add(conv(x), conv(x)))) == ["conv2d", "conv2d + add"]


def test_an_output_is_stored_even_if_it_is_read() -> None:
    y = conv(image())
    assert fused(y, graph.relu(y)) == ["conv2d", "relu"]


def test_what_is_broadcast_is_not_computed_for_each_place() -> None:
    row = graph.tanh(graph.input((1, 8)))
    assert fused(graph.add(row, graph.input((64, 8)))) == ["tanh", "add"]
    narrow = graph.matmul(graph.input((4, 3)), graph.input((3, 1)))
    assert fused(graph.add(narrow, graph.input((4, 8)))) == ["matmul", "add"]


def test_squares_of_squares_do_not_grow_without_end() -> None:
    x = graph.input((8,))
    for _ in range(20):
        x = graph.multiply(x, x)
    counts = [len(group.nodes) for group in graph.fuse(graph.Graph(x))]
    assert sum(counts) == 20
    assert max(counts) == MAX_APPLICATIONS.bit_length() - 1


@given(seed=st.integers(0, 2**32), nodes=st.integers(1, 30))
@settings(max_examples=150, deadline=None)
def test_groups_part_the_graph_and_never_wait_in_a_circle(seed: int, nodes: int) -> None:
    whole = random_graph(seed, nodes)
    groups = graph.fuse(whole)
    members = [node for group in groups for node in group.nodes]
    assert len(members) == len(set(members))
    assert set(members) == set(whole.computed)
    results = {group.result for group in groups}
    assert results >= set(whole.outputs)
    done: set[graph.Node] = set()
    for group in groups:
        outside = {b for n in group.nodes for b in n.inputs if b not in group.nodes}
        assert {n for n in outside if n.is_computed} <= done, "a group reads what is not there yet"
        assert sum(not kind_of(n).is_injective for n in group.nodes) <= 1
        done.add(group.result)
