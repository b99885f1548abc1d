"""Programs over sizes: printed, read back, told apart, run at the sizes of their arrays."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.ir.equality import equal, structural_hash
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Program
from tvmlab.ir.shapes import sizes_from_shapes, sizes_of
from tvmlab.ir.size import Size
from tvmlab.ir.specialise import specialise
from tvmlab.ir.verify import verify
from tvmlab.te.naive import lower_naive


def windows(low: int = 1, high: int | None = None) -> Program:
    n, m = t.var("n", low, high), t.var("m", 2)
    a = t.placeholder((n + 2, m), name="A")
    w = t.placeholder((n, m), "int32", name="W")
    b = t.compute((n, m // 2), lambda y, x: a[y + 2, x * 2] + w[n - 1 - y, x] + m, name="B")
    return lower_naive([b])


@pytest.mark.parametrize(
    ("bounds", "said"),
    [((1, None), "n: size"), ((3, None), "n: size(3)"), ((1, 8), "n: size(1, 8)")],
)
def test_the_text_declares_sizes_and_reads_back(bounds: tuple[int, int | None], said: str) -> None:
    program = windows(*bounds)
    text = str(program)
    head = (
        f"def B({said}, m: size(2), A: float32[n + 2, m], W: int32[n, m], B: float32[n, m // 2]):"
    )
    assert text.splitlines()[0] == head
    again = t.parse_program(text)
    assert str(again) == text
    assert equal(again, program)
    assert [(s.name, s.low, s.high) for s in sizes_of(again)] == [("n", *bounds), ("m", 2, None)]


def test_programs_differ_by_the_bounds_of_sizes() -> None:
    assert equal(windows(), windows())
    assert structural_hash(windows()) == structural_hash(windows())
    assert not equal(windows(), windows(1, 8))


@pytest.mark.parametrize(
    "head", ["n: size(0)", "n: size(3, 2)", "n: size(1, 2, 3)", "n: size(m)", "n: size(low=2)"]
)
def test_sizes_of_another_form_are_not_read(head: str) -> None:
    text = f"def f({head}, A: float32[n]):\n    A[0] = 1.0"
    with pytest.raises(t.ParseError, match=r"n is of the type size, size\(2\) or size\(2, 64\)"):
        t.parse_program(text)


def test_a_size_must_be_an_extent_by_itself() -> None:
    with pytest.raises(t.ParseError, match="n is used outside its loop or block"):
        t.parse_program("def f(n: size, A: float32[n + 1]):\n    A[0] = 1.0")


def test_what_it_is_at_a_size_is_a_program_of_numbers() -> None:
    program = windows()
    n, m = sizes_of(program)
    known = specialise(program, {n: 3, m: 5})
    verify(known)
    assert sizes_of(known) == ()
    assert [b.extents for b in known.params] == [(5, 5), (3, 5), (3, 2)]
    assert "for y in range(3):" in str(known)
    assert specialise(known, {}) is known


@pytest.mark.parametrize("number", [1, 2, 7])
def test_the_interpreter_takes_sizes_from_arrays(number: int) -> None:
    rng = np.random.default_rng(number)
    a = rng.random((number + 2, 5), dtype=np.float32)
    w = rng.integers(-8, 8, (number, 5)).astype(np.int32)
    b = np.zeros((number, 2), np.float32)
    interpret(windows(), [a, w, b])
    expected = a[2:, [0, 2]] + w[::-1, :2].astype(np.float32) + np.float32(5)
    np.testing.assert_allclose(b, expected, rtol=1e-6)


n, m = Size("n"), Size("m", 2, 6)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([(4, 3), (5,)], r"B has shape \(5,\) where m = 3 from A\."),
        ([(4, 3), (3, 1)], r"B has shape \(3, 1\), and is of shape \(m\)\."),
        ([(4, 7), (7,)], r"m = 7 from A, and m is at most 6\."),
        ([(4, 1), (1,)], r"m = 1 from A, and m is at least 2\."),
        ([(0, 3), (3,)], r"n = 0 from A, and n is at least 1\."),
    ],
)
def test_shapes_that_do_not_fit_are_refused_in_one_sentence(
    shapes: list[tuple[int, ...]], said: str
) -> None:
    with pytest.raises(t.UsageError, match=said):
        sizes_from_shapes([("A", (n, m)), ("B", (m,))], shapes)


def test_an_extent_made_of_sizes_is_checked_too() -> None:
    said = r"B has shape \(4,\), and must have \(5,\) where n = 3 from A\."
    with pytest.raises(t.UsageError, match=said):
        sizes_from_shapes([("A", (n,)), ("B", (n + 2,))], [(3,), (4,)])
