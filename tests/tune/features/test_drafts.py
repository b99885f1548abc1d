"""Drafts against schedules: what features read of both is the same, number for number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import label
from tests.tune.test_sketches import conv_bn_relu, transposed_batches
from tvmlab import ops, te
from tvmlab.errors import ScheduleError
from tvmlab.ops.knobs import Option
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import Schedule
from tvmlab.te import Tensor
from tvmlab.te.promise import promise_constants
from tvmlab.tune.explorer import History
from tvmlab.tune.explorers.evolutionary import EvolutionaryExplorer
from tvmlab.tune.features import FEATURES
from tvmlab.tune.features.drafts import ground
from tvmlab.tune.features.drafts.draft import Draft
from tvmlab.tune.features.drafts.drafts import Drafts
from tvmlab.tune.features.drafts.ground import Ground
from tvmlab.tune.features.nests import Nests, nests_of
from tvmlab.tune.features.statement import Reading, read
from tvmlab.tune.sketch_space import SketchSpace
from tvmlab.tune.sketches import sketches, sketches_for
from tvmlab.tune.space import Plan, Space
from tvmlab.tune.template_space import template_space

EACH = 8
"""Configurations drawn of a space."""


def folded_rows() -> list[Tensor]:
    """Ansor's NRM: few results of a long fold."""
    A = t.placeholder((2, 64, 64), name="A")
    i, j = t.reduce_axis((0, 64), "i"), t.reduce_axis((0, 64), "j")
    S = t.compute((2,), lambda b: t.sum(A[b, i, j] * A[b, i, j], axis=[i, j]), name="S")
    return [t.compute((2,), lambda b: te.sqrt(S[b]), name="N")]


COMPUTED: dict[str, Callable[[], Sequence[Tensor]]] = {
    "matmul": lambda: ops.matmul(48, 80, 40).tensors,
    "matmul of primes": lambda: ops.matmul(37, 53, 29).tensors,
    "matmul of bytes": lambda: ops.matmul(16, 32, 64, dtype="int8").tensors,
    "conv2d": lambda: ops.conv2d(1, 8, 14, 14, 24, 3).tensors,
    "conv2d, strides": lambda: ops.conv2d(2, 3, 7, 11, 5, 3, stride=2).tensors,
    "conv2d_transpose": lambda: ops.conv2d_transpose(1, 4, 4, 8, 6, 4, 2, 1).tensors,
    "conv2d and more": lambda: [conv_bn_relu()],
    "batches": lambda: [transposed_batches()],
    "softmax": lambda: ops.softmax(24, 60).tensors,
    "layer_norm": lambda: ops.layer_norm(16, 52).tensors,
    "reshape": lambda: ops.reshape((4, 6), (3, 8)).tensors,
    "norm": folded_rows,
    "constants": lambda: promise_constants(ops.conv2d(1, 8, 14, 14, 24, 3).tensors, ["W"]),
}
"""What sketches are made of: every rule has something to say of one."""


def assert_same(drafted: Reading, scheduled: Reading) -> None:
    a, b = nests_of([drafted]), nests_of([scheduled])
    for field in fields(Nests):
        np.testing.assert_array_equal(
            getattr(a, field.name), getattr(b, field.name), err_msg=field.name
        )


def judge(space: Space, seed: int) -> None:
    """Drafts of a few configurations against their programs."""
    assert space.plan is not None
    drafts = Drafts.of(space.plan)
    assert drafts is not None
    compared = 0
    for row in space.draw(EACH, np.random.default_rng(seed)):
        config = space.config(row)
        try:
            program = space.program(config)
        except ScheduleError:
            continue
        assert_same(drafts.reading(config), read(program))
        compared += 1
    assert compared


@pytest.mark.parametrize("name", COMPUTED)
def test_features_of_a_sketch_are_those_of_its_program(name: str) -> None:
    outputs = COMPUTED[name]()
    judge(SketchSpace(sketches(outputs), outputs), seed=len(name))


def test_a_step_that_needs_loops_drafted_of_another_block_goes_behind_them() -> None:
    outputs = COMPUTED["conv2d_transpose"]()
    space = SketchSpace(sketches(outputs), outputs)
    assert space.plan is not None
    drafts = Drafts.of(space.plan)
    assert drafts is not None
    for row in space.draw(40, np.random.default_rng(5)):
        assert_same(drafts.reading(space.config(row)), read(space.program(space.config(row))))


@pytest.mark.parametrize(
    "workload",
    [
        ops.matmul(48, 80, 40),
        ops.conv2d(1, 8, 14, 14, 24, 3),
        ops.depthwise_conv2d(1, 8, 14, 14, 3),
        ops.layer_norm(16, 32),
    ],
    ids=label,
)
def test_features_of_a_template_are_those_of_its_program(workload: ops.Workload) -> None:
    judge(template_space(workload.templates["cpu"](AVX512), workload.tensors), seed=3)


ON_GPUS: dict[str, tuple[str, Callable[[], Sequence[Tensor]]]] = {
    "matmul": ("cuda", lambda: ops.matmul(48, 64, 40).tensors),
    "matmul of primes": ("cuda", lambda: ops.matmul(37, 53, 29).tensors),
    "matmul of halves": ("cuda", lambda: ops.matmul(40, 32, 64, dtype="float16").tensors),
    "norm": ("opencl", folded_rows),
    "softmax": ("cuda", lambda: ops.softmax(8, 64).tensors),
}
"""The same for processors with many threads."""


