"""Computations said as statements: the program, the reference, JSON, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tvmlab.errors import ExpressionError, TraceError
from tvmlab.ir import equal
from tvmlab.te.evaluate import evaluate
from tvmlab.te.naive import lower_naive
from tvmlab.te.serial import from_json, to_json
from tvmlab.te.tensor import Tensor


def running_sum(n: int = 9) -> tuple[Tensor, ...]:
    """`(B, S, Y)`: a computation, an extern that sums it up, and a computation that reads that."""
    a = t.placeholder((n,), name="A")
    b = t.compute((n,), lambda i: a[i] * 2, name="B")
    s = t.extern(
        (n,),
        [b],
        lambda ins, out: (
            f"""
            {out.name}[0] = {ins[0].name}[0]
            for i in range({n - 1}):
                S[i + 1] = S[i] + B[i + 1]
        """
        ),
        name="S",
    )
    return b, s, t.compute((n,), lambda i: s[i] + 1, name="Y")


def histogram() -> Tensor:
    """How often each of five numbers stands in twenty."""
    i = t.placeholder((20,), "int32", name="I")
    return t.extern(
        (5,),
        [i],
        """
        for k in range(5):
            H[k] = int32(0)
        for k in range(20):
            H[int64(I[k])] = H[int64(I[k])] + int32(1)
        """,
        name="H",
        dtype="int32",
    )


def test_it_is_one_block_of_its_statements() -> None:
    assert str(lower_naive([running_sum()[2]])) == (
        "def Y(A: float32[9], Y: float32[9]):\n"
        "    B = allocate(float32[9])\n"
        "    S = allocate(float32[9])\n"
        "    for i in range(9):\n"
        '        with block("B", vi=i):\n'
        "            B[vi] = A[vi] * 2.0\n"
        '    with block("S"):\n'
        "        S[0] = B[0]\n"
        "        for i in range(8):\n"
        "            S[i + 1] = S[i] + B[i + 1]\n"
        "    for i in range(9):\n"
        '        with block("Y", vi=i):\n'
        "            Y[vi] = S[vi] + 1.0"
    )


def test_the_reference_runs_the_statements_with_their_errors() -> None:
    _, s, y = running_sum()
    given = np.linspace(-1, 1, 9, dtype=np.float32)
    found = evaluate([s, y], {"A": given})
    expected = np.cumsum(2 * given.astype(float))
    np.testing.assert_allclose(found[0].value, expected, atol=1e-12)
    assert (found[0].bound < 1e-5).all()
    assert found[0].bound[-1] > found[0].bound[0], "sums round at each step"
    (counted,) = evaluate(histogram(), {"I": np.arange(20, dtype=np.int32) % 5})
    assert counted.value.tolist() == [4] * 5
    assert not counted.bound.any()


def test_nothing_is_known_of_elements_that_no_statement_surely_writes() -> None:
    a = t.placeholder((2,), name="A")
    text = """
    C[0] = 0.0
    if A[0] * 3.0 < A[1]:
        C[1] = 1.0
    else:
        C[1] = 2.0
    """
    c = t.extern((3,), [a], text, name="C")
    near, clear = (np.array(x, np.float32) for x in ([0.1, 0.3], [0.1, 0.9]))
    assert evaluate(c, {"A": clear})[0].bound.tolist() == [0, 0, np.inf]
    assert evaluate(c, {"A": near})[0].bound.tolist() == [0, np.inf, np.inf]


@pytest.mark.parametrize("make", [lambda: running_sum()[2], histogram], ids=["sum", "histogram"])
def test_compiled_and_read_back(make) -> None:
    tensor = make()
    s = t.create_schedule(tensor)
    assert all(s.check())
    again = from_json(to_json(tensor))
    assert equal(lower_naive(again), s.mod)
    assert to_json(again) == to_json(tensor)
    assert equal(t.create_schedule(tensor).mod, t.parse_program(str(s.mod)))


@pytest.mark.parametrize(
    "step",
    [
        's["S"].cache_read("B")',
        's["S"].cache_write()',
        's["B"].compute_inline()',
        's["Y"].cache_read("S")',
        's["B"].split("i", 4)',
        's["Y"].parallel("i")',
    ],
)
def test_steps_around_it_keep_what_it_computes(step: str) -> None:
    s = t.create_schedule(running_sum()[2])
    s.apply_python(step)
    assert all(s.check())


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('s["S"].parallel("i")', "block S has no loop 'i'"),
        ('s["S"].compute_at("Y", "i")', "does not write one element for each of its indices"),
        ('s["S"].compute_inline()', "is refused at block S"),
        ('s["Y"].reverse_compute_at("S", "i")', "block Y has no loop|is refused"),
    ],
)
def test_steps_into_it_are_refused(step: str, said: str) -> None:
    s = t.create_schedule(running_sum()[2])
    with pytest.raises(t.ScheduleError, match=said):
        s.apply_python(step)


def _of(text: object, *, inputs: int = 1, names: str = "AB") -> Tensor:
    given = [t.placeholder((4,), name=names[n]) for n in range(inputs)]
    return t.extern((4,), given, text, name="C")  # type: ignore[arg-type]


def _in_a_cell() -> Tensor:
    state = t.placeholder((4,), name="h")
    inside = t.extern((4,), [state], "for i in range(4):\n    E[i] = h[i]", name="E")
    update = t.compute((4,), lambda s: state[s - 1] + inside[s], name="u")
    return t.scan(t.compute((1,), lambda s: 0.0, name="h0"), update, state)


REFUSED = {
    "no text": (lambda: _of(3), "is 3|are 3"),
    "empty": (lambda: _of("  "), "not a text of some lines"),
    "no program": (lambda: _of("C[0] ="), "the text of C is refused: line 2"),
    "unknown buffer": (lambda: _of("C[0] = Z[0]"), "the text of C is refused"),
    "outside": (lambda: _of("for i in range(5):\n    C[i] = A[0]"), "may be 0 to 4, outside 0..3"),
    "stores to an input": (lambda: _of("A[0] = 1.0\nC[0] = 1.0"), "only its result may be written"),
    "parallel": (lambda: _of("for i in parallel(4):\n    C[i] = A[i]"), "holds a parallel loop"),
    "block": (lambda: _of('with block("C"):\n    C[0] = A[0]'), "holds a block"),
    "one name": (lambda: _of("C[0] = A[0]", inputs=2, names="AA"), "two tensors of one name"),
    "no tensors": (lambda: t.extern((4,), [3], "C[0] = 1.0", name="C"), "reads tensors, not 3"),
    "cell": (_in_a_cell, "an extern that depends on a state"),
    "sizes": (
        lambda: t.extern((4,), [t.placeholder((t.var("n"),), name="A")], "C[0] = 1.0", name="C"),
        "takes known extents",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_sentence(case: str) -> None:
    call, said = REFUSED[case]
    with pytest.raises(ExpressionError, match=said):
        call()


def test_json_with_another_input_is_refused() -> None:
    plain = to_json(histogram())
    plain["tensors"][0]["shape"] = [19]
    with pytest.raises(TraceError, match="other shapes or dtypes than its inputs"):
        from_json(plain)
