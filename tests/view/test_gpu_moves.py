"""The moves at a loop where threads are many: their steps first, and only memories there are."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab import ops
from tvmlab.analysis.estimate import GPUS
from tvmlab.schedule import Schedule
from tvmlab.schedule.step import GROUPS
from tvmlab.view.kernels import estimate_of
from tvmlab.view.moves import steps_at
from tvmlab.view.schema import LoopRef, StepView


@pytest.fixture
def schedule() -> Schedule:
    """A product whose left operand is copied in each block of threads."""
    s = t.create_schedule(ops.matmul(64, 64, 64).tensors)
    yo, _ = s["C"].split("y", 16)
    s["C"].bind(yo, "blockIdx.x")
    s["C"].cache_read("A")
    s["A_cache"].compute_at("C", yo)
    return s


def lines(views: list[StepView], step: str) -> list[str]:
    return [move["line"] for view in views if view["step"] == step for move in view["moves"]]


@pytest.mark.parametrize("target", ["cuda", "opencl"])
def test_steps_of_threads_stand_first_in_their_group(schedule: Schedule, target: str) -> None:
    loop = str(schedule["A_cache"].loops[1])
    found = steps_at(schedule.state, {"block": "A_cache", "loop": loop}, target)
    groups = [view["group"] for view in found]
    assert groups == sorted(groups, key=GROUPS.index)
    execution = [view["step"] for view in found if view["group"] == "execution"]
    assert execution[0] == "bind"
    assert execution[-1] == "parallel"
    storage = [view["step"] for view in found if view["group"] == "storage"]
    assert storage[0] == "set_scope"
    assert storage[-1] == "prefetch"
    assert lines(found, "bind")[0] == f's["A_cache"].bind("{loop}", "blockIdx.y")'
    assert 's["A_cache"].set_scope("A_cache", "shared")' in lines(found, "set_scope")
    assert not [line for line in lines(found, "set_scope") if "scratch" in line]


def test_rows_in_shared_memory_are_offered_to_move_apart_by_banks(schedule: Schedule) -> None:
    schedule["A_cache"].set_scope("A_cache", "shared")
    loop = str(schedule["A_cache"].loops[1])
    found = steps_at(schedule.state, {"block": "A_cache", "loop": loop}, "cuda")
    assert 's["A_cache"].storage_align("A_cache", 0, 32, 1)' in lines(found, "storage_align")


def test_one_line_fetches_what_a_block_of_threads_reads() -> None:
    s = t.create_schedule(ops.matmul(64, 64, 64).tensors)
    s["C"].tile("y", "x", 16, 16)
    s["C"].split("k", 16)
    s["C"].reorder("yo", "xo", "ko", "yi", "xi", "ki")
    for loop, axis in {"yo": "blockIdx.y", "xo": "blockIdx.x"}.items():
        s["C"].bind(loop, axis)
    at: LoopRef = {"block": "C", "loop": "ko"}
    assert not lines(steps_at(s.state, at, "cuda"), "cooperative_fetch")
    for loop, axis in {"yi": "threadIdx.y", "xi": "threadIdx.x"}.items():
        s["C"].bind(loop, axis)
    offered = lines(steps_at(s.state, at, "cuda"), "cooperative_fetch")
    assert offered == [
        's["C"].cooperative_fetch("A", "ko")',
        's["C"].cooperative_fetch("A", "ko", lanes=4)',
        's["C"].cooperative_fetch("B", "ko")',
        's["C"].cooperative_fetch("B", "ko", lanes=4)',
    ]
    told = estimate_of(s.state, GPUS["A100"]).time_s
    for line in offered[1::2]:
        s.apply_python(line)
    assert estimate_of(s.state, GPUS["A100"]).time_s < told
    assert all(s.check())


def test_a_cpu_is_offered_what_it_was(schedule: Schedule) -> None:
    at: LoopRef = {"block": "A_cache", "loop": str(schedule["A_cache"].loops[1])}
    found = [view["step"] for view in steps_at(schedule.state, at)]
    assert found.index("vectorize") < found.index("bind")
    assert [line for line in lines(steps_at(schedule.state, at), "set_scope") if "scratch" in line]
