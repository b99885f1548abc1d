"""Attention on TensorCores: one kernel, right whichever thread comes first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.ops.shapes import inputs_of, scheduled
from tests.ops.test_matrix_part import MACHINE, judge
from tvmlab import ops
from tvmlab.ir.axis import kernels
from tvmlab.ops.gpu.plan import Plan
from tvmlab.ops.gpu.unit import UNITS


@pytest.mark.parametrize(
    ("workload", "other"),
    [
        (ops.attention(1, 2, 16, 16, keys=64, dtype="float16"), {}),
        (ops.attention(1, 1, 32, 16, keys=64, dtype="bfloat16"), {"O.p": (2, 16), "S.z": 16}),
    ],
    ids=["one warp", "two warps"],
)
def test_scores_and_weights_stay_in_shared_memory(
    workload: ops.Workload, other: dict[str, Any]
) -> None:
    template = workload.template("cuda")
    schedule = scheduled(workload, template, template.default(workload.tensors) | other)
    executed = judge(schedule, workload, inputs_of(workload))
    assert {name.rpartition("_")[0] for name in executed} >= {"mma", "mma_t", "copy_async"}
    assert len(list(kernels(schedule.mod.body))) == 1
    assert {b.scope for b in schedule.mod.buffers} == {"shared", "warp"}


def test_both_products_are_instructions_and_nothing_spills() -> None:
    workload = ops.attention(1, 2, 64, 64, keys=128, dtype="float16")
    template = workload.template("cuda")
    schedule = scheduled(workload, template, template.default(workload.tensors))
    text = MACHINE.emit(MACHINE.lower(schedule.mod))
    (used,) = MACHINE.resources(text)
    assert used.local_bytes == used.spill_store_bytes == 0
    assert used.shared_bytes <= 64 << 10
    found = Counter(word.split(".")[0] for word in MACHINE.code(text, "sass").split())
    assert all(found[name] for name in ("HMMA", "LDGSTS", "SHFL"))


@pytest.mark.parametrize(
    ("workload", "parts"),
    [
        (ops.attention(1, 12, 384, 64, dtype="float16"), ["chain(S, M, E, T, O, then Y)"]),
        (ops.attention(1, 12, 77, 64, dtype="float16"), ["tensorize(O", "rows(T)", "rows(M, E)"]),
        (ops.attention(1, 8, 2048, 64, dtype="bfloat16"), ["online(S, M, E, T, O, then Y)"]),
        (ops.attention(1, 12, 128, 64), ["each(Y)", "each(T)"]),
    ],
    ids=["together", "no whole tiles", "long rows", "wide numbers"],
)
def test_where_rows_are_too_long_each_stage_has_a_kernel(
    workload: ops.Workload, parts: list[str]
) -> None:
    found = [part.word for part in Plan.of(workload.tensors, UNITS["cuda"]).parts]
    assert [word[: len(start)] for word, start in zip(found, parts, strict=False)] == parts
