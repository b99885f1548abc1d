"""Programs in two: what is made of constants alone, and the rest."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.analysis.constant_part import halves, timed_part
from tvmlab.analysis.work import work_of
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import Program
from tvmlab.ir.verify import verify
from tvmlab.te.recurrence import Scanned


def product(constant: str = "W") -> t.Schedule:
    A = t.placeholder((6, 8), name="A", constant="A" in constant)
    W = t.placeholder((8, 16), name="W", constant="W" in constant)
    k = t.reduce_axis((0, 8), "k")
    return t.create_schedule(
        t.compute((6, 16), lambda i, j: t.sum(A[i, k] * W[k, j], axis=k), name="C")
    )


def names(program: Program) -> list[str]:
    return [b.name for b in program.params]


def test_the_copy_of_a_constant_is_made_once() -> None:
    s = product()
    s["C"].cache_read("A")
    s["C"].cache_read("W")
    parts = halves(s.mod)
    assert parts is not None
    assert names(parts.once) == ["W", "W_cache"]
    assert names(parts.rest) == ["A", "W_cache", "C"]
    assert [b.name for b in parts.rest.buffers] == ["A_cache"]
    assert timed_part(s.mod) is not s.mod


def test_rows_that_are_kept_lie_as_far_apart_as_was_asked() -> None:
    s = product()
    s["C"].cache_read("W")
    s["W_cache"].storage_align("W_cache", 0, 32, 4)
    parts = halves(s.mod)
    assert parts is not None
    for part in (parts.once, parts.rest):
        (kept,) = (b for b in part.params if b.name == "W_cache")
        assert kept.shape == (8, 36)
        assert not kept.alignments
        verify(part)
    assert kept is parts.kept[0]


def test_what_reads_no_constant_or_is_an_output_is_made_at_each_call() -> None:
    plain = product("")
    plain["C"].cache_read("W")
    assert halves(plain.mod) is None
    assert halves(product().mod) is None
    assert halves(product("AW").mod) is None, "an output is written by each call"


TEXT = """
def f(W: constant(float32[4]), A: float32[4], C: float32[4]):
    K = allocate(float32[4])
    {first}
    for i in range(4):
        C[i] = K[i] + A[i]
    {then}
"""
MAKE = "for a in range(4):\n        K[a] = W[a] * 2.0"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (MAKE, "for j in range(4):\n        K[j] = A[j]"),  # overwritten by each call
        (f"{MAKE}\n    for j in range(2):\n        K[j] = A[j]", ""),  # in part, and before
        (MAKE, "for j in range(4):\n        K[j] = W[j]"),  # written again after it was read
        ("for a in range(4):\n        K[a] = W[a] * A[a]", ""),  # reads no constants alone
    ],
)
def test_an_intermediate_that_calls_change_is_none(first: str, then: str) -> None:
    assert halves(parse_program(TEXT.format(first=MAKE, then=""))) is not None
    assert halves(parse_program(TEXT.format(first=first, then=then))) is None


def test_a_recurrence_from_a_constant_state_is_run_by_each_call() -> None:
    W, X = t.placeholder((1, 3), name="W", constant=True), t.placeholder((5, 3), name="X")
    h = t.placeholder((5, 3), name="h")
    init = t.compute((1, 3), lambda _, i: W[0, i] * 2.0, name="init")
    step = t.compute((5, 3), lambda s, i: h[s - 1, i] + X[s, i], name="step")
    out = t.scan(init, step, h)
    assert isinstance(out, Scanned)
    assert halves(t.create_schedule(out).mod) is None, "the state's buffer is written by the steps"


def test_sizes_must_be_told_by_both_halves() -> None:
    n = t.var("n")

    def halved(shape: tuple[object, ...], of: tuple[object, ...]) -> bool:
        A = t.placeholder(shape, name="A")
        W = t.placeholder(of, name="W", constant=True)
        D = t.compute(W.shape, lambda i: W[i] * 2.0, name="D")
        k = t.reduce_axis((0, 4), "k")
        C = t.compute(shape, lambda i: t.sum(A[i] * D[k], axis=k), name="C")
        return halves(t.create_schedule(C).mod) is not None

    assert halved((n,), (4,))
    assert halved((4,), (t.var("m", low=4),)), "W tells m to the first, what is kept to the second"


def test_what_is_made_of_constants_is_no_work() -> None:
    A, W = t.placeholder((16,), name="A"), t.placeholder((8, 16), name="W", constant=True)
    k = t.reduce_axis((0, 8), "k")
    total = t.compute((16,), lambda i: t.sum(W[k, i], axis=k), name="S")
    C = t.compute((16,), lambda i: A[i] * total[i], name="C")
    work = work_of(t.create_schedule(C).mod)
    assert work.flops == 16
    assert work.size_bytes == 3 * 16 * 4, "A, C and the smaller of W and its sums"
    assert work.left_out == "without what is made of W once"
