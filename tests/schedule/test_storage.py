"""Scopes and alignments: what is printed and read, what stays the same, what lowering makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tvmlab as t
from tests.schedule.test_kept import check
from tvmlab import ops
from tvmlab.analysis.filled import filled
from tvmlab.arith.pitch import aligned_shape
from tvmlab.errors import ScheduleError
from tvmlab.ir import Program, equal, text
from tvmlab.ir.buffer import Alignment
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Allocate
from tvmlab.ir.walk import stmts
from tvmlab.lower.device_pipeline import lower_for_device
from tvmlab.lower.pipeline import lower
from tvmlab.schedule import Schedule
from tvmlab.te.tensor import Tensor


def _chain(rows: int = 8, columns: int = 16) -> Tensor:
    a = t.placeholder((rows, columns), name="A")
    b = t.compute((rows, columns), lambda y, x: a[y, x] + 1, name="B")
    return t.compute((rows, columns), lambda y, x: b[y, x] * 2, name="C")


@pytest.mark.parametrize("scope", ["shared", "warp", "local", "scratch.input"])
def test_a_scope_is_printed_read_and_changes_no_value(scope: str) -> None:
    s = t.create_schedule(_chain())
    s["B"].compute_at("C", "y")
    s["B"].set_scope("B", scope)
    assert f'B = allocate(float32[8, 16], scope="{scope}")' in str(s)
    again = parse_program(text(s.mod))
    assert equal(again, s.mod)
    assert [b.scope for b in again.buffers] == [scope]
    s["C"].parallel("y")
    check(s)
    assert s.check()


def test_shared_memory_under_bound_blocks_belongs_to_one() -> None:
    s = t.create_schedule(_chain())
    s["B"].compute_at("C", "y")
    s["C"].bind("y", "blockIdx.x")
    s["C"].bind("x", "threadIdx.x")
    s["B"].set_scope("B", "shared")
    with pytest.raises(t.ScheduleError, match="hands B"):
        s["B"].set_scope("B", "local")
    check(s)
    assert s.check()


@pytest.mark.parametrize("cut", [4, 8])
def test_local_memory_lives_on_from_one_nest_of_threads_to_the_next(cut: int) -> None:
    """Where the nests share elements out alike: then no thread touches what is another's."""
    s = t.create_schedule(_chain(8, 32))
    s["B"].compute_at("C", "y")
    s["C"].bind("y", "blockIdx.x")
    for block, size in (("B", 4), ("C", cut)):
        s[block].split("x" if block == "C" else s[block].loops[-1], factors=(None, size))
        outer, inner = s[block].loops[-2:]
        s[block].reorder(inner, outer)
        s[block].bind(inner if size == 4 else outer, "threadIdx.x")
    if cut == 4:
        s["B"].set_scope("B", "local")
    else:
        with pytest.raises(t.ScheduleError, match=r"threadIdx\.x hands B"):
            s["B"].set_scope("B", "local")
    check(s)
    assert s.check()


@pytest.mark.parametrize(
    ("shape", "alignment", "wanted"),
    [
        ((64, 64), (0, 1024, 16), (64, 1040)),
        ((64, 64), (0, 32, 0), (64, 64)),
        ((64, 60), (0, 32, 8), (64, 72)),
        ((4, 5, 8), (0, 32, 8), (4, 5, 8)),
        ((4, 6, 8), (0, 32, 8), (4, 9, 8)),
        ((4, 6, 8), (1, 32, 8), (4, 6, 8)),
        ((4, 6, 8), (0, 32, 9), None),
        ((7, 1), (0, 1, 0), (7, 1)),
    ],
)
def test_the_least_shape_that_has_an_alignment(
    shape: tuple[int, ...], alignment: tuple[int, int, int], wanted: tuple[int, ...] | None
) -> None:
    assert aligned_shape(shape, Alignment(*alignment)) == wanted


def test_rows_are_as_far_apart_as_was_asked_in_all_of_a_buffer_and_in_a_part() -> None:
    s = t.create_schedule(_chain(12, 64))
    s["B"].storage_align("B", 0, 64, 16)
    assert "B = allocate(float32[12, 64], align=[[0, 64, 16]])" in str(s)
    assert equal(parse_program(text(s.mod)), s.mod)
    assert "B = allocate(float32[12, 80])" in str(lower(s.mod))
    yo, _, _, _ = s["C"].tile("y", "x", 4, 16)
    s["B"].compute_at("C", yo)
    assert "B = allocate(float32[4, 80])" in str(lower(s.mod))
    s["C"].parallel(yo)
    assert 'B = allocate(float32[4, 80], scope="local")' in str(lower(s.mod))
    check(s)
    assert s.check()


