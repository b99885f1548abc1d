"""Models from ONNX files: each operator against NumPy, and what is refused in which words."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.graph.arrays import conv2d, draw, softmax
from tests.graph.judge import assert_right
from tests.graph.onnx_models import model, node
from tvmlab import graph
from tvmlab.errors import UsageError
from tvmlab.graph.onnx_operators import ONNX_OPERATORS


def run(made: onnx.ModelProto, *arrays: np.ndarray) -> np.ndarray:
    result = graph.compile_graph(graph.import_onnx(made))(*arrays)
    assert isinstance(result, np.ndarray)
    return result


def test_a_network_from_a_file(tmp_path: Path) -> None:
    weight, bias, image = draw(0, 6, 3, 3, 3), draw(1, 6), draw(2, 1, 3, 8, 8)
    last, shift = draw(3, 10, 96), draw(4, 10)
    made = model(
        [
            node("Conv", "x w b", "c", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
            node("Relu", "c", "r"),
            node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("Flatten", "p", "f"),
            node("Gemm", "f v s", "g", transB=1),
            node("Softmax", "g", "y"),
        ],
        (1, 3, 8, 8),
        {"w": weight, "b": bias, "v": last, "s": shift},
    )
    path = tmp_path / "tiny.onnx"
    onnx.save(made, path)
    hidden = np.maximum(conv2d(image, weight, 1, (1,) * 4) + bias.reshape(-1, 1, 1), 0)
    pooled = hidden.reshape(1, 6, 4, 2, 4, 2).max((3, 5)).reshape(1, -1)
    expected = softmax(pooled @ last.T.astype(np.float64) + shift)
    assert_right(graph.import_onnx(path), [image], [expected], kernels=(5, 8))


X = draw(9, 2, 3, 4, 5)
MATRIX = draw(9, 6, 8)
CHANNEL = {name: draw(n, 3) for n, name in enumerate("sbm")} | {"v": np.abs(draw(5, 3))}


def channel(name: str) -> np.ndarray:
    return CHANNEL[name].reshape(-1, 1, 1).astype(np.float64)


def each_channel(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    parts = [conv2d(x[:, c : c + 1], weight[c : c + 1], 1, (0,) * 4) for c in range(len(weight))]
    return np.concatenate(parts, axis=1)


CASES = {
    "Add": (node("Add", "x k"), X, {"k": draw(0, 4, 5)}, X + draw(0, 4, 5)),
    "Sub": (node("Sub", "k x"), X, {"k": draw(0, 3, 1, 1)}, draw(0, 3, 1, 1) - X),
    "Mul": (node("Mul", "x x"), X, {}, X * X),
    "Div": (node("Div", "x k"), X, {"k": np.full(1, 3, "f4")}, X / 3),
    "Relu": (node("Relu", "x"), X, {}, np.maximum(X, 0)),
    "Sigmoid": (node("Sigmoid", "x"), X, {}, 1 / (1 + np.exp(-X))),
    "Tanh": (node("Tanh", "x"), X, {}, np.tanh(X)),
    "MatMul": (node("MatMul", "x k"), MATRIX, {"k": draw(0, 8, 3)}, MATRIX @ draw(0, 8, 3)),
    "Gemm": (
        node("Gemm", "x k c", alpha=0.5, beta=2.0, transA=1),
        MATRIX,
        {"k": draw(0, 6, 3), "c": draw(1, 3)},
        0.5 * (MATRIX.T @ draw(0, 6, 3)) + 2 * draw(1, 3),
    ),
    "Conv": (
        node("Conv", "x k", strides=[2, 2], auto_pad="SAME_UPPER"),
        X,
        {"k": draw(0, 4, 3, 3, 3)},
        conv2d(X, draw(0, 4, 3, 3, 3), 2, (0, 1, 1, 1)),
    ),
    "Conv of each channel": (
        node("Conv", "x k", group=3),
        X,
        {"k": draw(0, 3, 1, 2, 2)},
        each_channel(X, draw(0, 3, 1, 2, 2)),
    ),
    "MaxPool": (
        node("MaxPool", "x", kernel_shape=[4, 5]), X, {}, X.max((2, 3), keepdims=True)
    ),
    "GlobalAveragePool": (node("GlobalAveragePool", "x"), X, {}, X.mean((2, 3), keepdims=True)),
    "BatchNormalization": (
        node("BatchNormalization", "x s b m v", epsilon=0.1),
        X,
        CHANNEL,
        (X - channel("m")) / np.sqrt(channel("v") + 0.1) * channel("s") + channel("b"),
    ),
    "Softmax": (node("Softmax", "x", axis=1), MATRIX, {}, softmax(MATRIX)),
    "Flatten": (node("Flatten", "x", axis=2), X, {}, X.reshape(6, 20)),
    "Reshape": (node("Reshape", "x k"), X, {"k": np.array([0, -1, 10])}, X.reshape(2, 6, 10)),
    "Transpose": (node("Transpose", "x", perm=[0, 2, 3, 1]), X, {}, X.transpose(0, 2, 3, 1)),
    "Transpose by default": (node("Transpose", "x"), MATRIX, {}, MATRIX.T),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_operator_means_what_onnx_says(name: str) -> None:
    made, given, constants, expected = CASES[name]
    result = run(model([made], given.shape, constants), given)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_every_operator_is_tried() -> None:
    assert {name.split(" ")[0] for name in CASES} | {"Identity"} == set(ONNX_OPERATORS)


def test_constants_may_be_nodes_and_names_may_be_anything() -> None:
    two = helper.make_tensor("value", onnx.TensorProto.FLOAT, [1], [2.0])
    nodes = [
        helper.make_node("Constant", [], ["two"], value=two),
        node("Identity", "x", "same"),
        node("Mul", "same two"),
    ]
    made = model(nodes, (4,))
    made.graph.input[0].name = made.graph.node[1].input[0] = "0.data"
    whole = graph.import_onnx(made)
    assert [n.name for n in whole.inputs] == ["_0_data"]
    assert (graph.compile_graph(whole)(np.ones(4, "f4")) == 2).all()


def test_open_dimensions_are_given_by_name() -> None:
    made = model([node("Relu", "x")], ("batch", 4))
    whole = graph.import_onnx(made, dimensions={"batch": 3})
    assert whole.outputs[0].shape == (3, 4)


BAD = {
    "operator": (
        model([node("LSTM", "x x x")], (2, 2, 2)),
        r"the node 'y' \(LSTM\) is an operator that cannot be imported; those that can are Add, ",
    ),
    "domain": (
        model([node("Relu", "x", domain="com.microsoft")], (2,)),
        r"\(Relu\) is an operator of com.microsoft that cannot be imported",
    ),
    "attribute value": (
        model([node("Conv", "x k", dilations=[2, 2])], X.shape, {"k": draw(0, 3, 3, 2, 2)}),
        r"\(Conv\) cannot be imported: dilations=\[2, 2\] is not supported; it may be \[1, 1\]",
    ),
    "attribute of an early version": (
        model([node("Add", "x k", broadcast=1)], X.shape, {"k": draw(0, 5)}, version=6),
        r"\(Add\) has the attribute broadcast, which cannot be imported; export without it",
    ),
    "groups": (
        model([node("Conv", "x k", group=2)], (1, 4, 5, 5), {"k": draw(0, 6, 2, 3, 3)}),
        r"6 kernels of 2 channels in 2 groups are not supported",
    ),
    "convolution of volumes": (
        model([node("Conv", "x k")], (1, 2, 4, 4, 4), {"k": draw(0, 2, 2, 3, 3, 3)}),
        r"a kernel of 3 dimensions is not supported; 2 are",
    ),
    "pooling of lines": (
        model([node("MaxPool", "x", kernel_shape=[2])], (1, 2, 4)),
        r"a window of 1 dimensions is not supported; 2 are",
    ),
    "another attribute value": (
        model([node("Reshape", "x k", allowzero=1)], X.shape, {"k": np.array([2, 60])}),
        r"allowzero=1 is not supported; it may be 0",
    ),
    "open dimension": (
        model([node("Relu", "x")], ("N", 4)),
        r"dimension 0 of the model's input 'x' is open; say how large it is with "
        r"dimensions=\{'N': 1\}",
    ),
    "further output": (
        model([helper.make_node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2])], X.shape),
        r"has the further output 'i', which cannot be imported",
    ),
    "shape that is computed": (
        model([node("Identity", "x", "k"), node("Reshape", "x k")], (2,)),
        r"its shape is not a constant",
    ),
    "shapes that do not fit": (
        model([node("MatMul", "x k")], (2, 3), {"k": draw(0, 4, 5)}),
        r"\(MatMul\) cannot be imported: matmul takes B of shape \[3, 5\]",
    ),
    "softmax of columns": (
        model([node("Softmax", "x", axis=0)], (2, 3)),
        r"axis=0 is not supported; it may be -1 or 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_imported_is_refused_in_one_sentence(name: str) -> None:
    made, words = BAD[name]
    with pytest.raises(UsageError, match=words):
        graph.import_onnx(made)


def test_what_the_checker_refuses_is_told_in_its_words() -> None:
    made = model([node("Relu", "x", slope=0.1)], (2,))
    with pytest.raises(UsageError, match=r"damaged, or no ONNX model: .*slope"):
        graph.import_onnx(made)


def test_inputs_that_are_no_arrays() -> None:
    made = model([node("Relu", "x")], (2,))
    made.graph.input[0].type.sequence_type.elem_type.tensor_type.elem_type = 1
    with pytest.raises(UsageError, match="the model's input 'x' is no array"):
        graph.import_onnx(made)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone.onnx cannot be read: No such file"):
        graph.import_onnx(tmp_path / "gone.onnx")
    path = tmp_path / "text.onnx"
    path.write_text("this is a text")
    with pytest.raises(UsageError, match=r"text.onnx is damaged, or no ONNX model"):
        graph.import_onnx(str(path))


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match=r"install tvmlab\[onnx\]"):
        graph.import_onnx("model.onnx")
