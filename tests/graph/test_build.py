"""Saying a graph: shapes follow from the operators, and what does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.graph.arrays import draw
from tvmlab import graph
from tvmlab.errors import TvmlabError
from tvmlab.graph.operators import OPERATORS

X = graph.input((2, 3, 8, 8))
M = graph.input((4, 6))


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        (graph.conv2d(X, draw(0, 5, 3, 3, 3), stride=2), (2, 5, 4, 4)),
        (graph.depthwise_conv2d(X, draw(0, 3, 3, 5), padding="VALID"), (2, 3, 6, 4)),
        (graph.max_pool2d(X, (2, 3), (2, 1)), (2, 3, 4, 6)),
        (graph.mean(X, (2, 3)), (2, 3)),
        (graph.sum(X, (1,), keep=True), (2, 1, 8, 8)),
        (graph.reshape(X, (2, -1)), (2, 192)),
        (graph.transpose(X, (0, 2, 3, 1)), (2, 8, 8, 3)),
        (graph.dense(M, draw(0, 6, 5), draw(0, 5)), (4, 5)),
        (graph.softmax(M), (4, 6)),
        (graph.add(graph.input((4, 1)), graph.input((6,))), (4, 6)),
        (graph.divide(1.0, M), (4, 6)),
    ],
    ids=str,
)
def test_shapes_follow(node: graph.Node, shape: tuple[int, ...]) -> None:
    assert (node.shape, node.dtype) == (shape, "float32")


def test_numbers_take_the_dtype_beside_them() -> None:
    node = graph.multiply(graph.input((2,), "float64"), 2)
    assert [below.dtype for below in node.inputs] == ["float64", "float64"]


def test_a_constant_is_a_copy() -> None:
    value = np.ones(3, "float32")
    node = graph.constant(value)
    value[0] = 7
    assert node.value is not None
    assert node.value.tolist() == [1, 1, 1]
    assert not node.value.flags.writeable


def test_equal_nodes_are_two() -> None:
    assert graph.relu(M) != graph.relu(M)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: graph.add(M, graph.input((5,))), r"add was given shapes \[4, 6\] and \[5\]"),
        (lambda: graph.add(M, graph.input((6,), "float64")), "add was given float32 and float64"),
        (lambda: graph.matmul(M, graph.input((5, 2))), r"matmul takes B of shape \[6, 2\]"),
        (lambda: graph.matmul(M, X), "matmul takes inputs of 2 and 2 dimensions"),
        (lambda: graph.conv2d(X, draw(0, 5, 4, 3, 3)), r"conv2d takes W of shape \[5, 3, 3, 3\]"),
        (lambda: graph.conv2d(X, draw(0, 5, 3, 9, 9), padding="VALID"), "a kernel of 9 x 9"),
        (lambda: graph.depthwise_conv2d(X, draw(0, 2, 3, 3)), r"takes W of shape \[3, 3, 3\]"),
        (lambda: graph.max_pool2d(M, 2), "max_pool2d takes inputs of 4 dimensions"),
        (lambda: graph.max_pool2d(X, 9), "max_pool was given a kernel of 9 x 9"),
        (lambda: graph.reshape(M, (5, 5)), "25 elements"),
        (lambda: graph.reshape(M, (5, -1)), "of an input of"),
        (lambda: graph.reshape(M, (-1, -1)), "reshape was asked for"),
        (lambda: graph.transpose(M, (0, 0)), r"the order \[0, 0\] for 2 dimensions"),
        (lambda: graph.sum(M, ()), r"sum was given axes \[\] of 2 dimensions"),
        (lambda: graph.sum(M, (2,)), "from 0 to 1"),
        (lambda: graph.softmax(X), "softmax takes inputs of 2 dimensions"),
        (lambda: graph.matmul(*[graph.input((2, 2), "int32")] * 2), "dtype='int32'"),
        (lambda: graph.input((0, 2)), "every extent must be a positive integer"),
        (lambda: graph.constant(np.empty((2, 0))), r"shape \[2, 0\] has no elements"),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], graph.Node], words: str) -> None:
    with pytest.raises(TvmlabError, match=words):
        make()


def test_every_operator_can_be_said() -> None:
    assert set(OPERATORS) <= set(graph.__all__)
