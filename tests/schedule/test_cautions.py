"""What is legal but slow is told at the step that made it so, with its cost."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

import tvmlab as t
from tvmlab.ir.expr import Expr
from tvmlab.schedule.caution import Caution
from tvmlab.schedule.cautions import RULES


def _product(m: int = 64, n: int = 64, k: int = 64) -> t.Schedule:
    a = t.placeholder((k, m), name="A")
    b = t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="k")
    c = t.compute((m, n), lambda y, x: t.sum(a[r, y] * b[r, x], axis=r), name="C")
    return t.create_schedule(c)


def _sum(shape: tuple[int, int]) -> t.Schedule:
    a = t.placeholder(shape, name="A")
    return t.create_schedule(t.compute(shape, lambda y, x: a[y, x] + 1.0, name="B"))


def _told(s: t.Schedule, line: str) -> list[Caution]:
    """The cautions of one more step."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", t.ScheduleWarning)
        s.apply_python(line)
    for caution in s.state.cautions:
        assert len(caution.why.split()) <= 25, caution.why
    return list(s.state.cautions)


def test_lanes_left_idle_are_counted() -> None:
    s = _sum((8, 17))
    _told(s, 'xo, xi = s["B"].split("x", 16)')
    (told,) = _told(s, 's["B"].vectorize("xi")')
    assert told.rule == "idle_lanes"
    assert "vectors of 16 lanes over 17 elements leave 47 % of the lanes idle" in told.why
    s = _sum((8, 1000))
    _told(s, 'xo, xi = s["B"].split("x", 16)')
    assert not _told(s, 's["B"].vectorize("xi")'), "62 of 63 vectors are full"


def test_lanes_far_apart_are_told_with_the_distance() -> None:
    s = _sum((16, 1000))
    _told(s, 's["B"].reorder("x", "y")')
    (told,) = _told(s, 's["B"].vectorize("y")')
    assert told.rule == "scattered_lanes"
    assert "1000 elements apart, so its 16 lanes are 16 accesses" in told.why


def test_columns_read_in_unrolled_iterations_are_transposed() -> None:
    x = t.placeholder((64, 48), name="X")
    s = t.create_schedule(t.compute((48, 64), lambda i, j: x[j, i], name="Y"))
    _told(s, 's["Y"].tile("i", "j", 16, 16)')
    assert _told(s, 's["Y"].vectorize("ji")')
    s.undo()
    _told(s, 's["Y"].unroll("ii")')
    assert not _told(s, 's["Y"].vectorize("ji")'), "16 rows are loaded, for 16 columns"


def test_an_accumulator_may_be_far_apart() -> None:
    s = _product()
    _told(s, 'yo, yi = s["C"].split("y", 16)')
    _told(s, 's["C"].reorder("yo", "x", "k", "yi")')
    assert not _told(s, 's["C"].vectorize("yi")'), "C is stored once, after 64 steps"


def test_a_parallel_loop_entered_often_is_told_by_its_launches() -> None:
    s = _sum((512, 16))
    (told,) = _told(s, 's["B"].parallel("x")')
    assert told.rule == "small_shares"
    assert "handed to threads 512 times" in told.why
    s = _sum((512, 16))
    assert not _told(s, 's["B"].parallel("y")')


def _parts(parallel: str, factor: int) -> list[Caution]:
    """A vector of which threads take either whole stretches or every other element."""
    a = t.placeholder((1 << 16,), name="A")
    s = t.create_schedule(t.compute((1 << 16,), lambda x: a[x] * 2.0, name="B"))
    _told(s, f'xo, xi = s["B"].split("x", {factor})')
    _told(s, 's["B"].reorder("xi", "xo")' if parallel == "xi" else 's["B"].reorder("xo", "xi")')
    return _told(s, f's["B"].parallel("{parallel}")')


def test_threads_that_share_every_line_are_told() -> None:
    (told,) = _parts("xi", 8)
    assert told.rule == "false_sharing"
    assert "write B 4 bytes apart, so threads share every line of 64" in told.why
    assert not _parts("xi", 64), "each thread's 32 elements fill two lines"
    assert "false_sharing" not in {c.rule for c in _parts("xo", 8)}


def test_a_line_that_is_written_once_may_be_shared() -> None:
    a = t.placeholder((8, 4096), name="A")
    k = t.reduce_axis((0, 4096), name="k")
    s = t.create_schedule(t.compute((8,), lambda y: t.sum(a[y, k], axis=k), name="S"))
    assert not _told(s, 's["S"].parallel("y")'), "eight sums, each stored after 4096 terms"


def test_accumulators_beyond_the_registers_are_counted() -> None:
    s = _product()
    for line in (
        'yo, yi = s["C"].split("y", 16)',
        'xo, xi = s["C"].split("x", 32)',
        's["C"].reorder("yo", "xo", "k", "yi", "xi")',
        's["C"].vectorize("xi")',
    ):
        assert not _told(s, line)
    (told,) = _told(s, 's["C"].unroll("yi")')
    assert told.rule == "registers"
    assert "32 vector registers of the 32 there are" in told.why


def test_a_tile_of_thirty_registers_is_no_reason_for_words() -> None:
    s = _product(m=60)
    for line in (
        'yo, yi = s["C"].split("y", 15)',
        'xo, xi = s["C"].split("x", 32)',
        's["C"].reorder("yo", "xo", "k", "yi", "xi")',
        's["C"].vectorize("xi")',
        's["C"].unroll("yi")',
    ):
        assert not _told(s, line)


