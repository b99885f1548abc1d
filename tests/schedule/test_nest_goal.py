"""A loop nest as a goal: reached by plain steps, or refused with the reason."""

from __future__ import annotations

import random

import pytest

import tvmlab as t
from tvmlab.ir import equal
from tvmlab.ir.printer import LOOP_WORDS
from tvmlab.ir.program import For
from tvmlab.ir.walk import stmts
from tvmlab.schedule import Loop, Schedule
from tvmlab.te.tensor import Tensor


def _matmul(n: int = 1024) -> Tensor:
    a = t.placeholder((n, n), name="A")
    b = t.placeholder((n, n), name="B")
    k = t.reduce_axis((0, n), name="k")
    return t.compute((n, n), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def _headers(s: Schedule) -> list[tuple[str, str, object]]:
    return [(x.var.name, x.kind, x.extent) for x in stmts(s.mod.body) if isinstance(x, For)]


def test_the_tiled_product_is_reached_by_plain_steps() -> None:
    c = _matmul()
    s = t.create_schedule(c)
    loops = s[c].to_nest(
        "for yo in parallel(32): for xo in range(32): for k in range(1024): "
        "for yi in unrolled(32): for xi in vectorized(32)"
    )
    assert [str(x) for x in loops] == ["yo", "xo", "k", "yi", "xi"]
    assert s.trace.to_python() == (
        'yo, yi = s["C"].split("y", 32)\n'
        'xo, xi = s["C"].split("x", 32)\n'
        's["C"].reorder("xo", "k", "yi", "xi")\n'
        's["C"].vectorize("xi")\n'
        's["C"].unroll("yi")\n'
        's["C"].parallel("yo")'
    )
    assert _headers(s) == [
        ("yo", "parallel", 32), ("xo", "serial", 32), ("k", "serial", 1024),
        ("yi", "unrolled", 32), ("xi", "vectorized", 32),
    ]  # fmt: skip


def test_lines_as_they_are_printed_do_as_well() -> None:
    s = t.create_schedule(_matmul(8))
    s["C"].to_nest("for k in range(8):\n    for y in range(8):\n        for x in vectorized(8):")
    assert s.trace.to_python() == 's["C"].reorder("k", "y", "x")\ns["C"].vectorize("x")'


def test_loops_are_fused_by_their_names() -> None:
    s = t.create_schedule(_matmul(64))
    s["C"].to_nest(
        "for yoxo in parallel(16): for k in range(64): for yi in range(16): for xi in range(16)"
    )
    assert 'yoxo = s["C"].fuse("yo", "xo")' in s.trace.lines
    assert _headers(s)[0] == ("yoxo", "parallel", 16)
    whole = t.create_schedule(_matmul(64))
    whole["C"].to_nest("for yx in range(4096): for k in range(64)")
    assert whole.trace.to_python() == 'yx = s["C"].fuse("y", "x")'


def test_more_parts_and_names_of_ones_own() -> None:
    s = t.create_schedule(_matmul(60))
    loops = s["C"].to_nest(
        "for y0 in range(5): for x_a in range(8): for y1 in range(3): for k in range(60): "
        "for y2 in range(4): for x_b in range(8)"
    )
    assert [str(x) for x in loops] == ["y0", "xo", "y1", "k", "y2", "xi"]
    assert 'y0, y1, y2 = s["C"].split("y", factors=[None, 3, 4])' in s.trace.lines
    assert "xo * 8 + xi < 60" in str(s)


def test_a_part_may_stand_outside_its_outer_part() -> None:
    s = t.create_schedule(_matmul(16))
    s["C"].to_nest("for yi in range(4): for yo in range(4): for x in range(16): for k in range(16)")
    assert s.trace.lines[-1] == 's["C"].reorder("yi", "yo")'


def test_what_is_there_already_takes_no_step() -> None:
    s = t.create_schedule(_matmul(16))
    s["C"].parallel("y")
    before = s.state
    s["C"].to_nest("for y in parallel(16): for x in range(16): for k in range(16)")
    assert s.state is before


@pytest.mark.parametrize("seed", range(30))
def test_the_nest_of_a_random_schedule_is_reached_again(seed: int) -> None:
    rng = random.Random(seed)
    s = t.create_schedule(_matmul(24))
    for loop in ("y", "x", "k"):
        if rng.random() < 0.7:
            s["C"].split(loop, rng.choice((2, 3, 5, 8)))
    s["C"].reorder(*rng.sample(list(s["C"].loops), len(s["C"].loops)))
    last = s["C"].loops[-1]
    if not last.startswith("k"):
        s["C"].vectorize(last)
    text = " ".join(
        f"for {name} in {'vectorized' if kind == 'vectorized' else 'range'}({extent}):"
        for name, kind, extent in _headers(s)
    )
    again = t.create_schedule(_matmul(24))
    again["C"].to_nest(text)
    assert equal(again.mod, s.mod), text


REST = "for x in range(1024): for k in range(1024)"


@pytest.mark.parametrize(
    ("text", "where", "why", "instead"),
    [
        ("", "block C", "has no loop", "for yo in range"),
        ("while y: pass", "block C", "'while y: pass' is no loop header", "headers only"),
        (f"for y in range(1024): {REST}: C[y, x] = 0", "block C", "no loop header", "headers"),
        (f"for y in spiral(1024): {REST}", "loop y", "makes a loop 'spiral'", "range, vectorized"),
        (f"for y in bound(1024): {REST}", "loop y", "makes a loop 'bound'", "range, vectorized"),
        (f"for y in range(1024): for y in range(4): {REST}", "loop y", "twice", "once"),
        (REST, "loop y", "no place in the nest", "add for y in range(1024)"),
        (f"for z in range(1024): {REST}", "loop z", "none of the block's loops y, x, k", "yo, yi"),
        (f"for y in range(512): {REST}", "loop y", "1024 iterations", "write 1024 for y"),
        (f"for yo in range(16): for yi in range(32): {REST}", "loop y", "16 x 32", "32 for yo"),
        (f"for yo in range(0): for yi in range(0): {REST}", "loop y", "no iterations", "at least"),
        (
            "for yoxo in range(9): for k in range(1024): for yi in range(32): for xi in range(32)",
            "loop yoxo", "32 x 32 iterations, not 9", "write 1024",
        ),
        (
            "for yoxo in range(9): for yixi in range(9): for k in range(1024)",
            "loop y", "2 parts of y are fused", "by itself",
        ),
        ("for yk in range(1048576): for x in range(1024)", "loop y, k", "its fuse: ", "one kind"),
        (f"for y in range(1024): {REST[:-11]}vectorized(1024)", "loop k", "its vectorize", "loop"),
    ],
)  # fmt: skip
def test_refused_with_the_reason(text: str, where: str, why: str, instead: str) -> None:
    s = t.create_schedule(_matmul())
    before = s.state
    with pytest.raises(t.ScheduleError) as caught:
        s["C"].to_nest(text)
    refusal = caught.value.refusal
    assert refusal.asked.startswith('s["C"].to_nest("')
    assert refusal.where.endswith(where)
    assert why in refusal.why
    assert instead in refusal.instead
    assert len(refusal.why.split()) <= 27
    assert "\n" not in str(caught.value)
    assert s.state is before


def _ask(s: Schedule, text: str) -> tuple[Loop, ...] | t.ScheduleError:
    try:
        return s["C"].to_nest(text)
    except t.ScheduleError as refused:
        return refused


@pytest.mark.parametrize("part", range(4))
def test_random_goals_are_reached_or_refused_in_words(part: int) -> None:
    reached = refused = 0
    for seed in range(part, 400, 4):
        rng = random.Random(seed)
        s = t.create_schedule(_matmul(12))
        if rng.random() < 0.3:
            s["C"].split(rng.choice("yxk"), 4)
        wanted = [(str(x), 12) for x in s["C"].loops]
        for _ in range(rng.randint(0, 3)):
            n = rng.randrange(len(wanted))
            stem, factor = wanted[n][0], rng.choice((2, 3, 4, 5))
            cut = [(stem + "o", -(-wanted[n][1] // factor)), (stem + "i", factor)]
            wanted[n : n + 1] = rng.choice((cut, cut, [], [(stem + "x", 4)], [wanted[n]] * 2))
            if not wanted:
                break
        rng.shuffle(wanted)
        words = ("range", "range", "range", "parallel", "vectorized", "unrolled", "bound")
        text = ": ".join(f"for {name} in {rng.choice(words)}({n})" for name, n in wanted)
        before = s.state
        answer = _ask(s, text)
        if isinstance(answer, t.ScheduleError):
            refused += 1
            assert s.state is before
            assert answer.refusal.where.startswith("block C")
            assert len(answer.refusal.why.split()) <= 27
            assert answer.refusal.instead
            assert "\n" not in str(answer)
        else:
            reached += 1
            assert list(answer) == [name for name, _, _ in _headers(s)]
            assert [f"{LOOP_WORDS[k]}({n})" for _, k, n in _headers(s)] == [
                header.split(" in ")[1] for header in text.split(": ")
            ]
    assert reached >= 5
    assert refused >= 5


def test_an_annotated_loop_stays_as_it_is() -> None:
    s = t.create_schedule(_matmul(16))
    s["C"].parallel("y")
    with pytest.raises(t.ScheduleError, match="already parallel, and stays so; write for y in par"):
        s["C"].to_nest("for y in range(16): for x in range(16): for k in range(16)")


def test_a_name_with_very_many_readings_is_read_at_once() -> None:
    a = t.placeholder((4,), name="A")
    s = t.create_schedule(t.compute((4,), lambda i: a[i] + 1.0, name="B"))
    assert s["B"].to_nest(f"for {'i' * 200} in range(4)") == ("i",)
    assert not s.trace.lines
