"""Which thread holds which element of a tile: our loads and stores against the documented layout.

The address formulas of the printed device functions are evaluated for every thread, and what they
reach is compared with the tables of the PTX ISA ("Matrix fragments for mma.m16n8k16",
"... m16n8k32" and "... m16n8k8"), written down here once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tvmlab.arith import simplify
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Const, const
from tvmlab.ir.swizzle import placed, swizzle_of
from tvmlab.targets.cuda.matrices import function
from tvmlab.targets.cuda.row_loads import SWIZZLED

LANES = range(32)
ROW = 1000  # bytes from one row to the next


def _a(lane: int, i: int, per_register: int) -> tuple[int, int]:
    """Row and column of element a_i (PTX ISA), for registers of 2 or 4 elements."""
    group, thread = lane >> 2, lane % 4
    block = i // per_register
    row = group if block % 2 == 0 else group + 8
    column = thread * per_register + i % per_register + (4 * per_register if block >= 2 else 0)
    return row, column


def _b(lane: int, i: int, per_register: int) -> tuple[int, int]:
    """Row and column of element b_i."""
    group, thread = lane >> 2, lane % 4
    row = thread * per_register + i % per_register + (4 * per_register if i >= per_register else 0)
    return row, group


def _c(lane: int, i: int) -> tuple[int, int]:
    """Row and column of element c_i."""
    group, thread = lane >> 2, lane % 4
    return (group if i < 2 else group + 8), thread * 2 + (i & 1)


def _base(text: str) -> Callable[[int], int]:
    """The formula of the address that a function begins with, from its operand on."""
    found = re.search(r"p = .*?(?:from\)?|to)\s*\+ (.*?);", text, re.DOTALL)
    assert found is not None
    formula = found[1].replace("threadIdx.x", "x").replace("\n", " ")
    code = compile(formula, "formula", "eval")
    return lambda lane: int(eval(code, {"x": lane, "row_bytes": ROW, "row": ROW}))


def _offset(formula: str) -> int:
    return int(eval(formula, {"row_bytes": ROW, "row": ROW, "p": 0}))


def _loaded(text: str, **known: int) -> list[Callable[[int], int]]:
    """The formulas of all places that a load reads, from its operand on, in order."""
    found = re.findall(r"p\d+ = \(const char\*\)from \+ (.*);", text)
    codes = [compile(each.replace("threadIdx.x", "x"), "formula", "eval") for each in found]
    known = {"row_bytes": ROW} | known
    return [lambda lane, code=code: int(eval(code, {"x": lane} | known)) for code in codes]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_words_of_a_and_of_b_by_columns(size: int) -> None:
    for name, count, layout in (("load_a_words", 4, _a), ("load_t_words", 2, _b)):
        places = _loaded(function(name))
        assert len(places) == count
        for lane in LANES:
            for r, place in enumerate(places):
                for e in range(4 // size):
                    row, column = layout(lane, r * (4 // size) + e, 4 // size)
                    row, column = (column, row) if layout is _b else (row, column)
                    assert place(lane) + e * size == row * ROW + column * size


@pytest.mark.parametrize(
    ("name", "count", "size"),
    [
        ("load_a_matrix", 4, 1),
        ("load_a_matrix", 4, 2),
        ("load_a_matrix", 4, 4),
        ("load_t_matrix", 2, 1),
        ("load_t_matrix", 2, 2),
        ("load_t_matrix", 2, 4),
        ("load_b_matrix", 2, 2),  # halves alone are transposed
    ],
)
def test_ldmatrix_hands_out_rows(name: str, count: int, size: int) -> None:
    """Thread 8 m + i names row i of matrix m; thread t gets two halves of its row t / 4, or, where
    it transposes, of its column t / 4."""
    text = function(name)
    (base,) = _loaded(text)
    is_turned = ".trans" in text
    for lane in LANES:
        for r in range(count):
            for half in range(2):
                inside = (
                    (lane % 4 * 2 + half, lane // 4) if is_turned else (lane // 4, lane % 4 * 2)
                )
                address = base(8 * r + inside[0]) + 2 * inside[1] + (0 if is_turned else 2 * half)
                for byte in range(2):
                    i, rest = divmod(r * 4 + half * 2 + byte, size)
                    if name == "load_a_matrix":
                        row, column = _a(lane, i, 4 // size)
                        expected = row * ROW + column * size + rest
                    else:
                        row, column = _b(lane, i, 4 // size)
                        row, column = (row, column) if is_turned else (column, row)
                        expected = row * ROW + column * size + rest
                    assert address + byte == expected


def test_elements_of_b_by_rows() -> None:
    for name, size in (("load_b_halves", 2), ("load_b_singles", 4), ("load_b_bytes", 1)):
        text, per = function(name), 4 // size
        places = _loaded(text)
        assert len(places) == 2 * per
        for lane in LANES:
            for i, place in enumerate(places):
                row, column = _b(lane, i, per)
                assert place(lane) == row * ROW + column * size
        shifts = [int(n) for n in re.findall(r"<< (\d+)", text)]
        assert shifts == [8 * size * n for n in range(1, per)] * 2, "the first row is the lowest"


@pytest.mark.parametrize(("row", "chunk"), [(16, 8), (32, 8), (64, 8), (256, 8), (96, 16)])
@pytest.mark.parametrize(
    "name", ["load_a_matrix", "load_t_matrix", "load_t_words", "load_b_halves"]
)
def test_swizzled_loads_go_where_elements_are(name: str, row: int, chunk: int) -> None:
    """What a load of plain rows reads in row y and byte x, one of swizzled rows reads where the
    layout puts that element."""
    buffer = Buffer("A", (48, row), "float16", "shared", swizzle=chunk)
    swizzle = swizzle_of(buffer)
    assert swizzle is not None
    first, begin = 16, row - 16
    swizzled = _loaded(
        function(f"{name}{SWIZZLED}"),
        row_bytes=2 * row,
        row=first,
        byte=2 * begin,
        turn=first % (swizzle.rows * swizzle.ways),
        shift=swizzle.rows.bit_length() - 1,
        mask=swizzle.ways - 1,
        chunk=2 * chunk,
    )
    for before, after in zip(_loaded(function(name)), swizzled, strict=True):
        for lane in LANES:
            y, x = divmod(before(lane), ROW)
            place = placed(buffer, (const(first + y, "int64"), const(begin + x // 2, "int64")))
            i, j = (simplify(index, {}) for index in place)
            assert isinstance(i, Const)
            assert isinstance(j, Const)
            assert after(lane) == 2 * (i.value * row + j.value)


@pytest.mark.parametrize("name", ["store_float", "store_int"])
def test_results_go_where_they_belong(name: str) -> None:
    text = function(name)
    places = {int(i): _offset(o) for o, i in re.findall(r"p\[(.*?)\] = c\[(\d)\]", text)}
    assert places.keys() == {0, 1, 2, 3}
    for lane in LANES:
        for i, offset in places.items():
            row, column = _c(lane, i)
            assert _base(text)(lane) + offset == row * ROW + column


def test_every_element_is_held_once() -> None:
    for size, per in ((4, 1), (2, 2), (1, 4)):
        held_a = {_a(lane, i, per) for lane in LANES for i in range(4 * per)}
        held_b = {_b(lane, i, per) for lane in LANES for i in range(2 * per)}
        assert len(held_a) == 32 * 4 * per == 16 * 32 // size
        assert len(held_b) == 32 * 2 * per == 8 * 32 // size
    assert len({_c(lane, i) for lane in LANES for i in range(4)}) == 128


def _registers(call: str, name: str) -> list[int]:
    return [int(n) for n in re.findall(rf"\({name}\[(\d+)\]\)", call)]


def test_smaller_products_take_parts_of_the_tiles() -> None:
    """m16n8k8 of halves and m8n8k16 of bytes, whose fragments the PTX ISA gives in tables too."""
    halves = re.findall(r"asm\((.*?)\);", function("mma_f16").partition("#else")[2], re.DOTALL)
    assert len(halves) == 2
    for part, call in enumerate(halves):
        assert _registers(call, "c") == [0, 1, 2, 3]
        for lane in LANES:
            group, thread = lane >> 2, lane % 4
            held = [_a(lane, 2 * r + e, 2) for r in _registers(call, "a") for e in range(2)]
            rows, columns = (group, group + 8), (2 * thread, 2 * thread + 1)
            assert held == [(y, 8 * part + x) for y in rows for x in columns]
            held = [_b(lane, 2 * r + e, 2) for r in _registers(call, "b") for e in range(2)]
            assert held == [(8 * part + x, group) for x in columns]
    quarters = re.findall(r"asm\((.*?)\);", function("mma_s8").partition("#else")[2], re.DOTALL)
    assert len(quarters) == 4
    for n, call in enumerate(quarters):
        below, part = divmod(n, 2)
        for lane in LANES:
            group, thread = lane >> 2, lane % 4
            terms = [16 * part + 4 * thread + e for e in range(4)]
            held = [_a(lane, 4 * r + e, 4) for r in _registers(call, "a") for e in range(4)]
            assert held == [(8 * below + group, k) for k in terms]
            held = [_b(lane, 4 * r + e, 4) for r in _registers(call, "b") for e in range(4)]
            assert held == [(k, group) for k in terms]
            held = [_c(lane, r) for r in _registers(call, "c")]
            assert held == [(8 * below + group, 2 * thread + e) for e in range(2)]
