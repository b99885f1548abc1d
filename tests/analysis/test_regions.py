"""Boxes of elements: what a nest touches, their union, and whether one covers another."""

from __future__ import annotations

import pytest

import tvmlab.te as te
from tvmlab.analysis.filled import filled
from tvmlab.analysis.regions import Box, Span, covers, touched, union
from tvmlab.arith.linear import Linear
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Const, Var
from tvmlab.ir.printer import expr_text
from tvmlab.ir.program import TRUE, Block, For, Iter, Region, Store
from tvmlab.ir.walk import blocks
from tvmlab.schedule import Schedule, State
from tvmlab.te.naive import lower_naive

Y = Var("y")


def box(start: int, extent: int, *, moves: bool = False) -> Box:
    """One dimension: `extent` elements from `start`, or from `y + start`."""
    return (Span(Linear({Y: 1} if moves else {}, start), extent),)


def as_numbers(found: Box | None) -> list[tuple[int, int]]:
    """(start, extent) for each dimension of a box at a fixed place."""
    assert found is not None
    assert all(span is not None and not span.start.terms for span in found)
    return [(span.start.constant, span.extent) for span in found if span is not None]


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ((0, 8), (0, 8), True),
        ((0, 8), (2, 6), True),
        ((0, 8), (2, 7), False),
        ((0, 8), (1, 8), False),
        ((2, 8), (1, 3), False),
        ((2, 8), (2, 3), True),
    ],
)
@pytest.mark.parametrize("moves", [False, True])
def test_a_box_covers_what_lies_inside_it(
    outer: tuple[int, int], inner: tuple[int, int], expected: bool, moves: bool
) -> None:
    assert covers(box(*outer, moves=moves), box(*inner, moves=moves)) is expected


def test_all_there_is_covers_everything_and_nothing_covers_it() -> None:
    assert covers((None,), box(0, 8))
    assert not covers(box(0, 8), (None,))
    assert not covers(box(0, 8), box(0, 8, moves=True))


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ((0, 3), (0, 5), (0, 5)),
        ((0, 3), (1, 5), (0, 6)),
        ((4, 3), (1, 5), (1, 6)),
        ((4, 9), (1, 5), (1, 12)),
        ((1, 1), (7, 1), (1, 7)),
    ],
)
def test_a_union_holds_both(a: tuple[int, int], b: tuple[int, int], both: tuple[int, int]) -> None:
    assert as_numbers(union(box(*a), box(*b))) == [both]
    assert as_numbers(union(box(*b), box(*a))) == [both]


def test_boxes_of_unknown_distance_have_no_box_in_common() -> None:
    assert union(box(0, 3), box(0, 3, moves=True)) == (None,)


def test_touched_is_the_box_of_all_reads() -> None:
    A = te.placeholder((20, 9), name="A")
    d = te.reduce_axis((0, 3), name="d")
    B = te.compute((4,), lambda i: te.sum(A[2 * i + d, 8 - i] + A[i + 10, 4], axis=d), name="B")
    program = lower_naive([B])
    (block,) = blocks(program.body)
    source = block.reads[0].buffer
    assert as_numbers(touched(program.body, source, {}, writes=False)) == [(0, 14), (4, 5)]
    assert as_numbers(touched(program.body, block.writes[0].buffer, {}, writes=True)) == [(0, 4)]
    assert touched(program.body, source, {}, writes=True) is None


def test_an_index_that_is_data_may_touch_anything() -> None:
    A, index = te.placeholder((20,), name="A"), te.placeholder((4,), "int64", "I")
    program = lower_naive([te.compute((4,), lambda i: A[index[i]] + 1, name="B")])
    read = {r.buffer.name: r.buffer for b in blocks(program.body) for r in b.reads}
    assert touched(program.body, read["A"], {}, writes=False) == (None,)
    assert as_numbers(touched(program.body, read["I"], {}, writes=False)) == [(0, 4)]


