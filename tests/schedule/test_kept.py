"""What a step must keep of the steps before it: predicates, bounds, the order of blocks."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.ir.expr import select
from tvmlab.ir.interpret import interpret
from tvmlab.measure.compare import compare
from tvmlab.te.evaluate import evaluate, random_inputs


def check(s: t.Schedule) -> None:
    """The program computes what its expression says, inside its buffers."""
    outputs = list(s.outputs)
    given = random_inputs(outputs, 0)
    wanted = evaluate(outputs, given)
    results = [np.full(w.value.shape, 77, np.float32) for w in wanted]
    interpret(s.mod, [*given.values(), *results])
    for got, want in zip(results, wanted, strict=True):
        assert compare(got, want.value, want.bound, want.name)


def test_a_second_split_keeps_the_predicate_of_the_first() -> None:
    a = t.placeholder((10, 9), name="A")
    s = t.create_schedule(t.compute((10, 9), lambda y, x: a[y, x] + 1, name="C"))
    s["C"].split("y", 4)
    s["C"].split("x", 2)
    assert "where=yo * 4 + yi < 10 and xo * 2 + xi < 9" in str(s)
    s["C"].split("yi", 3)
    s["C"].fuse("xo", "xi")
    check(s)


@pytest.mark.parametrize("block", ["P", "P_cache"])
def test_what_is_computed_for_an_iteration_begins_inside_its_buffer(block: str) -> None:
    a = t.placeholder((8,), name="A")
    p = t.compute((8,), lambda i: a[i] + 1, name="P")
    c = t.compute((9,), lambda i: select(i >= 1, p[i - 1], 0.0), name="C")
    s = t.create_schedule(c)
    if block == "P_cache":
        s["C"].cache_read("P")
    s[block].compute_at("C", "i")
    assert "where=i - 1 >= 0" in str(s)
    check(s)


def test_blocks_that_hand_on_an_output_keep_their_loops() -> None:
    """Both tensors are wanted, so neither is private; each iteration has its own elements."""
    a = t.placeholder((6, 5), name="A")
    p = t.compute((6, 5), lambda y, x: a[y, x] + 1, name="P")
    c = t.compute((6, 5), lambda y, x: p[y, x] * 2, name="C")
    s = t.create_schedule([p, c])
    s["C"].reverse_compute_at("P", "x")
    check(s)
    s["P"].reorder("x", "y")
    s["P"].parallel("x")
    check(s)


def test_what_an_iteration_hands_to_another_keeps_its_loops() -> None:
    """C reads up and to the right of what P writes: y must stay outside x."""
    a = t.placeholder((6, 5), name="A")
    p = t.compute((6, 5), lambda y, x: a[y, x] + 1, name="P")
    c = t.compute(
        (6, 5),
        lambda y, x: select((y >= 1) & (x < 4), p[y - 1, x + 1], 0.0),
        name="C",
    )
    s = t.create_schedule([p, c])
    s["P"].merge("y", "C", "y")
    s["P"].merge("x", "C", "x")
    check(s)
    with pytest.raises(t.ScheduleError, match=r"both touch P\[0, 1\], .* would change places"):
        s["P"].reorder("x", "y")


def test_statements_beside_the_loops_get_loops_of_their_own() -> None:
    a = t.placeholder((6, 5, 4), name="A")
    k = t.reduce_axis((0, 4), name="k")
    s = t.create_schedule(t.compute((6, 5), lambda y, x: t.sum(a[y, x, k], axis=k), name="C"))
    s["C"].decompose_reduction("k")
    s["C"].reorder("k", "y", "x")
    assert [str(x) for x in s["C"].loops] == ["k", "y", "x"]
    assert [str(x) for x in s["C_init"].loops] == ["y", "x"]
    check(s)


def test_a_fold_that_is_repeated_is_not_repeated_inside_itself() -> None:
    a = t.placeholder((4, 6), name="A")
    k = t.reduce_axis((0, 6), name="k")
    total = t.compute((4,), lambda y: t.sum(a[y, k], axis=k), name="T")
    s = t.create_schedule(t.compute((4, 6), lambda y, x: a[y, x] / total[y], name="C"))
    s["C"].reorder("x", "y")
    s["T"].compute_at("C", "y")
    with pytest.raises(t.ScheduleError, match="T would fold the same values several times"):
        s["T"].reorder("y", "k", "x")
    s["T"].reorder("y", "x")
    check(s)


def test_a_condition_that_inlining_left_is_not_lost_with_the_loops() -> None:
    """S1 acts for 7 of its 13 rows only; a nest made anew would act for all."""
    a, b = t.placeholder((16,), name="A"), t.placeholder((2,), name="B")
    p = t.compute((13, 8), lambda y, x: a[x * 2 + 1] + y, name="P")
    s = t.create_schedule(t.compute((2, 7), lambda i, j: p[j, i] + b[i], name="C"))
    s["C"].reverse_compute_inline("P")
    s["P"].cache_read("B")
    assert "where=y < 7 and x < 2" in str(s)
    with pytest.raises(t.ScheduleError, match="acts under a condition"):
        s["P"].reverse_compute_at("B_cache", "i0")
    check(s)


def test_what_stood_behind_a_nest_stands_behind_it_in_a_loop_of_its_own() -> None:
    a = t.placeholder((6, 5), name="A")
    p = t.compute((6, 5), lambda y, x: a[y, x] + 1, name="P")
    s = t.create_schedule(t.compute((6, 5), lambda y, x: p[y, 4 - x] * 2, name="C"))
    s["P"].compute_at("C", "y")
    s["P"].reorder("x", "y")
    assert [str(x) for x in s["P"].loops] == ["x", "y"]
    assert [str(x) for x in s["C"].loops] == ["y", "x"]
    check(s)
