"""Attention is one kernel, and its scores stay in the caches."""

from __future__ import annotations

import pytest

from tests.ops.shapes import assert_right, inputs_of, run_compiled, scheduled
from tvmlab import ops
from tvmlab.lower import lower
from tvmlab.ops.attention import SCORES_BYTES


@pytest.mark.parametrize("keys", [16, 128, 512, 2048])
def test_the_scores_of_a_task_stay_in_the_second_cache(keys: int) -> None:
    workload = ops.attention(1, 2, 256, 64, keys=keys)
    template = workload.template()
    config = template.default(workload.tensors)
    queries = config["queries"]
    assert isinstance(queries, int)
    assert queries * keys * 4 <= SCORES_BYTES or queries == 16, "one vector of queries at least"


def test_nothing_but_the_result_is_stored_for_all_queries() -> None:
    workload = ops.attention(1, 2, 128, 64)
    template = workload.template()
    schedule = scheduled(workload, template, template.default(workload.tensors))
    assert lower(schedule.mod).buffers == ()


def test_large_scores_do_not_overflow() -> None:
    workload = ops.attention(1, 1, 16, 16)
    q, k, v = inputs_of(workload)
    template = workload.template()
    schedule = scheduled(workload, template, template.default(workload.tensors))
    (out,) = run_compiled(schedule, [q * 1000, k * 1000, v])
    (expected,) = workload.reference(q * 1000, k * 1000, v)
    assert abs(out - expected).max() < 1e-3
    assert_right(schedule, [q, k, v], run_compiled(schedule, [q, k, v]))
