"""Blocks over whole tiles: what they are made of, and that all goes on with them."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.ir import equal
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import For
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower
from tvmlab.schedule.primitives import Blockize, Tensorize
from tvmlab.te.tensor import Tensor


def _product(n: int = 32) -> Tensor:
    a = t.placeholder((n, n), name="A")
    b = t.placeholder((n, n), name="B")
    k = t.reduce_axis((0, n), name="k")
    return t.compute((n, n), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")


def _tiled(n: int = 32) -> t.Schedule:
    s = t.create_schedule(_product(n))
    s["C"].tile("y", "x", "k", 8, 8, 8)
    return s


def test_the_first_value_of_a_tile_is_set_by_the_first_of_its_folds() -> None:
    s = _tiled()
    s["C"].blockize("yi")
    assert str(s).splitlines()[1:] == [
        "    for yo in range(4):",
        "        for xo in range(4):",
        "            for ko in range(4):",
        '                with block("C", vy=yo, vx=xo, vk=reduce(ko)):',
        "                    with init():",
        "                        for yi in range(8):",
        "                            for xi in range(8):",
        "                                C[vy * 8 + yi, vx * 8 + xi] = 0.0",
        "                    for yi in range(8):",
        "                        for xi in range(8):",
        "                            for ki in range(8):",
        "                                C[vy * 8 + yi, vx * 8 + xi] = "
        "C[vy * 8 + yi, vx * 8 + xi] + A[vk * 8 + ki, vy * 8 + yi] * B[vk * 8 + ki, vx * 8 + xi]",
    ]
    assert all(s.check())


def test_a_tile_becomes_an_instruction_later_as_it_would_at_once() -> None:
    late, soon = _tiled(), _tiled()
    late["C"].blockize("yi")
    late["C"].reorder("ko", "yo", "xo")
    late["C"].tensorize("yi", "gemm8x8")
    soon["C"].tensorize("yi", "gemm8x8")
    soon["C"].reorder("ko", "yo", "xo")
    assert equal(late.mod, soon.mod)
    assert all(late.check())
    assert equal(t.replay(_product(), late.trace.to_json()).mod, late.mod)


def test_tiles_of_tiles() -> None:
    s = _tiled()
    s["C"].blockize("yi")
    s["C"].split("yo", 2)
    s["C"].reorder("yoo", "xo", "ko", "yoi")
    s["C"].blockize("yoi")
    assert "C[vy * 16 + yoi * 8 + yi, vx * 8 + xi] = 0.0" in str(s)
    assert all(s.check())


def test_tiles_are_shared_out_and_annotated_inside() -> None:
    s = _tiled()
    s["C"].reorder("ki", "yi", "xi")
    s["C"].unroll("yi")
    s["C"].vectorize("xi")
    s["C"].blockize("ki")
    s["C"].parallel("yo")
    s["C"].decompose_reduction("ko")
    assert "for xi in vectorized(8):" in str(s)
    assert all(s.check())


def test_a_producer_moves_into_the_loops_of_tiles_that_read_it() -> None:
    a = t.placeholder((32, 32), name="A")
    b = t.compute((32, 32), lambda y, x: a[y, x] * 2.0, name="B")
    c = t.compute((32, 32), lambda y, x: b[y, x] + b[31 - y, x], name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", 8, 8)
    s["C"].blockize("yi")
    s["B"].compute_at("C", "yo")
    s["B"].parallel("y")
    assert all(s.check())


@pytest.mark.parametrize("rows", [8, 16, 5, 3])
def test_tiles_are_computed_where_they_are_read(rows: int) -> None:
    """Whole tiles cover what a reader needs, wherever in them it begins."""
    c = _product()
    d = t.compute((30, 32), lambda y, x: c[y, x] + c[y + 2, x], name="D")
    s = t.create_schedule(d)
    s["C"].tile("y", "x", "k", 8, 8, 8)
    s["C"].tensorize("yi", "gemm8x8")
    s["D"].split("y", rows)
    s["C"].compute_at("D", "yo")
    s["C"].reorder("k", "y", "x")
    starts = {8: "yo + y", 16: "yo * 2 + y", 5: "yo * 5 // 8 + y", 3: "yo * 3 // 8 + y"}
    assert f'block("C", vy={starts[rows]}, vx=x, vk=reduce(k)' in str(s)
    assert all(s.check())
    assert equal(t.replay(d, s.trace.to_json()).mod, s.mod)


def test_loops_inside_a_block_may_be_named_like_those_around_it() -> None:
    a = t.placeholder((8, 8), name="A")
    s = t.create_schedule(t.compute((8, 8), lambda y, x: a[y, x] + 1.0, name="B"))
    s["B"].split("y", 4)
    s["B"].blockize("yi")
    text = str(s).replace("yo", "yi")
    read = parse_program(text)
    assert str(read) == text
    names = [loop.var.name for loop in stmts(lower(read).body) if isinstance(loop, For)]
    assert len(set(names)) == 3


REPEATED = """def B(A: float32[8], B: float32[8]):
    for i in range(8):
        for again in range(2):
            with block("B", vi=i):
                B[vi] = A[vi] + 1.0
"""

SCATTERED = """def B(A: float32[8], B: float32[16]):
    for i in range(8):
        with block("B", vi=i):
            B[vi * 2] = A[vi] + 1.0
"""


SHIFTED = """def B(A: float32[24], B: float32[24]):
    for i in range(2):
        for j in range(8):
            with block("B", vi=i * 8 + j + 4):
                B[vi] = A[vi] + 1.0
"""


@pytest.mark.parametrize(
    ("text", "loop", "why"),
    [
        (SHIFTED, "j", "the values of vi inside are no whole tile that others stand beside"),
        (REPEATED, "again", "each iteration of again computes the same elements again"),
        (SCATTERED, "i", "what the loops inside write of B is no box"),
    ],
)
def test_what_is_no_tile(text: str, loop: str, why: str) -> None:
    refusal = Blockize("B", loop).check(parse_program(text))
    assert refusal is not None
    assert refusal.why == why


def test_moves_offer_the_instruction_that_the_loops_inside_do() -> None:
    s = _tiled()
    s["C"].blockize("yi")
    assert Tensorize.moves(s.mod, "C", "yo") == [Tensorize("C", "yi", "gemm8x8")]
    s.undo()
    assert Tensorize.moves(s.mod, "C", "yi") == [Tensorize("C", "yi", "gemm8x8")]


def test_an_operand_read_twice_is_two_tiles() -> None:
    a = t.placeholder((16, 16), name="A")
    k = t.reduce_axis((0, 16), name="k")
    c = t.compute((16, 16), lambda y, x: t.sum(a[k, y] * a[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    s["C"].tile("y", "x", "k", 8, 8, 8)
    s["C"].tensorize("yi", "gemm8x8")
    assert "fused_gemm8x8_add(C[vy * 8, vx * 8], A[vk * 8, vy * 8], A[vk * 8, vx * 8])" in str(s)
    assert all(s.check())
    assert equal(parse_program(str(s)), s.mod)


def test_another_first_value_is_another_instruction() -> None:
    text = str(_tiled()).replace("C[vy, vx] = 0.0", "C[vy, vx] = 1.0")
    refusal = Tensorize("C", "yi", "gemm8x8").check(parse_program(text))
    assert refusal is not None
    assert "does not start from the block's first value" in refusal.why