@pytest.mark.parametrize("name", ON_GPUS)
def test_features_of_a_sketch_for_threads_are_those_of_its_program(name: str) -> None:
    target, computed = ON_GPUS[name]
    outputs = computed()
    judge(SketchSpace(sketches_for(target, outputs), outputs), seed=len(name))


def test_what_threads_do_and_where_buffers_are_needs_no_program() -> None:
    def steps(s: Schedule) -> None:
        stage = s["C"]
        yo, yi = stage.split("y", 8)
        stage.bind(yo, "blockIdx.x")
        stage.reorder(yi, "x", "k")
        stage.bind(yi, "threadIdx.x")
        stage.cache_read("B")
        s["B_cache"].compute_at("C", yo)
        s["B_cache"].bind(s["B_cache"].loops[-1], "threadIdx.x")
        s["B_cache"].set_scope("B_cache", "shared")
        s["B_cache"].storage_align("B_cache", 0, 32, 1)
        stage.cache_read("A")
        s["A_cache"].compute_at("C", yo)
        s["A_cache"].bind(s["A_cache"].loops[-1], "threadIdx.x")
        s["A_cache"].set_scope("A_cache", "shared")
        s["A_cache"].swizzle("A_cache", 4)

    draft, schedule = drafted_and_scheduled(ops.matmul(16, 8, 8).tensors, steps)
    assert len(draft._state.steps) == 2, "the copies alone need a program"
    assert_same(draft.reading(), read(schedule.mod))
    assert str(draft.mod) == str(schedule.mod)


def drafted_and_scheduled(
    outputs: Sequence[Tensor], steps: Callable[[Schedule], object]
) -> tuple[Draft, Schedule]:
    draft, schedule = Draft(Ground(outputs)), t.create_schedule(outputs)
    steps(draft)
    steps(schedule)
    return draft, schedule


def test_steps_that_need_a_program_go_behind_what_was_drafted() -> None:
    def steps(s: Schedule) -> None:
        stage = s["C"]
        _, yi = stage.split("y", 8)
        stage.reorder("k", yi)
        stage.cache_read("A")
        stage.cache_write()
        s["A_cache"].unroll(s["A_cache"].loops[-1])

    draft, schedule = drafted_and_scheduled(ops.matmul(16, 32, 8).tensors, steps)
    assert_same(draft.reading(), read(schedule.mod))
    assert str(draft.mod) == str(schedule.mod)


def test_a_block_moves_into_loops_that_were_drafted() -> None:
    def steps(s: Schedule) -> None:
        *_, y, x = s["relu"].loops
        outer, _ = s["relu"].split(y, 2)
        s["relu"].split(x, 4)
        s["bn"].compute_at("relu", outer)
        s["bn"].compute_inline()

    draft, schedule = drafted_and_scheduled([conv_bn_relu()], steps)
    assert_same(draft.reading(), read(schedule.mod))


def test_loops_are_merged_only_where_iterations_hand_on_what_they_made() -> None:
    outputs = ops.layer_norm(16, 32).tensors
    config: dict[str, Option] = {
        "rows": 1, "partial": 1, "lanes": 32, "task": 16, "inside": False, "ahead": True,
        "stream": True, "parallel": False,
    }  # fmt: skip
    space = template_space(ops.layer_norm(16, 32).templates["cpu"](AVX512), outputs)
    assert space.plan is not None
    drafts = Drafts.of(space.plan)
    assert drafts is not None
    merged = [step for step in space.trace(config) if step["step"] == "merge"]
    assert len(merged) == 1, "rows go together, and their folds do not"
    assert_same(drafts.reading(config), read(space.program(config)))


def test_an_illegal_step_that_needs_a_program_has_no_features() -> None:
    def apply(schedule: Schedule, config: object) -> None:
        schedule["C"].split("y", 4)
        schedule["C"].cache_read("Nothing")

    outputs = tuple(ops.matmul(16, 32, 8).tensors)
    drafts = Drafts.of(Plan(outputs, apply))
    assert drafts is not None
    with pytest.raises(ScheduleError):
        drafts.reading({})


def test_extents_that_only_a_call_tells_are_not_drafted() -> None:
    n = t.var("n", 1, 64)
    A = t.placeholder((n, 8), name="A")
    B = t.compute((n, 8), lambda i, j: A[i, j] + 1.0, name="B")
    assert Drafts.of(Plan((B,), lambda schedule, config: None)) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = ops.softmax(8, 24).tensors
    rows = SketchSpace(sketches(outputs), outputs).draw(12, np.random.default_rng(0))
    much = FEATURES["store"](SketchSpace(sketches(outputs), outputs))(rows)
    monkeypatch.setattr(ground, "PROGRAMS", 3)
    little = FEATURES["store"](SketchSpace(sketches(outputs), outputs))(rows)
    np.testing.assert_array_equal(much, little)


def test_a_search_proposes_what_it_would_if_programs_were_scheduled() -> None:
    outputs = ops.softmax(8, 24).tensors
    proposed = []
    for is_drafted in (True, False):
        space = SketchSpace(sketches(outputs), outputs)
        if not is_drafted:
            space.plan = None
        rng = np.random.default_rng(0)
        digits = space.draw_new(20, rng, frozenset())
        history = History(digits, rng.random(20), frozenset(space.indices(digits)))
        explorer = EvolutionaryExplorer(space, seed=1, features="store")
        explorer.observe(history)
        proposed.append(explorer.propose(6, history))
    for a, b in zip(*proposed, strict=True):
        np.testing.assert_array_equal(a.digits, b.digits)
        assert a.predicted == b.predicted
