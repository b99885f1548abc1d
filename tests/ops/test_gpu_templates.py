"""Templates for processors with many threads: legal and right for any size, run by turns here."""

from __future__ import annotations

import random
from math import prod

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import SMALL, assert_right, inputs_of, label, run_compiled, scheduled
from tvmlab import ops
from tvmlab.errors import ScheduleError
from tvmlab.ir.axis import axis_of, kernels
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For
from tvmlab.ir.walk import blocks_with_loops, stmts
from tvmlab.ops import Workload
from tvmlab.ops.gpu.template import GpuTemplate
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.schedule import Schedule


def of_each_operator() -> list[Workload]:
    """The second and the last small workload of every operator: odd sizes, and ones."""
    found: dict[str, list[Workload]] = {}
    for workload in SMALL:
        found.setdefault(workload.name, []).append(workload)
    return [w for each in found.values() for w in ([each[1], each[-1]] if each[2:] else each)]


def drawn(workload: Workload, target: str) -> Schedule:
    """The schedule of a random configuration, the same in every run."""
    template = workload.template(target)
    rng = random.Random(label(workload))
    config = {knob.name: rng.choice(knob.options) for knob in template.knobs(workload.tensors)}
    return scheduled(workload, template, config)


@pytest.mark.parametrize("workload", of_each_operator(), ids=label)
def test_every_operator_has_a_template_whose_configurations_are_right(workload: Workload) -> None:
    template = workload.template("opencl")
    schedule = scheduled(workload, template, template.default(workload.tensors))
    for block, around in blocks_with_loops(schedule.mod.body):
        assert any(axis_of(loop) for loop in around), f"{block.name} is in no kernel"
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))
    other = drawn(workload, "opencl")
    outputs = [np.full(t.extents, np.nan, t.dtype) for t in workload.tensors]
    interpret(other.mod, [*arrays, *outputs])
    assert_right(other, arrays, outputs)


@pytest.mark.parametrize(
    ("workload", "kernels_made", "scopes"),
    [
        (ops.matmul(64, 64, 64), 1, {"local": 1, "shared": 2}),
        (ops.conv2d_bias_relu(1, 8, 14, 14, 16, 3), 1, {"local": 1, "shared": 2}),
        (ops.softmax(8, 64), 1, {"shared": 5}),
        (ops.layer_norm(8, 64), 1, {"shared": 5}),
        (ops.reduce((8, 64)), 1, {"shared": 1}),
        (ops.transpose((64, 48)), 1, {"shared": 1}),
        (ops.multiply_add_relu(256), 1, {}),
        (ops.depthwise_bn_relu(1, 8, 16, 16, 3), 1, {"local": 1, "shared": 2}),
    ],
    ids=lambda value: value.name if isinstance(value, Workload) else "",
)
def test_what_one_kernel_keeps_near(
    workload: Workload, kernels_made: int, scopes: dict[str, int]
) -> None:
    template = workload.template("opencl")
    schedule = scheduled(workload, template, template.default(workload.tensors))
    assert len(list(kernels(schedule.mod.body))) == kernels_made
    found = [b.scope for b in schedule.mod.buffers if b.scope != "global"]
    assert {scope: found.count(scope) for scope in set(found)} == scopes


@pytest.mark.parametrize("target", UNITS)
@pytest.mark.parametrize("name", ["headline", "C6", "D7", "softmax"])
def test_configurations_of_real_sizes_are_legal(name: str, target: str) -> None:
    workload = ops.named(name)
    template = ops.template_named(f"gpu/{target}")
    scheduled(workload, template, template.default(workload.tensors))
    rng = random.Random(name)
    knobs = template.knobs(workload.tensors)
    schedule = scheduled(workload, template, {k.name: rng.choice(k.options) for k in knobs})
    for kernel in kernels(schedule.mod.body):
        bound = {axis_of(f): f.extent for f in stmts(kernel) if isinstance(f, For)}
        threads = [n for axis, n in bound.items() if axis and axis.startswith("thread")]
        assert prod(n for n in threads if isinstance(n, int)) <= UNITS[target].threads


def test_a_fold_that_is_shared_out_among_blocks_is_right() -> None:
    workload = ops.matmul(8, 16, 512)
    template = workload.template("cuda")
    config = template.default(workload.tensors) | {"C.shares": 4}
    schedule = scheduled(workload, template, config)
    assert len(list(kernels(schedule.mod.body))) == 2
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))


def test_the_cuda_space_of_a_layer_is_as_large_as_autotvms() -> None:
    """220 ways to cut 512 channels in four, 4 for 7 rows and columns, 55 for 512 in three."""
    workload = ops.named("C12")
    template = workload.template("cuda")
    sizes = [len(knob.options) for knob in template.knobs(workload.tensors)]
    assert sizes == [220, 4, 4, 55, 3, 3, 3, 2]
    assert prod(sizes) == 10_454_400


def test_points_of_autotvms_space_are_right_or_refused_in_words() -> None:
    workload = ops.conv2d(2, 6, 7, 7, 8, 3)
    template = workload.template("cuda")
    arrays = inputs_of(workload)
    for config in (
        template.default(workload.tensors),
        {"tile_f": (2, 2, 1, 2), "tile_y": (1, 7, 1, 1), "tile_x": (1, 1, 7, 1),
         "tile_rc": (2, 3, 1), "tile_ry": (3, 1, 1), "tile_rx": (1, 3, 1),
         "auto_unroll_max_step": 0, "unroll_explicit": 0},
    ):  # fmt: skip
        schedule = scheduled(workload, template, config)
        assert_right(schedule, arrays, run_compiled(schedule, arrays))
    wide = ops.named("C6")
    config = wide.template("cuda").default(wide.tensors) | {"tile_f": (1, 1, 128, 1)}
    with pytest.raises(ScheduleError, match="more than the 64 of threadIdx"):
        scheduled(wide, wide.template("cuda"), config)


def test_sizes_known_only_at_a_call_are_told() -> None:
    m, k = t.var("m"), t.reduce_axis((0, 8), name="k")
    a, b = t.placeholder((m, 8), name="A"), t.placeholder((8, 16), name="B")
    c = t.compute((m, 16), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    template = GpuTemplate(device="opencl")
    schedule = t.create_schedule(c)
    for plan in (template.knobs, template.default):
        with pytest.raises(t.UsageError, match=r"m of the shapes .*; give it t\.specialise"):
            plan([c])
    with pytest.raises(t.UsageError, match="known only at a call"):
        template.apply(schedule, {})
