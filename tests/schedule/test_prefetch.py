"""Hints ahead of their use: where they stand, what they name, and that they change nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tvmlab as t
from tests.fuzz.expressions import random_expression
from tests.fuzz.test_schedules import judge_state
from tests.fuzz.traces import random_state
from tests.schedule.test_kept import check
from tvmlab.ir.interpret import interpret
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import For, Prefetch
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.schedule import STEPS, State
from tvmlab.schedule.find import sites
from tvmlab.te.tensor import Tensor


def _product(size: int = 64, dtype: str = "float32") -> Tensor:
    a = t.placeholder((size, size), dtype, name="A")
    b = t.placeholder((size, size), dtype, name="B")
    k = t.reduce_axis((0, size), name="k")
    c: Tensor = t.compute((size, size), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    return c


def _tiled(dtype: str = "float32", lanes: int = 32) -> t.Schedule:
    s = t.create_schedule(_product(dtype=dtype))
    s["C"].split("y", 4)
    s["C"].split("x", lanes)
    s["C"].reorder("yo", "xo", "k", "yi", "xi")
    s["C"].unroll("yi")
    s["C"].vectorize("xi")
    return s


def _hints(s: t.Schedule) -> list[str]:
    lines = [line.strip() for line in str(lower(s.mod)).splitlines()]
    return [line for line in lines if line.startswith("prefetch(")]


def test_a_hint_stands_at_the_start_of_the_iteration_once_a_line() -> None:
    s = _tiled()
    s["C"].prefetch("B", "k", 4)
    s["C"].prefetch("A", "k", 16)
    assert 'for k in range(64, prefetch="B@4, A@16"):' in str(s)
    text = "\n".join(line.strip() for line in str(lower(s.mod)).splitlines())
    assert (
        "for k in range(64):\n"
        "for lane in unrolled(2):\n"
        "prefetch(B[k + 4, xo * 32 + lane * 16])\n"
        "for yi in unrolled(4):\n"
        "prefetch(A[yo * 4 + yi, k + 16])\n"
        "for yi in unrolled(4):\n"
        "C_tile" in text
    )
    check(s)
    assert s.check()


@pytest.mark.parametrize(
    ("dtype", "lanes", "count"),
    [("float32", 16, 1), ("float32", 64, 4), ("float64", 16, 2), ("int8", 64, 1)],
)
def test_lanes_share_lines_of_64_bytes(dtype: str, lanes: int, count: int) -> None:
    s = _tiled(dtype, lanes)
    s["C"].prefetch("B", "k", 1)
    found = [f.extent for f in stmts(lower(s.mod).body) if isinstance(f, For)]
    assert len(_hints(s)) == 1
    if count == 1:
        assert _hints(s) == [
            f"prefetch(B[k + 1, xo * {lanes}])" if lanes < 64 else "prefetch(B[k + 1, 0])"
        ]
    else:
        assert count in found
    assert s.check()


def test_a_serial_loop_along_memory_takes_a_line_at_a_time() -> None:
    s = t.create_schedule(_product())
    s["C"].prefetch("A", "y", 2)
    assert _hints(s) == ["prefetch(A[y + 2, k * 16])"]
    loops = [f for f in stmts(lower(s.mod).body) if isinstance(f, For)]
    nest = next(f for f in loops if isinstance(f.body, Prefetch))
    assert (nest.var.name, nest.extent) == ("k", 4)


def test_a_column_is_asked_for_element_by_element() -> None:
    s = t.create_schedule(_product())
    s["C"].prefetch("B", "x", 1)
    assert _hints(s) == ["prefetch(B[k, x + 1])"]


def test_a_diagonal_is_asked_for_element_by_element() -> None:
    a = t.placeholder((8, 71), name="A")
    k = t.reduce_axis((0, 8), name="k")
    s = t.create_schedule(t.compute((64,), lambda y: t.sum(a[k, y + k], axis=k), name="B"))
    s["B"].prefetch("A", "y", 3)
    assert _hints(s) == ["prefetch(A[k, y + k + 3])"]
    loops = [f for f in stmts(lower(s.mod).body) if isinstance(f, For)]
    assert [f.extent for f in loops if isinstance(f.body, Prefetch)] == [8]


def test_a_later_distance_takes_the_place_of_an_earlier_one() -> None:
    s = t.create_schedule(_product())
    s["C"].prefetch("B", "k", 1)
    s["C"].prefetch("B", "k", 8)
    assert 'prefetch="B@8"' in str(s)
    s["C"].unannotate("k", "prefetch")
    assert _hints(s) == []


def test_the_text_reads_back_scheduled_and_lowered() -> None:
    s = _tiled()
    s["C"].prefetch("B", "k", 4)
    for program in (s.mod, lower(s.mod)):
        assert str(parse_program(str(program))) == str(program)
    with pytest.raises(t.ParseError, match="no statement"):
        parse_program(str(lower(s.mod)).replace("prefetch(B", "prefetch(1, B"))


def test_a_place_beyond_the_buffer_is_asked_for_without_effect() -> None:
    """The last iterations name rows that are not there: neither interpreter nor kernel minds."""
    s = t.create_schedule(_product(40, "int32"))
    s["C"].prefetch("A", "y", 39)
    s["C"].prefetch("B", "k", 39)
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-9, 9, (40, 40)).astype(np.int32) for _ in range(2))
    for run in (lambda c: interpret(lower(s.mod), [a, b, c]), lambda c: t.build(s)(a, b, c)):
        c = np.zeros((40, 40), np.int32)
        run(c)
        assert np.array_equal(c, a @ b)


def test_the_processor_is_asked_for_a_line() -> None:
    s = _tiled()
    s["C"].prefetch("B", "k", 4)
    s["C"].parallel("yo")
    code = t.build(s).code("asm")
    assert code.count("prefetcht0") >= 2
    s["C"].unannotate("k", "prefetch")
    assert "prefetcht" not in t.build(s).code("asm")


def test_a_row_is_asked_for_piece_by_piece_over_the_row_before() -> None:
    """The hints stand in the inner loop, each for what its own iteration reads a row later."""
    s = t.create_schedule(_product())
    s["C"].prefetch("A", "y", 2, "x")
    s["C"].prefetch("B", "x", 1)
    assert 'for x in range(64, prefetch="A@y+2, B@1"):' in str(s)
    assert _hints(s) == ["prefetch(A[y + 2, k * 16])", "prefetch(B[k, x + 1])"]
    text = [line.strip() for line in str(lower(s.mod)).splitlines()]
    assert text.index("for x in range(64):") < text.index("prefetch(A[y + 2, k * 16])")
    assert str(t.replay(s.outputs[0], s.trace.to_json())) == str(s)
    again = t.create_schedule(s.outputs[0])
    again.apply_python(s.trace.to_python())
    assert str(again) == str(s)
    assert s.check()


def test_a_trace_without_the_loop_inside_reads_as_before() -> None:
    step = STEPS["prefetch"].from_json(
        {"step": "prefetch", "block": "C", "buffer": "A", "loop": "k", "distance": 4}
    )
    assert str(step) == 's["C"].prefetch("A", "k", 4)'


def test_sizes_of_a_call() -> None:
    n = t.var("n")
    a = t.placeholder((n, n), name="A")
    s = t.create_schedule(t.compute((n, n), lambda y, x: a[x, y] + 1.0, name="B"))
    s["B"].prefetch("A", "x", 8)
    assert _hints(s) == ["prefetch(A[x + 8, y])"]
    assert s.check(n=(1, 7, 64))


def test_a_place_told_by_data_is_refused() -> None:
    a = t.placeholder((64, 8), name="A")
    i = t.placeholder((32,), dtype="int64", name="I")
    s = t.create_schedule(t.compute((32, 8), lambda y, x: a[i[y], x], name="G"))
    with pytest.raises(t.ScheduleError, match="where it reads A depends on data"):
        s["G"].prefetch("A", "y", 4)
    s["G"].prefetch("I", "y", 4)
    assert _hints(s) == ["prefetch(I[y + 4])"]


def test_random_schedules_with_hints_compute_the_same() -> None:
    """After any steps and before any: hints stay hints, or the later step is refused."""
    hinted = 0
    for seed in range(120):
        rng = random.Random(seed)
        state = State.start(random_expression(rng).results)
        state = random_state(state, rng, rng.randint(0, 5))
        for _ in range(3):
            moves = [
                move
                for site in sites(state.program)
                for loop in site.names()
                for move in STEPS["prefetch"].moves(state.program, site.block.name, loop)
            ]
            if moves:
                state = state.apply(rng.choice(moves))
        state = random_state(state, rng, rng.randint(0, 4))
        hints = [s for s in stmts(lower(state.program).body) if isinstance(s, Prefetch)]
        if hints:
            hinted += 1
            judge_state(state, seed)
    assert hinted > 40