def test_code_that_takes_long_to_compile_is_told_by_its_length() -> None:
    s = _product(m=512, n=128)
    for line in ('s["C"].reorder("k", "y", "x")', 's["C"].vectorize("x")'):
        assert "long_compile" not in [c.rule for c in _told(s, line)]
    told = {c.rule: c for c in _told(s, 's["C"].unroll("y")')}
    assert "40,960 instructions, which take some 20 s to compile" in told["long_compile"].why
    s = _product(m=64, n=16)
    for line in (
        's["C"].reorder("k", "y", "x")',
        's["C"].vectorize("x")',
        's["C"].unroll("y")',
    ):
        assert "long_compile" not in [c.rule for c in _told(s, line)], "a twelfth of a second"


def _rows() -> t.Schedule:
    a = t.placeholder((66, 64), name="A")
    h = t.compute((66, 64), lambda y, x: a[y, x] + 1.0, name="H")
    v = t.compute((64, 64), lambda y, x: h[y, x] + h[y + 1, x] + h[y + 2, x], name="V")
    return t.create_schedule(v)


def test_recomputation_is_told_by_its_factor() -> None:
    (told,) = _told(_rows(), 's["H"].compute_at("V", "y")')
    assert told.rule == "recomputation"
    assert "each of its elements is computed 2.91 times" in told.why, "3 x 64 rows for 66"
    s = _rows()
    _told(s, 'yo, yi = s["V"].split("y", 32)')
    assert not _told(s, 's["H"].compute_at("V", "yo")'), "2 x 34 rows for 66"


def test_copies_to_memory_near_threads_are_no_recomputation() -> None:
    s = t.create_schedule(t.ops.matmul(64, 64, 64).tensors)
    yo, _ = s["C"].split("y", 8)
    s["C"].cache_read("B")
    told = _told(s, f's["B_cache"].compute_at("C", "{yo}")')
    assert [c.rule for c in told] == ["recomputation"], "on a CPU"
    s["C"].bind(yo, "blockIdx.x")
    assert not s.cautions
    s["B_cache"].set_scope("B_cache", "shared")
    assert not s.cautions


def test_a_caution_is_said_once() -> None:
    s = _rows()
    assert _told(s, 's["H"].compute_at("V", "y")')
    assert not _told(s, 'xo, xi = s["V"].split("x", 16)')
    assert [c.rule for c in s.cautions] == ["recomputation"], "though it stays true"


def test_typing_a_slow_step_warns_where_it_is_typed() -> None:
    s = _sum((512, 16))
    with pytest.warns(t.ScheduleWarning, match="is legal and slow, loop x of block B") as caught:
        s["B"].parallel("x")
    assert caught[0].filename == __file__


DESERVED = {"bilinear": ["scattered_lanes"]}
"""Its second pass reads columns that lie as far apart as the sizes say: no vector helps there."""


@pytest.mark.parametrize("name", t.ops.NAMED)
def test_templates_give_no_cause_for_caution(name: str) -> None:
    workload = t.ops.named(name)
    template = workload.template()
    s = t.create_schedule(workload)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", t.ScheduleWarning)
        template.apply(s, template.default(workload.tensors))
    assert [c.rule for c in s.cautions] == DESERVED.get(name, []), [str(c) for c in s.cautions]


def test_every_rule_is_met_here() -> None:
    assert {rule.__name__ for rule in RULES} == {
        "idle_lanes",
        "scattered_lanes",
        "small_shares",
        "false_sharing",
        "registers",
        "recomputation",
        "long_compile",
    }


REFUSED_TRAPS = {
    "vectorize then split": ['s["C"].reorder("y", "k", "x")', 's["C"].vectorize("x")',
                             's["C"].split("x", 16)'],
    "an outer loop of 512 lanes": ['s["W"].vectorize("x")'],
    "nested parallel": ['s["C"].parallel("y")', 's["C"].parallel("x")'],
    "512 x 512 copies": ['s["W"].unroll("y")', 's["W"].unroll("x")'],
    "parallel over a reduction": ['s["C"].parallel("k")'],
}  # fmt: skip


@pytest.mark.parametrize("trap", REFUSED_TRAPS)
def test_what_others_accept_and_die_of_is_refused(trap: str) -> None:
    lines = REFUSED_TRAPS[trap]
    s = _product() if '"C"' in lines[0] else _wide()
    with pytest.raises(t.ScheduleError) as caught:
        s.apply_python("\n".join(lines))
    assert caught.value.refusal.asked in lines[-1]
    assert caught.value.refusal.instead


def _wide() -> t.Schedule:
    a = t.placeholder((512, 512), name="A")
    return t.create_schedule(t.compute((512, 512), lambda y, x: a[y, x] + 1.0, name="W"))


@pytest.mark.parametrize(
    ("place", "rules"),
    [
        (lambda i: i // 2, []),
        (lambda i: i % 2 * 32 + i // 2, []),
        (lambda i: i * 7 % 64, ["scattered_lanes"]),
    ],
)
def test_lanes_in_a_pattern_are_no_scattered_ones(
    place: Callable[[Expr], Expr], rules: list[str]
) -> None:
    a = t.placeholder((64,), name="A")
    s = t.create_schedule(t.compute((64,), lambda i: a[place(i)], name="B"))
    _told(s, 'io, ii = s["B"].split("i", 16)')
    assert [caution.rule for caution in _told(s, 's["B"].vectorize("ii")')] == rules
