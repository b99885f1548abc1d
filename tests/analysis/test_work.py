"""Work counted on the naive program, against the figures of the operator library."""

from __future__ import annotations

import pytest

from tvmlab import ops, te
from tvmlab.analysis.work import work_of
from tvmlab.schedule import State


@pytest.mark.parametrize("workload", [ops.matmul(64, 32, 16), ops.multiply_add_relu(1000)], ids=str)
def test_counts_agree_with_the_library(workload: ops.Workload) -> None:
    work = work_of(State.start(workload.tensors).program)
    assert work.flops == workload.flops
    assert work.size_bytes == workload.bytes


def test_index_arithmetic_casts_and_moves_are_no_work() -> None:
    a = te.placeholder((8, 4), name="A")
    b = te.compute((4, 8), lambda i, j: a[j % 8, i // 1].astype("float16"), name="B")
    assert work_of(State.start(b).program).flops == 0


def test_integers_count_where_elements_meet() -> None:
    a = te.placeholder((8,), dtype="int8", name="A")
    k = te.reduce_axis((0, 8), name="k")
    b = te.compute((1,), lambda i: te.sum(a[k].astype("int32") * 3, axis=k), name="B")
    assert work_of(State.start(b).program).flops == 16
