"""Every operator computes what its NumPy reference says, and knows its sizes."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from tests.ops.shapes import SMALL, assert_right, inputs_of, label, run_compiled, scheduled
from tvmlab import ops
from tvmlab.ops import Workload
from tvmlab.ops.pointwise import FUNCTIONS
from tvmlab.te.graph import stages
from tvmlab.te.serial import from_json, to_json, workload_hash


@pytest.mark.parametrize("workload", SMALL, ids=label)
def test_the_expression_is_the_reference(workload: Workload) -> None:
    arrays = inputs_of(workload)
    assert_right(workload, arrays, workload.reference(*arrays))


@pytest.mark.parametrize("workload", SMALL, ids=label)
def test_the_key_is_that_of_the_expression_in_any_process(workload: Workload) -> None:
    assert workload.key == workload_hash(to_json(from_json(to_json(workload.tensors))))


def test_the_headline_is_the_documented_expression() -> None:
    workload = ops.named("headline")
    (c,) = workload.tensors
    assert [t.name for t in (*workload.inputs, c)] == ["A", "B", "C"]
    assert [a.name for a in (*c.axes, *c.reduce_axes)] == ["y", "x", "k"]
    assert repr(c.body.values[0]) == "(A[k, y] * B[k, x])"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("workload", "flops", "size_bytes"),
    [
        (ops.matmul(2, 3, 5), 60, 4 * (10 + 15 + 6)),
        (ops.matmul(2, 3, 5, dtype="float64"), 60, 8 * (10 + 15 + 6)),
        (ops.named("headline"), 2 * 1024**3, 12 * 1024**2),
        (ops.named("C6"), 231_211_008, 4 * (2 * 128 * 28 * 28 + 128 * 128 * 9)),
        (ops.named("C1"), 236_027_904, 4 * (3 * 224**2 + 64 * 147 + 64 * 112**2)),
        (ops.named("D7"), 1_806_336, 4 * (2 * 512 * 196 + 512 * 9)),
        (ops.named("softmax"), 5 << 22, 8 << 22),
        (ops.named("chain"), 3 << 24, 16 << 24),
    ],
    ids=lambda v: label(v) if isinstance(v, Workload) else str(v),
)
def test_operations_and_bytes(workload: Workload, flops: int, size_bytes: int) -> None:
    assert (workload.flops, workload.bytes) == (flops, size_bytes)
    assert workload.intensity == flops / size_bytes


@pytest.mark.parametrize(
    ("number", "gflop"),
    # table 1 of arXiv 1805.08166
    list(
        enumerate(
            (
                0.236,
                0.2312,
                0.0257,
                0.1156,
                0.0128,
                0.2312,
                0.1156,
                0.0128,
                0.2312,
                0.1156,
                0.0128,
                0.2312,
            ),
            1,
        )
    ),
)
def test_the_layers_of_resnet_have_the_operations_of_the_paper(number: int, gflop: float) -> None:
    assert round(ops.named(f"C{number}").flops / 1e9, 4) == gflop


@pytest.mark.parametrize("name", ops.NAMED)
def test_named_workloads_keep_or_halve_their_images(name: str) -> None:
    workload = ops.named(name)
    if workload.name in ("conv2d", "depthwise_conv2d"):
        side = -(-workload.args["height"] // workload.args["stride"])
        assert workload.tensors[0].extents[2:] == (side, side)


def test_references_take_lists_and_give_the_output_dtype() -> None:
    workload = ops.matmul(2, 2, 2)
    (product,) = workload.reference([[1, 2], [3, 4]], [[1, 0], [0, 1]])  # type: ignore[arg-type]
    assert product.dtype == np.float32
    assert product.tolist() == [[1, 2], [3, 4]]


def test_references_add_up_in_float64() -> None:
    workload = ops.matmul(1, 1, 3)
    row, column = np.array([[1e8, 1, -1e8]], np.float32), np.ones((3, 1), np.float32)
    assert workload.reference(row, column)[0].item() == 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_its_reference(function: str) -> None:
    workload = ops.pointwise((3, 7), function)
    arrays = inputs_of(workload)
    assert_right(workload, arrays, workload.reference(*arrays))


def test_indices_beyond_an_array_mean_its_ends() -> None:
    workload = ops.gather((3, 2), (4,))
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    (found,) = workload.reference(rows, np.array([-5, 0, 2, 9], np.int32))
    assert found.tolist() == [[0, 1], [0, 1], [4, 5], [4, 5]]
    template = workload.template()
    schedule = scheduled(workload, template, template.default(workload.tensors))
    (made,) = run_compiled(schedule, [rows, np.array([-5, 0, 2, 9], np.int32)])
    assert made.tolist() == found.tolist()


def test_a_transposed_convolution_multiplies_no_zeros_between_elements() -> None:
    workload = ops.conv2d_transpose(1, 2, 4, 4, 3, 4, 2, 1)
    (sums,) = (t for t in stages(workload.tensors) if t.reduce_axes)
    assert prod(sums.extents) * prod(a.count for a in sums.reduce_axes) == workload.flops // 2
