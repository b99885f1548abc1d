"""Every configuration of every template is legal and right; the spaces are what they were."""

from __future__ import annotations

import random
from math import prod

import numpy as np
import pytest

from tests.ops.shapes import SMALL, assert_right, inputs_of, label, run_compiled, scheduled
from tvmlab import ops
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For, Program
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.ops import AVX2, AVX512, NEON, ScheduleTemplate, Workload
from tvmlab.schedule import create_schedule
from tvmlab.tune.space import Space

CONFIGS = 20


def generic(vectors: ops.VectorUnit = AVX512) -> ScheduleTemplate:
    return ops.template_named(f"generic/cpu/{vectors}")


def draw(template: ScheduleTemplate, workload: Workload, count: int) -> list[dict]:
    """The default and `count` random configurations, the same in every run."""
    rng = random.Random(label(workload))
    knobs = template.knobs(workload.tensors)
    drawn = [{knob.name: rng.choice(knob.options) for knob in knobs} for _ in range(count)]
    return [template.default(workload.tensors), *drawn]


@pytest.mark.parametrize("make", [lambda w: w.template(), lambda w: generic()], ids=["own", "any"])
@pytest.mark.parametrize("workload", SMALL, ids=label)
def test_random_configurations_are_legal_and_mean_the_same(workload: Workload, make) -> None:
    template = make(workload)
    arrays = inputs_of(workload)
    for config in draw(template, workload, CONFIGS):
        schedule = scheduled(workload, template, config)
        outputs = [np.full(t.extents, np.nan, t.dtype) for t in workload.tensors]
        interpret(schedule.mod, [*arrays, *outputs])
        assert_right(schedule, arrays, outputs)


@pytest.mark.parametrize("make", [lambda w: w.template(), lambda w: generic()], ids=["own", "any"])
@pytest.mark.parametrize("workload", SMALL, ids=label)
def test_compiled_configurations_are_right(workload: Workload, make) -> None:
    template = make(workload)
    arrays = inputs_of(workload)
    for config in draw(template, workload, 2):
        schedule = scheduled(workload, template, config)
        assert_right(schedule, arrays, run_compiled(schedule, arrays))


@pytest.mark.parametrize(
    "name", ["headline", "C1", "C6", "C11", "C12", "D2", "D7", "softmax", "blur"]
)
def test_configurations_of_real_sizes_are_legal(name: str) -> None:
    workload = ops.named(name)
    for template in (workload.template(), generic(), workload.template(vectors=AVX2)):
        for config in draw(template, workload, CONFIGS):
            scheduled(workload, template, config)


@pytest.mark.parametrize(
    "name", ["headline", "C6", "D7", "softmax", "chain", "transpose", "row_sum", "blur"]
)
def test_defaults_are_right_at_real_sizes(name: str) -> None:
    workload = ops.named(name)
    template = workload.template()
    arrays = inputs_of(workload)
    (output,) = run_compiled(
        scheduled(workload, template, template.default(workload.tensors)), arrays
    )
    (expected,) = workload.reference(*arrays)
    scale = np.abs(expected).max()
    assert np.abs(output - expected).max() <= 1e-5 * scale


@pytest.mark.parametrize(
    ("name", "own", "any_expression"),
    [
        ("headline", 176_400, 12_495),
        ("C6", 617_472, 284_000),
        ("C12", 403_200, 243_000),
        ("D7", 4_860, 28_800),
        ("softmax", 34_560, 1_234_800),
        ("chain", 1_248, 182),
    ],
)
def test_sizes_of_the_spaces(name: str, own: int, any_expression: int) -> None:
    workload = ops.named(name)
    for template, size in ((workload.template(), own), (generic(), any_expression)):
        assert prod(len(k.options) for k in template.knobs(workload.tensors)) == size


@pytest.mark.parametrize("vectors", [AVX512, AVX2, NEON], ids=str)
@pytest.mark.parametrize("name", ["headline", "C6", "C12", "D7"])
def test_register_tiles_fit_the_registers(name: str, vectors: ops.VectorUnit) -> None:
    workload = ops.named(name)
    template = workload.template(vectors=vectors)
    (tile,) = (k for k in template.knobs(workload.tensors) if k.name == "tile")
    assert len(tile.options) > 8
    for *rows, lanes in tile.options:
        count = vectors.vectors(lanes, 4)
        assert prod(rows) * count + count + 1 <= vectors.registers