def test_a_box_is_filled_where_indices_count_through_it_without_gaps() -> None:
    A = te.placeholder((10, 9), name="A")
    s = Schedule(State.start(te.compute((10, 9), lambda y, x: A[y, x] + 1, name="B")))
    buffer = s.mod.params[1]
    assert [as_numbers(b) for b in filled(s.mod.body, buffer, {})] == [[(0, 10), (0, 9)]]
    s["B"].split("y", 4)
    s["B"].fuse("yi", "x")
    for _ in range(2):  # rows counted through by one number, and by a loop each
        assert [as_numbers(b) for b in filled(s.mod.body, buffer, {})] == [[(0, 12), (0, 9)]]
        s.undo()


@pytest.mark.parametrize(
    ("step", "offset", "less", "boxes"),
    [(2, 0, 8, []), (2, 0, 5, []), (1, 0, 5, [[(0, 5)]]), (1, 1, 5, [[(1, 5)]])],
)
def test_a_box_is_filled_as_far_as_a_predicate_lets_it(
    step: int, offset: int, less: int, boxes: list[list[tuple[int, int]]]
) -> None:
    """Every second element is no box; five of eight are, wherever they begin."""
    v, i, B = Var("v"), Var("i"), Buffer("B", (16,), "float32")
    at = (v * step + offset,)
    block = Block(
        "B",
        [Iter(v, 8)],
        [i],
        i < less if less < 8 else TRUE,
        [],
        [Region(B, [(at[0], 1)])],
        None,
        Store(B, at, Const(0.0, "float32"), "B"),
    )
    assert [as_numbers(b) for b in filled(For(i, 8, block), B, {})] == boxes


def rows_filled(
    step: int, offset: int, outer: int, count: int, least: int = 0
) -> list[list[tuple[str, object]]]:
    """What is filled of 8 rows of 4 where the indices are the digits of
    `f * step + offset + o * outer`, for `f` from `least` to `count`, and `o` from 0 to 3."""
    v, w, f, o, B = Var("v"), Var("w"), Var("f"), Var("o"), Buffer("B", (8, 4), "float32")
    number = f * step + offset + o * outer
    block = Block(
        "B",
        [Iter(v, 8), Iter(w, 4)],
        [number // 4, number % 4],
        f >= least if least else TRUE,
        [],
        [Region(B, [(v, 1), (w, 1)])],
        None,
        Store(B, (v, w), Const(0.0, "float32"), "B"),
    )
    found = filled(For(f, count, block), B, {o: (0, 3)})
    assert all(span is not None for spans in found for span in spans)
    return [[(expr_text(s.start.expr()), s.extent) for s in spans if s] for spans in found]


def test_rows_are_filled_by_a_number_that_counts_through_them() -> None:
    assert rows_filled(1, 0, 0, 32) == [[("0", 8), ("0", 4)]]
    assert rows_filled(1, 8, 0, 20) == [[("2", 5), ("0", 4)]]
    assert rows_filled(1, 0, 8, 8) == [[("o * 2", 2), ("0", 4)]]
    assert rows_filled(1, 4, 4, 2) == [[("o + 1", 1), ("0", 2)]]
    assert rows_filled(1, 16, 8, 8) == [[("o * 2 + 4", 2), ("0", 4)]], "beyond is nothing"


@pytest.mark.parametrize(
    ("step", "offset", "outer", "count"),
    [(2, 0, 0, 8), (1, 2, 0, 8), (1, 1, 2, 2), (1, 0, 0, 6), (1, 0, 6, 4)],
)
def test_parts_of_rows_are_no_box(step: int, offset: int, outer: int, count: int) -> None:
    """Every second element; from the middle of a row; pairs that begin in several rows; a row and
    a half; rows that begin anywhere."""
    assert rows_filled(step, offset, outer, count) == []


def test_a_number_that_a_predicate_stops_fills_nothing() -> None:
    assert rows_filled(1, 0, 0, 4, least=1) == []
