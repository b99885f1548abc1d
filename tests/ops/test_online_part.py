"""Attention over rows of any length: online softmax on TensorCores, one kernel."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.ops.shapes import assert_right, inputs_of, scheduled
from tests.ops.test_matrix_part import before_warps, judge
from tvmlab import ops
from tvmlab.ir.axis import kernels
from tvmlab.ir.interpret_threads import interpret_threads
from tvmlab.ops.gpu import chained_part
from tvmlab.ops.gpu.plan import Plan
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.schedule import Schedule
from tvmlab.targets import get


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of 256 are too long, so that an interpreter need not take longer ones."""
    monkeypatch.setattr(chained_part, "MOST_SHARED_BYTES", 20 << 10)


def online(workload: ops.Workload, **other: Any) -> Schedule:
    """The template's schedule, some knobs of block O set: `part=64`."""
    template = workload.template("cuda")
    changed = {f"O.{name}": option for name, option in other.items()}
    return scheduled(workload, template, template.default(workload.tensors) | changed)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    ("workload", "other"),
    [
        (ops.attention(1, 1, 16, 16, keys=256, dtype="float16"), {"part": 64, "c": (1, 16)}),
        (
            ops.attention(1, 2, 32, 32, keys=256, dtype="bfloat16"),
            {"part": 64, "p": (2, 16), "c": (1, 32), "copies": 1, "banks": "padded"},
        ),
    ],
    ids=["one warp", "two heads, two warps"],
)
def test_nothing_but_operands_and_results_is_in_the_memory_of_the_device(
    workload: ops.Workload, other: dict[str, Any]
) -> None:
    schedule = online(workload, **other)
    executed = judge(schedule, workload, inputs_of(workload))
    assert {name.rpartition("_")[0] for name in executed} >= {"mma", "mma_t", "copy_async"}
    assert len(list(kernels(schedule.mod.body))) == 1
    assert {b.scope for b in schedule.mod.buffers} == {"shared", "warp", "local"}


@pytest.mark.usefixtures("little_memory")
def test_scores_that_grow_from_part_to_part_are_rescaled() -> None:
    workload = ops.attention(1, 1, 16, 16, keys=256, dtype="float16")
    program = before_warps(online(workload, part=64))
    q, k, v = inputs_of(workload)
    q = np.abs(q)
    for order in (1, -1):
        growing = (k.clip(0) + np.linspace(0, 8, 256)[:, None])[:, :, ::order]
        growing = np.ascontiguousarray(growing).astype("float16")
        out = np.full(q.shape, 77).astype("float16")
        interpret_threads(program, [q, growing, v, out], 3)
        assert_right(workload, [q, growing, v], [out])


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90a"])
@pytest.mark.parametrize("features", [64, 128])
def test_both_products_are_instructions_and_nothing_spills(
    architecture: str, features: int
) -> None:
    machine: Any = get({"name": "cuda", "architecture": architecture})
    workload = ops.attention(1, 2, 512, features, keys=4096, dtype="float16")
    text = machine.emit(machine.lower(online(workload).mod))
    (used,) = machine.resources(text)
    assert used.local_bytes == used.spill_store_bytes == 0
    assert used.shared_bytes <= 64 << 10
    found = Counter(word.split(".")[0] for word in machine.code(text, "sass").split())
    assert all(found[name] for name in ("HMMA", "LDGSTS", "SHFL"))


@pytest.mark.parametrize(
    ("workload", "word"),
    [
        (ops.attention(1, 8, 2048, 64, dtype="bfloat16"), "online(S, M, E, T, O, then Y)"),
        (ops.attention(1, 1, 16, 256, keys=8192, dtype="float16"), "online(S, M, E, T, O, then Y)"),
        (ops.attention(1, 8, 128, 64, dtype="float16"), "chain(S, M, E, T, O, then Y)"),
        (ops.attention(1, 8, 2048, 64, keys=2040, dtype="float16"), "tensorize(O"),
    ],
    ids=["long rows", "many features", "short rows", "no whole tiles"],
)
def test_rows_that_fit_are_kept_whole(workload: ops.Workload, word: str) -> None:
    first, *_ = Plan.of(workload.tensors, UNITS["cuda"]).parts
    assert first.word.startswith(word)
