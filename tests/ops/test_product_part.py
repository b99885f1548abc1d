"""Convolutions as products of matrices: right whichever thread comes first, and never laid out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.ops.shapes import assert_right, inputs_of, run_compiled, scheduled
from tests.ops.test_matrix_part import MACHINE, judge
from tvmlab import ops
from tvmlab.ops import Workload
from tvmlab.ops.gpu.contraction import Contraction
from tvmlab.ops.gpu.product_part import ProductPart
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.tune.sketches import sketches_for


@pytest.mark.parametrize(
    ("workload", "name", "executed"),
    [
        (ops.conv2d(2, 3, 7, 9, 12, 3, stride=2, dtype="float16"), "gpu/cuda", {"mma_f16"}),
        (ops.conv2d_bias_relu(1, 8, 8, 8, 16, 3, dtype="int8"), "gpu/cuda", {"mma_t_s8"}),
        (ops.conv2d(1, 32, 4, 8, 16, 1, dtype="bfloat16"), "gpu/cuda", {"mma_bf16"}),
        (ops.conv2d_bias_relu(1, 4, 5, 8, 9, 3), "gpu/cuda/products", set()),
        (ops.conv2d(2, 3, 7, 9, 12, (3, 2), dilation=2), "gpu/opencl/products", set()),
        (ops.conv2d(1, 8, 5, 7, 26, 3, groups=2, dtype="float16"), "gpu/cuda", {"mma_f16"}),
        (
            ops.conv2d_bias_relu(1, 16, 4, 4, 32, 1, groups=2, dtype="bfloat16"),
            "gpu/cuda",
            {"mma_bf16"},
        ),
    ],
    ids=["uneven", "followed", "pointwise", "float32", "opencl", "groups", "groups followed"],
)
def test_products_are_the_convolution(workload: Workload, name: str, executed: set[str]) -> None:
    template = ops.template_named(name)
    schedule = scheduled(workload, template, template.default(workload.tensors))
    assert executed <= judge(schedule, workload, inputs_of(workload))
    scopes = Counter(b.scope for b in schedule.mod.buffers)
    assert scopes["shared"] >= 2
    assert not scopes["global"], "windows are laid out tile by tile"


def test_a_convolution_of_narrow_numbers_runs_on_tensor_cores() -> None:
    workload = ops.conv2d(16, 64, 56, 56, 64, 3, dtype="float16")
    template = workload.template("cuda")
    assert template.name == "gpu/cuda"
    schedule = scheduled(workload, template, template.default(workload.tensors))
    text = MACHINE.emit(MACHINE.lower(schedule.mod))
    (used,) = MACHINE.resources(text)
    assert used.local_bytes == used.spill_store_bytes == 0
    assert "HMMA.16816" in MACHINE.code(text, "sass")


def test_which_folds_are_products() -> None:
    def of(workload: Workload) -> Contraction | None:
        return Contraction.of(workload.tensors[0])

    found = of(ops.conv2d(2, 3, 8, 8, 4, 3))
    assert found is not None
    assert found.extents == (4, 128, 27)
    assert [a.name for a in found.right.axes] == ["n", "oh", "ow"]
    apart = of(ops.conv2d(2, 4, 8, 8, 6, 3, groups=2))
    assert apart is not None
    assert apart.groups is not None
    assert (apart.groups.size, apart.extents) == (3, (3, 128, 18)), "two products side by side"
    assert of(ops.conv2d(2, 4, 8, 8, 4, 3, groups=4)) is None, "one row for each group"
    assert of(ops.batch_matmul(2, 8, 8, 8)) is None
    assert of(ops.depthwise_conv2d(1, 4, 8, 8, 3)) is None
    assert of(ops.conv2d(1, 3, 8, 8, 1, 3)) is None, "one row"
    (plain,) = ops.matmul(8, 8, 8).tensors
    assert ProductPart.of(plain, "C", UNITS["cuda"]) is None, "it is one as it stands"


@pytest.mark.parametrize("target", UNITS)
def test_rules_propose_it(target: str) -> None:
    workload: Any = ops.conv2d(2, 3, 6, 6, 8, 3)
    found = sketches_for(target, workload.tensors)
    (title,) = [title for title in found if title.startswith("product(C)")]
    schedule = scheduled(workload, found[title], found[title].default(workload.tensors))
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))
