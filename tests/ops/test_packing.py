"""Packed operands: copies in panels that a register tile reads from end to end."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import assert_right, inputs_of, run_compiled
from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.ir.interpret import interpret
from tvmlab.lower.pipeline import lower
from tvmlab.ops import Workload


def _scheduled(workload: Workload, **changes: object) -> t.Schedule:
    template = workload.template()
    schedule = t.create_schedule(workload.tensors)
    config = {**template.default(workload.tensors), **changes}
    template.apply(schedule, config)
    return schedule


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("pack", ["both", "right", "none"])
@pytest.mark.parametrize(("m", "n", "k"), [(8, 16, 4), (13, 37, 11), (70, 34, 5)])
def test_packed_products_are_right(m: int, n: int, k: int, pack: str, transposed: bool) -> None:
    workload = ops.matmul(m, n, k, transpose_a=transposed)
    schedule = _scheduled(workload, pack=pack)
    assert ("B_cache" in schedule.blocks) == (pack != "none")
    assert ("A_cache" in schedule.blocks) == (pack == "both")
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))
    outputs = [np.full(c.extents, np.nan, c.dtype) for c in workload.tensors]
    interpret(schedule.mod, [*arrays, *outputs])
    assert_right(schedule, arrays, outputs)


def test_large_operands_are_packed_and_small_ones_are_not() -> None:
    for size, packed in ((1024, "both"), (2048, "both"), (128, "none")):
        workload = ops.matmul(size, size, size, transpose_a=True)
        assert workload.template().default(workload.tensors)["pack"] == packed
    few = ops.matmul(16, 4096, 4096)
    assert few.template().default(few.tensors)["pack"] == "none"


def test_a_packed_panel_is_read_without_division() -> None:
    """The headline: panels are indexed by loops alone, whose blocks alone are parts of another."""
    workload = ops.matmul(1024, 1024, 1024, transpose_a=True)
    text = str(lower(_scheduled(workload).mod))
    divided = re.findall(r"(\w+) (?://|%) ", text)
    assert set(divided) == {"y0x0"}
    assert "A_cache" in text


def test_a_configuration_from_before_there_was_packing_is_read() -> None:
    workload = ops.matmul(64, 64, 64)
    template = workload.template()
    config = dict(template.default(workload.tensors))
    del config["pack"]
    schedule = t.create_schedule(workload.tensors)
    template.apply(schedule, config)
    assert schedule.blocks == ["C"]


@pytest.mark.parametrize("depth", [8, 16, 1024])
@pytest.mark.parametrize(("m", "n", "k", "panel"), [(5, 70, 40, 0), (30, 130, 37, 64)])
def test_layers_are_right_whether_their_sums_are_whole_in_a_tile_or_not(
    m: int, n: int, k: int, panel: int, depth: int
) -> None:
    workload = ops.dense(m, n, k, relu=True, panel=panel)
    pack = "left" if panel else "both"
    for inner in ("rows", "columns"):
        schedule = _scheduled(
            workload, depth=min(depth, k), rows=8, columns=64, inner=inner, pack=pack
        )
        arrays = inputs_of(workload)
        assert_right(schedule, arrays, run_compiled(schedule, arrays))


def test_sums_that_are_whole_in_a_tile_reach_the_bias_in_registers() -> None:
    whole, parts = (
        str(lower(_scheduled(ops.dense(64, 256, 64), depth=depth, columns=64).mod))
        for depth in (64, 16)
    )
    assert 'scope="register"' in whole
    assert "C = allocate(float32[64, 256])" not in whole
    assert "C = allocate(float32" in parts


def test_packed_weights_are_panels_filled_up_with_zeros() -> None:
    weights = np.arange(15, dtype=np.float32).reshape(3, 5)
    panels = ops.pack_weights(weights, 4)
    assert panels.shape == (2, 3, 4)
    assert panels.flags.c_contiguous
    assert np.array_equal(panels[0], weights[:, :4])
    assert np.array_equal(panels[1, :, 0], weights[:, 4])
    assert not panels[1, :, 1:].any()


def test_a_layer_computes_the_same_from_weights_in_panels() -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.random((4, 6)), rng.random((6, 11)), rng.random(11)
    (plain,) = ops.dense(4, 11, 6).reference(x, w, b)
    (panels,) = ops.dense(4, 11, 6, panel=8).reference(x, ops.pack_weights(w, 8), b)
    assert np.array_equal(plain, panels)


@pytest.mark.parametrize(
    ("weights", "panel", "words"),
    [
        (np.zeros(3), 4, "pack_weights was given an array of shape [3]; weights have two"),
        (np.zeros((3, 4)), 0, "pack_weights was given panel=0; it is a whole number, 1 or more."),
    ],
)
def test_weights_that_cannot_be_packed(weights: np.ndarray, panel: int, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        ops.pack_weights(weights, panel)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("workload", [ops.matmul(3, 70, 160), ops.dense(1, 40, 128, relu=True)])
def test_rows_are_read_in_streams_and_their_sums_added(workload: Workload) -> None:
    schedule = _scheduled(workload, inner="streams")
    assert "C_partial" in schedule.blocks
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))


def test_streams_are_for_few_rows_and_sums_that_tasks_can_share() -> None:
    def walks(workload: Workload) -> tuple[object, ...]:
        knobs = workload.template().knobs(workload.tensors)
        return next(k.options for k in knobs if k.name == "inner")  # type: ignore[union-attr]

    assert "streams" in walks(ops.matmul(3, 64, 128))
    for other in (ops.matmul(4, 64, 128), ops.matmul(1, 64, 136), ops.dense(1, 64, 128, panel=16)):
        assert "streams" not in walks(other)
    gemv = ops.named("gemv")
    assert gemv.template().default(gemv.tensors)["inner"] == "streams"


@pytest.mark.parametrize(
    "workload",
    [
        ops.matmul(16, 200, 70),
        ops.matmul(13, 131, 40, transpose_a=True),
        ops.matmul(1, 530, 37),
        ops.dense(7, 2053, 45, relu=True),
        ops.dense(5, 64, 33),
    ],
    ids=lambda w: w.key,
)
def test_rows_are_read_in_strips_whose_sums_stand_in_tiles(workload: Workload) -> None:
    schedule = _scheduled(workload, inner="strips", depth=16, columns=128)
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))


def test_few_rows_read_what_they_multiply_once_and_where_it_stands() -> None:
    gemm = ops.named("gemm16")
    config = gemm.template().default(gemm.tensors)
    assert (config["inner"], config["tile"][0]) == ("strips", 16)
    text = str(_scheduled(gemm).mod)
    assert "B_cache" not in text
    assert 'prefetch="B@' in text
    for rows in (5, 13, 23):
        few = ops.matmul(rows, 4096, 4096)
        assert few.template().default(few.tensors)["tile"][0] == rows
    layer = ops.named("dense16")
    assert layer.template().default(layer.tensors)["inner"] == "rows"


@pytest.mark.parametrize("rows", [3, 4, 8])
@pytest.mark.parametrize("transposed", [False, True])
def test_copies_of_rows_and_of_narrow_panels_are_right(rows: int, transposed: bool) -> None:
    """37 terms of a sum and 45 rows: a square and a group of panels that are not full."""
    workload = ops.matmul(45, 32, 37, transpose_a=transposed)
    schedule = _scheduled(workload, tile=(rows, 16), pack="both")
    assert len(schedule["A_cache"].loops) == (3 if rows == 3 and not transposed else 4)
    arrays = inputs_of(workload)
    assert_right(schedule, arrays, run_compiled(schedule, arrays))