@pytest.mark.parametrize("name", ops.NAMED)
def test_defaults_are_options_and_keep_vectors_and_threads_busy(name: str) -> None:
    workload = ops.named(name)
    template = workload.template()
    config = template.default(workload.tensors)
    space = Space(template.knobs(workload.tensors), lambda c: [])
    assert space.config(space.digits(config)) == config
    kinds = loops_by_kind(scheduled(workload, template, config).mod)
    assert kinds["vectorized"] >= 7
    assert kinds["parallel"] >= 4


def loops_by_kind(program: Program) -> dict[str, int]:
    """The largest extent of the loops of each kind."""
    found: dict[str, int] = {}
    for loop in stmts(program.body):
        if isinstance(loop, For):
            found[loop.kind] = max(found.get(loop.kind, 0), int(loop.extent))  # type: ignore[arg-type]
    return found


def test_the_trace_reads_as_one_would_write_it() -> None:
    workload = ops.named("headline")
    template = workload.template()
    schedule = create_schedule(workload.tensors)
    config = {
        "tile": (8, 32), "rows": 128, "columns": 64, "depth": 256, "inner": "rows",
        "parallel": True,
    }  # fmt: skip
    template.apply(schedule, config)
    assert schedule.trace.to_python().splitlines() == [
        'y0, y1, y2 = s["C"].split("y", factors=[None, 16, 8])',
        'x0, x1, x2 = s["C"].split("x", factors=[None, 2, 32])',
        'ko, ki = s["C"].split("k", 256)',
        's["C"].reorder("y0", "x0", "ko", "x1", "y1", "ki", "y2", "x2")',
        'y0x0 = s["C"].fuse("y0", "x0")',
        's["C"].vectorize("x2")',
        's["C"].unroll("y2")',
        's["C"].parallel("y0x0")',
    ]


def test_parts_of_one_iteration_make_no_loops() -> None:
    workload = ops.matmul(1, 8, 4)
    template = workload.template()
    schedule = scheduled(workload, template, template.default(workload.tensors))
    assert [str(step) for step in schedule.trace.steps] == [
        's["C"].reorder("y", "k", "x")',
        's["C"].vectorize("x")',
        's["C"].parallel("y")',
    ]


def test_softmax_goes_through_all_blocks_row_by_row() -> None:
    workload = ops.named("softmax")
    template = workload.template()
    schedule = scheduled(workload, template, template.default(workload.tensors))
    around = {block: schedule[block].loops[:2] for block in schedule.blocks}
    assert list(around) == ["M_partial", "M", "E", "S_partial", "S", "R", "Y"]
    assert {str(loops[0]) for loops in around.values()} == {"i0"}
    assert len({str(loops[1]) for loops in around.values()}) == 1


def test_zeros_are_made_where_they_are_met_or_before() -> None:
    workload = ops.named("D7")
    template = workload.template()
    config = template.default(workload.tensors)
    assert scheduled(workload, template, config).blocks == ["C"]
    for zeros, first in (("channel", ("nco", "ci")), ("before", ("nc", "h"))):
        schedule = scheduled(workload, template, {**config, "zeros": zeros})
        assert schedule["P"].loops[:2] == first


def test_what_follows_the_sums_is_done_in_registers() -> None:
    workload = ops.named("depthwise_bn_relu")
    template = workload.template()
    schedule = scheduled(workload, template, template.default(workload.tensors))
    assert [b.name for b in lower(schedule.mod).buffers] == []


def test_no_zeros_no_stage_for_them() -> None:
    assert create_schedule(ops.named("C3").tensors).blocks == ["C"]
    assert create_schedule(ops.named("C6").tensors).blocks == ["P", "C"]
    assert create_schedule(ops.named("softmax").tensors).blocks == ["M", "E", "S", "R", "Y"]
