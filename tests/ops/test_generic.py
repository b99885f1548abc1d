"""The generic template on expressions that the library has no operator for."""

from __future__ import annotations

import random

import pytest

from tests.ops.shapes import assert_right, run_compiled
from tvmlab import ops, te
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.te import Tensor
from tvmlab.te.evaluate import random_inputs


def row_sums() -> Tensor:
    A = te.placeholder((24, 64), name="A")
    k = te.reduce_axis((0, 64), name="k")
    return te.compute((24,), lambda i: te.sum(A[i, k], axis=k), name="R")


def column_sums() -> Tensor:
    A = te.placeholder((64, 40), name="A")
    k = te.reduce_axis((0, 64), name="k")
    return te.compute((40,), lambda j: te.sum(A[k, j], axis=k), name="R")


def prime_row_sums() -> Tensor:
    A = te.placeholder((5, 13), name="A")
    k = te.reduce_axis((0, 13), name="k")
    return te.compute((5,), lambda i: te.max(A[i, k], axis=k), name="R")


def transposed() -> Tensor:
    A = te.placeholder((30, 20), name="A")
    return te.compute((20, 30), lambda i, j: A[j, i] * 2.0, name="T")


def whole_sum() -> Tensor:
    A = te.placeholder((7, 9), name="A")
    i, j = te.reduce_axis((0, 7), name="i"), te.reduce_axis((0, 9), name="j")
    return te.compute((), lambda: te.sum(A[i, j], axis=[i, j]), name="Z")


def gathered() -> Tensor:
    A, at = te.placeholder((50,), name="A"), te.placeholder((33,), "int32", name="at")
    return te.compute((33,), lambda i: A[at[i]] + 1.0, name="G")


def integers() -> Tensor:
    A, B = te.placeholder((12, 8), "int8", name="A"), te.placeholder((8, 20), "int8", name="B")
    k = te.reduce_axis((0, 8), name="k")
    return te.compute(
        (12, 20),
        lambda y, x: te.sum((A[y, k].astype("int32") - 1) * B[k, x].astype("int32"), axis=k),
        name="C",
    )


def layer_norm() -> Tensor:
    A = te.placeholder((10, 32), name="A")
    k, q = te.reduce_axis((0, 32), name="k"), te.reduce_axis((0, 32), name="q")
    mean = te.compute((10,), lambda i: te.sum(A[i, k] / 32.0, axis=k), name="mean")
    spread = te.compute(
        (10,), lambda i: te.sum(te.pow(A[i, q] - mean[i], 2.0) / 32.0, axis=q), name="spread"
    )
    return te.compute(
        (10, 32), lambda i, j: (A[i, j] - mean[i]) / te.sqrt(spread[i] + 1e-5), name="N"
    )


EXPRESSIONS = (
    row_sums, column_sums, prime_row_sums, transposed, whole_sum, gathered, integers, layer_norm,
)  # fmt: skip


def scheduled(out: Tensor, config: dict) -> Schedule:
    schedule = create_schedule(out)
    ops.template_for(out).apply(schedule, config)
    return schedule


@pytest.mark.parametrize("make", EXPRESSIONS, ids=lambda make: make.__name__)
def test_any_configuration_is_legal_and_right(make) -> None:
    out = make()
    template = ops.template_for(out)
    assert template.kind == "generic"
    rng = random.Random(make.__name__)
    knobs = template.knobs([out])
    drawn = [{knob.name: rng.choice(knob.options) for knob in knobs} for _ in range(8)]
    arrays = list(random_inputs(out, 0).values())
    for config in (template.default([out]), *drawn):
        schedule = scheduled(out, config)
        assert_right(schedule, arrays, run_compiled(schedule, arrays))


def test_a_fold_along_memory_is_cut_in_partial_results() -> None:
    out = row_sums()
    config = ops.template_for(out).default([out])
    assert config == {"R.partial": 16, "R.parallel": 1}
    assert scheduled(out, config).trace.to_python().splitlines() == [
        'ko, ki = s["R"].split("k", 16)',
        's["R"].rfactor("ki")',
        's["R_partial"].vectorize("ki")',
        's["R"].tree_reduce("ki")',
        's["R_partial"].parallel("i")',
        's["R"].parallel("i")',
    ]


def test_a_fold_across_memory_is_vectors_as_it_stands() -> None:
    out = column_sums()
    assert "R.partial" not in ops.template_for(out).default([out])
    assert (
        's["R"].vectorize' in scheduled(out, ops.template_for(out).default([out])).trace.to_python()
    )


def test_a_fold_that_does_not_divide_stays_whole() -> None:
    out = prime_row_sums()
    assert [knob.name for knob in ops.template_for(out).knobs([out])] == [
        "R.tile", "R.depth", "R.parallel",
    ]  # fmt: skip


def test_one_number_leaves_nothing_to_decide() -> None:
    out = whole_sum()
    assert ops.template_for(out).knobs([out]) == ()


def test_padding_is_made_in_the_share_that_reads_it() -> None:
    workload = ops.max_pool((1, 64, 9, 9), 3, 2, 1)
    config = ops.template_for(workload.tensors).default(workload.tensors)
    assert config["P.inside"] is True
    inside = scheduled(workload.tensors[0], config)
    apart = scheduled(workload.tensors[0], config | {"P.inside": False})
    assert 'compute_at("Y", "nc")' in inside.trace.to_python()
    assert "compute_at" not in apart.trace.to_python()


def test_dimensions_that_are_one_in_memory_become_one_loop() -> None:
    (out,) = ops.batch_norm((2, 3, 5, 7)).tensors
    assert ops.template_for(out).default([out])["Y.tile"] == (1, 35)
