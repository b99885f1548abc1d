"""Convolutions whose vectors run over output channels, in every shape of tile and of image."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import assert_right, inputs_of, label, run_compiled
from tvmlab import ops
from tvmlab.analysis.constant_part import halves
from tvmlab.ir.interpret import interpret
from tvmlab.ops import AVX2, AVX512, ScheduleTemplate, VectorUnit, Workload, recognise
from tvmlab.te.promise import promise_constants
from tvmlab.te.serial import from_json, to_json

WAYS = 4

SIZES = [
    ops.conv2d(1, 16, 7, 7, 32, 3),
    ops.conv2d(2, 8, 5, 9, 48, 3, stride=2),
    ops.conv2d(1, 12, 6, 13, 32, 3, padding=(0, 2, 1, 0), dilation=2),
    ops.conv2d(1, 8, 9, 4, 64, (1, 3), groups=2),
    ops.conv2d(1, 5, 6, 6, 16, 1),
    ops.conv2d(1, 4, 1, 1, 16, 1, padding="VALID"),
    ops.conv2d(1, 8, 6, 6, 8, 5, dtype="float64"),
    ops.conv2d_bias_relu(1, 16, 6, 7, 16, 3),
    ops.conv2d_bias_relu(1, 8, 5, 5, 32, 3, stride=2, groups=2),
]


def scheduled(workload: Workload, template: ScheduleTemplate, **changes: object) -> t.Schedule:
    schedule = t.create_schedule(workload.tensors)
    template.apply(schedule, {**template.default(workload.tensors), **changes})
    return schedule


def by_channels(workload: Workload, template: ScheduleTemplate) -> list[tuple[int, ...]]:
    """The tiles of this form."""
    knobs = {knob.name: knob.options for knob in template.knobs(workload.tensors)}
    return [tile for tile in knobs["tile"] if len(tile) == 4]


@pytest.mark.parametrize("vectors", [AVX512, AVX2], ids=str)
@pytest.mark.parametrize("workload", SIZES, ids=label)
def test_every_way_to_lay_out_is_right(workload: Workload, vectors: VectorUnit) -> None:
    template = workload.template("cpu", vectors)
    tiles = by_channels(workload, template)
    assert tiles
    knobs = {knob.name: knob.options for knob in template.knobs(workload.tensors)}
    arrays = inputs_of(workload)
    every = list(product(tiles, knobs["weights"], knobs["unroll"], knobs["depth"]))
    ways = random.Random(label(workload)).sample(every, min(WAYS, len(every)))
    for n, (tile, weights, unroll, depth) in enumerate(ways):
        schedule = scheduled(
            workload, template, tile=tile, weights=weights, unroll=unroll, depth=depth
        )
        assert_right(schedule, arrays, run_compiled(schedule, arrays))
        if n == 0:
            outputs = [np.full(c.extents, np.nan, c.dtype) for c in workload.tensors]
            interpret(schedule.mod, [*arrays, *outputs])
            assert_right(schedule, arrays, outputs)


def test_zeros_beside_the_image_are_left_out() -> None:
    workload = SIZES[0]
    tile = by_channels(workload, workload.template())[0]
    schedule = scheduled(workload, workload.template(), tile=tile)
    assert schedule.blocks == ["W_cache", "C", "C_reindex"]
    assert "skip_zeros" in str(schedule.trace.to_json())


def test_weights_that_may_be_infinite_meet_the_zeros() -> None:
    promised = ops.conv2d(1, 16, 4, 4, 32, 3)
    (made,) = from_json(_without_promise(to_json(promised.tensors)))
    found = recognise(made)
    assert found is not None
    assert found.name == "conv2d"
    template = promised.template()
    schedule = t.create_schedule(made)
    tile = by_channels(promised, template)[0]
    template.apply(schedule, {**template.default([made]), "tile": tile})
    arrays = inputs_of(promised)
    arrays[1][0] = np.inf
    outputs = run_compiled(schedule, arrays)
    assert np.isnan(outputs[0][0, 0, 0, 0]), "zero times infinity"


def _without_promise(workload: dict) -> dict:
    tensors = [{k: v for k, v in each.items() if k != "finite"} for each in workload["tensors"]]
    return {**workload, "tensors": tensors}


def test_weights_that_stay_the_same_are_laid_out_first() -> None:
    (plain,) = ops.conv2d(1, 32, 5, 5, 64, 3).tensors
    (fixed,) = promise_constants([plain], ["W"])
    template = ops.template_for([fixed])
    config = template.default([fixed])
    assert (config["weights"], template.default([plain])["weights"]) == ("first", "task")
    schedule = t.create_schedule(fixed)
    template.apply(schedule, config)
    assert halves(schedule.mod) is not None
    assert all(schedule.check())


@pytest.mark.parametrize("name", ["C2", "C6", "C9", "C12"])
def test_tiles_of_few_columns_find_their_weights_near(name: str) -> None:
    """Of 16 registers of 256 bits a weight is used by few columns: it is to come from the first
    cache, and the sums are as many as two units keep under way, or all there is room for."""
    workload = ops.named(name)
    chosen = workload.template("cpu", AVX2).default(workload.tensors)
    *_, columns, lanes = chosen["tile"]
    assert chosen["depth"] * lanes * 9 * 4 <= 20 << 10
    assert columns * lanes // 8 >= 8
    wide = workload.template("cpu", AVX512).default(workload.tensors)
    assert wide["depth"] > chosen["depth"]