def test_a_second_alignment_takes_the_place_of_the_first() -> None:
    s = t.create_schedule(_chain())
    s["B"].storage_align("B", 0, 32, 8)
    s["B"].storage_align("B", 0, 16, 4)
    assert "align=[[0, 16, 4]]" in str(s)


@pytest.mark.parametrize("said", ["align=3", "align=[[0]]", "align=[[0, 1.5, 2]]", "pitch=[[0]]"])
def test_an_allocation_that_cannot_be_read(said: str) -> None:
    words = text(t.create_schedule(_chain()).mod).replace("[8, 16])\n", f"[8, 16], {said})\n", 1)
    with pytest.raises(t.TvmlabError, match="align"):
        parse_program(words)


def _of_a_diagonal() -> t.Schedule:
    """Of B the diagonal alone is computed, in a nest before the one that reads it."""
    a = t.placeholder((8, 8), name="A")
    b = t.compute((8, 8), lambda y, x: a[y, x] + 1.0, name="B")
    s = t.create_schedule(t.compute((8,), lambda y: b[y, y] * 2.0, name="C"))
    s["B"].compute_at("C", "y")
    s["B"].fission("y")
    return s


@pytest.mark.parametrize("copy", ['s["B"].cache_write()', 's["C"].cache_read("B")'])
def test_what_is_computed_in_part_is_not_copied(copy: str) -> None:
    with pytest.raises(t.ScheduleError, match="cannot prove that"):
        _of_a_diagonal().apply_python(copy)


def test_a_nest_of_fused_and_cut_loops_computes_all_that_is_copied() -> None:
    a = t.placeholder((8, 8), name="A")
    b = t.compute((8, 8), lambda y, x: a[y, x] + 1.0, name="B")
    s = t.create_schedule(t.compute((8,), lambda y: b[y, y] * 2.0, name="C"))
    s["B"].split("x", 3)
    s["B"].fuse("y", "xo")
    s["B"].cache_write()
    s["C"].cache_read("B")
    assert all(s.check())


COPY = """
def C(A: float32[3, 9], C: float32[3, 9]):
    B = allocate(float32[3, 9])
    for u in range(2):
        for f in range(4):
            for g in range(8):
                with block("B", vi=(f * 8 + g) // 9, vj=(f * 8 + g) % 9, where=f * 8 + g < LIMIT):
                    B[vi, vj] = A[vi, vj]
        for i in range(3):
            for j in range(9):
                with block("C", vi=i, vj=j):
                    C[vi, vj] = B[vi, vj]
"""


@pytest.mark.parametrize(("limit", "boxes"), [("27", [(3, 9)]), ("18", [(2, 9)]), ("26", [])])
def test_a_number_counts_through_a_box_where_it_fills_whole_rows(
    limit: str, boxes: list[tuple[int, int]]
) -> None:
    program = parse_program(COPY.replace("LIMIT", limit))
    found = filled(program.body, program.buffers[0], {})
    assert [tuple(span.extent for span in box if span is not None) for box in found] == boxes


def test_a_copy_that_leaves_out_some_of_its_elements_fills_nothing() -> None:
    text_of_all = COPY.replace("f * 8 + g < LIMIT", "f * 8 + g < 27 and g < 7")
    program = parse_program(text_of_all)
    assert not filled(program.body, program.buffers[0], {})


def test_a_copy_that_threads_share_out_takes_what_it_holds() -> None:
    program = lower_for_device(scheduled_lstm_cell())
    shapes = {s.buffer.name: s.buffer.shape for s in stmts(program.body) if isinstance(s, Allocate)}
    assert shapes["Z"] == (8, 9)
    assert shapes["W_cache"] == (9, 4, 7)


def scheduled_lstm_cell() -> Program:
    """Rows of threads that do not divide what they copy."""
    workload = t.ops.lstm_cell(7, 11, batch=17)
    template = workload.template("opencl")
    s = t.create_schedule(workload.tensors)
    template.apply(s, template.default(workload.tensors))
    return s.mod


@pytest.mark.parametrize(
    "asked",
    [
        lambda s: s["C"].cache_read("A", "shared"),
        lambda s: s["C"].cache_read("A", scope="shared"),
        lambda s: s["C"].cache_write("local"),
        lambda s: s["C"].cache_write(storage_scope="local"),
    ],
)
def test_a_copy_in_a_memory_of_threads_is_told_what_to_write(
    asked: Callable[[Schedule], object],
) -> None:
    s = t.create_schedule(ops.matmul(8, 8, 8).tensors)
    with pytest.raises(ScheduleError, match=r'compute_at the copy in a loop, then s\["[AC]_cache'):
        asked(s)
    assert not s.state.steps
    s["C"].cache_read("A", "global")
    assert "A_cache" in s.blocks
