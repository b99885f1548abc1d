"""What is told of kernels: the busiest unit, the order of good and bad schedules, and refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

import tvmlab as t
from tvmlab.analysis.estimate import GPUS, Estimate, estimate_on_gpu, ratio
from tvmlab.analysis.occupancy import MULTIPROCESSORS
from tvmlab.errors import UsageError
from tvmlab.lower.storage import shrink_storage
from tvmlab.schedule import Schedule

A100 = GPUS["A100"]


def product(y: tuple[int, int], x: tuple[int, int], is_shared: bool = False) -> Schedule:
    """A product of 512 x 512 in blocks of y * x threads with tiles of their own."""
    a, b = t.placeholder((512, 512), name="A"), t.placeholder((512, 512), name="B")
    k = t.reduce_axis((0, 512), name="k")
    s = t.create_schedule(t.compute((512, 512), lambda i, j: t.sum(a[i, k] * b[k, j], k), name="C"))
    s["C"].split("i", (None, *y))
    s["C"].split("j", (None, *x))
    s["C"].split("k", 16)
    inner = ("i1", "j1", "ki", "i2", "j2")
    s["C"].reorder("i0", "j0", *(("ko", *inner) if is_shared else (*inner[:2], "ko", *inner[2:])))
    s["C"].bind("i0", "blockIdx.y")
    s["C"].bind("j0", "blockIdx.x")
    for name in ("A", "B") if is_shared else ():
        s["C"].cache_read(name)
        copy = f"{name}_cache"
        s[copy].compute_at("C", "ko")
        _, rows, columns = s[copy].split(
            s[copy].fuse(*(str(loop) for loop in s[copy].loops[3:])), (None, y[0], x[0])
        )
        s[copy].bind(rows, "threadIdx.y")
        s[copy].bind(columns, "threadIdx.x")
        s[copy].set_scope(copy, "shared")
    s["C"].bind("i1", "threadIdx.y")
    s["C"].bind("j1", "threadIdx.x")
    return s


def told(s: Schedule, gpu: object = A100, registers: int = 0) -> Estimate:
    assert isinstance(gpu, type(A100))
    return estimate_on_gpu(shrink_storage(s.mod), gpu, registers)


def test_better_schedules_are_told_to_be_faster() -> None:
    plain, columns = told(product((16, 1), (16, 1))), told(product((32, 1), (1, 1)))
    tiled = told(product((16, 4), (16, 4), is_shared=True))
    assert tiled.time_s < plain.time_s < columns.time_s
    worse = ratio(columns, plain)
    assert 1 < worse.low <= worse.value <= worse.high
    assert dict(tiled.parts)["L1"] < dict(plain.parts)["L1"] / 10
    assert {x.name: x.size_bytes for x in plain.traffic}["memory"] == 3 * 4 * 512**2


def test_a_copy_is_bound_by_memory() -> None:
    a = t.placeholder((1 << 26,), name="A")
    s = t.create_schedule(t.compute((1 << 26,), lambda i: a[i] + 1.0, name="C"))
    for name, axis in zip(s["C"].split("i", 256), ("blockIdx.x", "threadIdx.x"), strict=True):
        s["C"].bind(name, axis)
    found = told(s)
    least = 2 * 4 * (1 << 26) / A100.memory_bytes_per_s
    assert least < found.low_s < 1.3 * least
    assert found.low_s <= found.time_s <= found.high_s
    slow = replace(A100, memory_bytes_per_s=A100.memory_bytes_per_s / 4)
    assert told(s, slow).low_s > 3 * found.low_s


def test_another_gpu_changes_what_is_told() -> None:
    s = product((16, 1), (16, 1))
    few = replace(A100, multiprocessors=27)
    assert told(s, few).low_s > 3 * told(s).low_s
    assert told(s, registers=255).high_s > told(s, registers=32).high_s
    small = replace(A100, one=replace(MULTIPROCESSORS["8.0"], block_shared_bytes=1024))
    with pytest.raises(UsageError, match="8,192 bytes of shared memory does not fit"):
        told(product((16, 4), (16, 4), is_shared=True), small)


def test_what_runs_on_no_gpu_is_not_told() -> None:
    a = t.placeholder((8,), name="A")
    with pytest.raises(UsageError, match="block C is bound to no axis of the GPU"):
        told(t.create_schedule(t.compute((8,), lambda i: a[i] + 1.0, name="C")))
