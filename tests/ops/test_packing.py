"""Packed operands: copies in panels that a register tile reads from end to end."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import assert_right, inputs_of, run_compiled
from tvmlab import ops
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
    """The headline: both panels are indexed by loops alone, and 64 bytes begin a panel's rows."""
    workload = ops.matmul(1024, 1024, 1024, transpose_a=True)
    text = str(lower(_scheduled(workload).mod))
    assert "//" not in text
    assert "%" not in text
    assert "A_cache" in text


def test_a_configuration_from_before_there_was_packing_is_read() -> None:
    workload = ops.matmul(64, 64, 64)
    template = workload.template()
    config = dict(template.default(workload.tensors))
    del config["pack"]
    schedule = t.create_schedule(workload.tensors)
    template.apply(schedule, config)
    assert schedule.blocks == ["C"]
