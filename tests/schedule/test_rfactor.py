"""Partial results of a fold that its loops go beyond: what lies outside adds nothing."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.ir.parse import parse_program
from tvmlab.schedule.primitives.rfactor import Rfactor
from tvmlab.te import Tensor

REDUCERS = {
    "sum": (t.sum, "float32"),
    "min": (t.min, "float32"),
    "max": (t.max, "int8"),
    "prod": (t.prod, "int32"),
}


def _fold(reducer: str, extent: int) -> Tensor:
    combine, dtype = REDUCERS[reducer]
    a = t.placeholder((3, extent), dtype, name="A")
    k = t.reduce_axis((0, extent), name="k")
    return t.compute((3,), lambda y: combine(a[y, k], axis=k), name="B")


@pytest.mark.parametrize("reducer", REDUCERS)
@pytest.mark.parametrize(("extent", "part"), [(37, 8), (17, 16), (9, 2), (7, 5)])
@pytest.mark.parametrize("loop", ["ki", "ko"])
def test_a_split_that_does_not_divide(reducer: str, extent: int, part: int, loop: str) -> None:
    s = t.create_schedule(_fold(reducer, extent))
    s["B"].split("k", part)
    s["B"].rfactor(loop)
    if loop == "ki":
        s["B_partial"].reorder("ko", "ki")
        s["B_partial"].vectorize("ki")
        s["B"].tree_reduce("ki")
    assert all(s.check())


def test_partial_results_may_move_to_their_reader() -> None:
    s = t.create_schedule(_fold("sum", 37))
    s["B"].split("k", 8)
    s["B"].rfactor("ki")
    s["B_partial"].compute_at("B", "y")
    assert all(s.check())


def test_several_results_get_their_own_identities() -> None:
    a = t.placeholder((3, 29), name="A")
    k = t.reduce_axis((0, 29), name="k")
    index, value = t.compute((3,), lambda y: t.argmax((k, a[y, k]), axis=k), name=("I", "V"))
    s = t.create_schedule([index, value])
    s["I"].split("k", 8)
    s["I"].rfactor("ki")
    assert all(s.check())


def test_the_elements_there_are_stay_those() -> None:
    s = t.create_schedule(_fold("sum", 37))
    s["B"].split("y", 2)
    s["B"].split("k", 8)
    s["B"].rfactor("ki")
    assert "where=yo * 2 + yi < 3" in str(s)
    assert all(s.check())


def test_both_parts_of_a_part() -> None:
    s = t.create_schedule(_fold("sum", 41))
    s["B"].split("k", factors=[None, 3, 4])
    inner = [str(loop) for loop in s["B"].loops][-1]
    s["B"].rfactor(inner)
    assert all(s.check())


def test_partial_results_of_a_size() -> None:
    n = t.var("n", 1, 100)
    a = t.placeholder((n,), name="A")
    k = t.reduce_axis((0, n), name="k")
    s = t.create_schedule(t.compute((1,), lambda i: t.sum(a[k], axis=k), name="B"))
    s["B"].split("k", 8)
    s["B"].rfactor("ki")
    assert all(s.check())


MIXED = """def B(A: float32[6, 4], B: float32[6]):
    for f in range(7):
        for k in range(2):
            for l in range(2):
                with block("B", vi=f + k * 0, vk=reduce(k), vl=reduce(l), where=f + k * 0 < 6):
                    with init():
                        B[vi] = 0.0
                    B[vi] = B[vi] + A[vi, vk * 2 + vl]
"""


def test_a_predicate_that_says_which_elements_there_are() -> None:
    refusal = Rfactor("B", "k").check(parse_program(MIXED))
    assert refusal is not None
    assert refusal.why == "the predicate also says which elements there are"
