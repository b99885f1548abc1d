"""Small models, end to end: fused, unfused, the bounded reference and NumPy agree."""

from __future__ import annotations

import numpy as np
import pytest

from tests.graph.arrays import conv2d, draw, softmax
from tests.graph.judge import assert_right
from tests.graph.random_graphs import SIZE, random_graph
from tvmlab import graph
from tvmlab.graph import kernel
from tvmlab.measure.compare import compare
from tvmlab.ops import AVX512


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "sides"),
    [
        (10, 3, 1, "SAME", (1, 1, 1, 1)),
        (11, 3, 2, 1, (1, 1, 1, 1)),
        (7, 1, 1, "VALID", (0, 0, 0, 0)),
        (5, 5, 1, "VALID", (0, 0, 0, 0)),
        (1, 1, 1, "VALID", (0, 0, 0, 0)),
        (8, 3, 1, (0, 1, 2, 1), (0, 1, 2, 1)),
    ],
)
def test_convolution_bias_relu(size, kernel, stride, padding, sides) -> None:
    x = graph.input((1, 3, size, size))
    weight, bias, image = draw(0, 5, 3, kernel, kernel), draw(1, 5), draw(2, 1, 3, size, size)
    y = graph.relu(graph.conv2d(x, weight, bias, stride, padding))
    expected = np.maximum(conv2d(image, weight, stride, sides) + bias.reshape(-1, 1, 1), 0)
    assert_right(y, [image], [expected], kernels=(1, 3))


def test_a_convolution_that_folds_one_element() -> None:
    x, weight, image = graph.input((1, 1, 11, 10)), draw(0, 20, 1, 1, 1), draw(1, 1, 1, 11, 10)
    expected = np.maximum(conv2d(image, weight, 2, (0,) * 4), 0)
    y = graph.relu(graph.conv2d(x, weight, stride=2))
    assert_right(y, [image], [expected], kernels=(1, 2))


