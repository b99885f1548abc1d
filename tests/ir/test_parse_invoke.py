"""Instructions in a program's text: read back by their declaration."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.intrin import gemm8x8
from tvmlab.ir import equal
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Program


def _tensorized() -> Program:
    a = t.placeholder((24, 16), name="A")
    b = t.placeholder((24, 32), name="B")
    k = t.reduce_axis((0, 24), name="k")
    c = t.compute((16, 32), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")
    s = t.create_schedule(c)
    yi = s[c].tile("y", "x", "k", 8, 8, 8)[3]
    s[c].tensorize(yi, gemm8x8)
    return s.mod


def test_the_headline_instruction_reads_back() -> None:
    program = _tensorized()
    text = str(program)
    assert "fused_gemm8x8_add(C[vy * 8, vx * 8], A[vk * 8, vy * 8], B[vk * 8, vx * 8])" in text
    again = parse_program(text)
    assert str(again) == text
    assert equal(again, program)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fused_gemm8x8_add", "erase_disk", "no instruction 'erase_disk'; there are .*fill_zero"),
        (", B[vk * 8, vx * 8]", "", "takes 3 operand"),
        ("fill_zero(C[vy * 8, vx * 8])", "fill_zero(C)", "is its first element"),
        ("A[vk * 8, vy * 8]", "Z[vk * 8, vy * 8]", "no buffer 'Z'"),
        ("A: float32[24, 16]", "A: int8[24, 16]", "float32 operand of 2 dimensions where A"),
    ],
)
def test_what_the_instruction_does_not_take(old: str, new: str, words: str) -> None:
    text = str(_tensorized())
    assert old in text
    with pytest.raises(t.ParseError, match=words) as caught:
        parse_program(text.replace(old, new))
    assert "\n" not in str(caught.value)