@pytest.fixture
def avx512(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are planned for registers of 512 bits, whatever this processor has."""
    monkeypatch.setattr(kernel, "host_vectors", lambda: AVX512)


@pytest.mark.usefixtures("avx512")
def test_the_bias_and_relu_meet_the_convolution_in_registers() -> None:
    x = graph.input((1, 4, 8, 16))
    (call,) = graph.compile_graph(
        graph.relu(graph.conv2d(x, draw(0, 8, 4, 3, 3), draw(1, 8)))
    ).calls
    steps = call.schedule.trace.to_python()
    assert 's["add_1"].compute_inline()' in steps
    assert 's["relu_2"].reverse_compute_at("C_reindex", ' in steps
    # The panel of windows and its sums need memory; what goes into bias and ReLU does not.
    assert len(call.kernel.signature.workspaces) <= 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_layer_perceptron(dtype: str) -> None:
    first, second = draw(0, 20, 33, dtype=dtype), draw(1, 33, 10, dtype=dtype)
    b1, b2, rows = draw(2, 33, dtype=dtype), draw(3, 10, dtype=dtype), draw(4, 7, 20, dtype=dtype)
    x = graph.input((7, 20), dtype)
    y = graph.dense(graph.relu(graph.dense(x, first, b1)), second, b2)
    wide = [a.astype(np.float64) for a in (rows, first, b1, second, b2)]
    expected = np.maximum(wide[0] @ wide[1] + wide[2], 0) @ wide[3] + wide[4]
    assert_right(y, [rows], [expected], kernels=(2, 5))


@pytest.mark.usefixtures("avx512")
def test_a_follower_has_loops_of_its_own_where_no_loop_finishes_elements() -> None:
    weight, rows = draw(0, 395, 5), draw(1, 16, 395)
    y = graph.relu(graph.matmul(graph.input((16, 395)), weight))
    expected = np.maximum(rows.astype(np.float64) @ weight.astype(np.float64), 0)
    (call,) = assert_right(y, [rows], [expected], kernels=(1, 2)).calls
    assert "reverse_compute_at" not in call.schedule.trace.to_python()
    assert call.schedule.blocks == ["C", "relu_1"]


def test_a_long_sum_is_followed_by_its_bias() -> None:
    weight, bias, rows = draw(0, 1024, 48), draw(1, 48), draw(2, 40, 1024)
    y = graph.tanh(graph.dense(graph.input((40, 1024)), weight, bias))
    expected = np.tanh(rows.astype(np.float64) @ weight.astype(np.float64) + bias)
    assert_right(y, [rows], [expected], kernels=(1, 3))


def test_residual_block() -> None:
    x = graph.input((1, 6, 9, 9))
    weights, biases, image = [draw(n, 6, 6, 3, 3) for n in (0, 1)], [draw(2, 6), draw(3, 6)], None
    inner = graph.relu(graph.conv2d(x, weights[0], biases[0]))
    y = graph.relu(graph.add(graph.conv2d(inner, weights[1], biases[1]), x))
    image = draw(4, 1, 6, 9, 9)
    b1, b2 = (b.reshape(-1, 1, 1) for b in biases)
    hidden = np.maximum(conv2d(image, weights[0], 1, (1, 1, 1, 1)) + b1, 0)
    expected = np.maximum(
        conv2d(hidden, weights[1].astype(np.float64), 1, (1,) * 4) + b2 + image, 0
    )
    assert_right(y, [image], [expected], kernels=(2, 7))


def test_a_head_pools_and_classifies() -> None:
    x = graph.input((2, 8, 5, 5))
    weight, bias, image = draw(0, 8, 10), draw(1, 10), draw(2, 2, 8, 5, 5)
    y = graph.softmax(graph.dense(graph.mean(graph.relu(x), (2, 3)), weight, bias))
    share = np.float32(1 / 25).astype(np.float64)
    pooled = np.maximum(image.astype(np.float64), 0).sum((2, 3)) * share
    expected = softmax(pooled @ weight.astype(np.float64) + bias)
    assert_right(y, [image], [expected], kernels=(3, 6))


def test_depthwise_then_pooling() -> None:
    x = graph.input((1, 4, 9, 9))
    weight, image = draw(0, 4, 3, 3), draw(1, 1, 4, 9, 9)
    y = graph.max_pool2d(graph.relu(graph.depthwise_conv2d(x, weight)), 3, 2, 1)
    separate = [conv2d(image[:, c : c + 1], weight[None, c : c + 1], 1, (1,) * 4) for c in range(4)]
    hidden = np.pad(np.maximum(np.concatenate(separate, 1), 0), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(hidden, (3, 3), (2, 3))[:, :, ::2, ::2]
    assert_right(y, [image], [windows.max((4, 5))], kernels=(2, 3))


def test_pooling_never_sees_what_lies_outside() -> None:
    x = graph.input((1, 1, 3, 3))
    image = -np.ones((1, 1, 3, 3), "float32")
    assert (graph.compile_graph(graph.max_pool2d(x, 3, 1, 1))(image) == -1).all()


def test_a_mean_of_everything_is_a_number() -> None:
    rows = draw(0, 6, 8)
    y = graph.relu(graph.add(graph.mean(graph.input((6, 8)), (0, 1)), graph.input(())))
    share = np.float32(1 / 48).astype(np.float64)
    expected = np.asarray(np.maximum(rows.astype(np.float64).sum() * share + 2, 0))
    assert_right(y, [rows, np.array(2, "float32")], [expected], kernels=(1, 4))


def test_elements_that_move_in_one_kernel() -> None:
    x = graph.input((6, 8))
    rows = draw(0, 6, 8)
    y = graph.reshape(graph.multiply(graph.transpose(graph.relu(x), (1, 0)), 2.0), (3, -1))
    expected = (np.maximum(rows, 0).T * 2).reshape(3, 16).astype(np.float64)
    assert_right(y, [rows], [expected], kernels=(1, 4))


def test_several_outputs_one_of_which_is_read() -> None:
    x = graph.input((4, 8))
    rows = draw(0, 4, 8)
    inner = graph.relu(x)
    both = graph.Graph([inner, graph.sum(graph.multiply(inner, inner), (0, 1))])
    positive = np.maximum(rows.astype(np.float64), 0)
    assert_right(both, [rows], [positive, np.asarray((positive**2).sum())], kernels=(2, 3))


@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_agree_with_their_reference(seed: int) -> None:
    whole = random_graph(seed, 8)
    arrays = [draw(seed, SIZE, SIZE) for _ in whole.inputs]
    references = graph.reference(whole, *arrays)
    for fused in (True, False):
        results = graph.compile_graph(whole, {"name": "cpu", "preset": "explore"}, fused)(*arrays)
        results = results if isinstance(results, tuple) else (results,)
        for result, reference in zip(results, references, strict=True):
            outcome = compare(result, reference.value, reference.bound, reference.name)
            assert outcome, f"seed {seed}, fused {fused}: {outcome}"
