"""Reducers of a user's own against NumPy; argmax; several results of one computation."""

import numpy as np
import pytest

import tvmlab.te as te
from tvmlab.errors import ExpressionError
from tvmlab.ir.expr import maximum, select
from tvmlab.ir.interpret import interpret
from tvmlab.ir.parse import parse_program
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.graph import as_outputs, block_names, stages
from tvmlab.te.naive import lower_naive
from tvmlab.te.serial import from_json, to_json

A = te.placeholder((5, 37), name="A")
Q = te.placeholder((5, 37), "int32", name="Q")
k = te.reduce_axis((0, 37), name="k")


def _online_softmax(a, b):
    """Running maximum, and the sum of exp(x - maximum) so far."""
    m = maximum(a[0], b[0])
    return m, a[1] * te.exp(a[0] - m) + b[1] * te.exp(b[0] - m)


def _welford(a, b):
    """Count, mean and sum of squared differences from it (Chan et al., 1979)."""
    n = a[0] + b[0]
    share = b[0] / maximum(n, 1.0)
    apart = b[1] - a[1]
    return n, a[1] + apart * share, a[2] + b[2] + apart * apart * a[0] * share


softmax = te.comm_reducer(_online_softmax, lambda m, s: (te.min_value(m) / 2, 0), "online_softmax")
welford = te.comm_reducer(_welford, lambda n, mean, m2: (0, 0, 0), "welford")
residue = te.comm_reducer(lambda x, y: (x * y) % 101, lambda d: 1, "residue")

GRAPHS = {
    "argmax": lambda: te.compute((5,), lambda y: te.argmax((k, A[y, k]), axis=k), ("I", "V")),
    "argmin of tied integers": lambda: te.compute(
        (5,), lambda y: te.argmin((k.astype("int32"), Q[y, k] % 4), axis=k), ("I", "V")
    ),
    "online softmax": lambda: te.compute(
        (5,), lambda y: softmax((A[y, k] * 30, 1.0), axis=k), ("M", "S")
    ),
    "welford": lambda: te.compute(
        (5,), lambda y: welford((1.0, A[y, k], 0.0), axis=k), ("N", "mean", "M2")
    ),
    "one value": lambda: te.compute((5,), lambda y: residue(Q[y, k] % 7 + 1, axis=k), "R"),
    "no fold": lambda: te.compute((5,), lambda y: (A[y, 0] + 1, Q[y, 1], A[y, 2]), "P"),
}


def _given(outputs, seed=3):
    return random_inputs(outputs, seed)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_naive_program_computes_the_reference(name):
    outputs = as_outputs(GRAPHS[name]())
    given = _given(outputs)
    program = lower_naive(outputs)
    results = [np.zeros(o.extents, o.dtype) for o in outputs]
    interpret(program, [*given.values(), *results])
    for got, want in zip(results, evaluate(outputs, given), strict=True):
        assert np.isfinite(want.bound).all()
        assert (np.abs(got - want.value) <= want.bound).all()


@pytest.mark.parametrize("name", GRAPHS)
def test_the_text_reads_back(name):
    program = lower_naive(as_outputs(GRAPHS[name]()))
    assert str(parse_program(str(program))) == str(program)


@pytest.mark.parametrize("name", GRAPHS)
def test_json_says_the_same(name):
    outputs = as_outputs(GRAPHS[name]())
    saved = to_json(outputs)
    again = from_json(saved)
    assert to_json(again) == saved
    assert str(lower_naive(again)) == str(lower_naive(outputs))
    assert [len(o.results) for o in again] == [len(o.results) for o in outputs]


def test_the_reference_is_numpys():
    outputs = as_outputs((*GRAPHS["argmax"](), *GRAPHS["online softmax"](), *GRAPHS["welford"]()))
    given = _given(outputs)
    x = given["A"].astype(np.float64)
    index, value, peak, total, count, mean, m2 = (e.value for e in evaluate(outputs, given))
    assert (index == x.argmax(1)).all()
    assert (value == x.max(1)).all()
    scaled = (x.astype(np.float32) * np.float32(30)).astype(np.float64)
    np.testing.assert_allclose(peak, scaled.max(1), rtol=1e-6)
    np.testing.assert_allclose(total, np.exp(scaled - peak[:, None]).sum(1), rtol=1e-4)
    assert (count == 37).all()
    np.testing.assert_allclose(mean, x.mean(1), rtol=1e-12)
    np.testing.assert_allclose(m2, x.var(1) * 37, rtol=1e-12)


def test_argmax_of_ties_and_of_nan_is_numpys():
    outputs = GRAPHS["argmax"]()
    program = lower_naive(outputs)
    x = np.zeros((5, 37), np.float32)
    x[1] = -np.inf
    x[2, 5] = x[2, 9] = 1
    x[3, 7] = x[3, 30] = np.nan
    x[4] = np.nan
    index, value = np.zeros(5, np.int64), np.zeros(5, np.float32)
    interpret(program, [x, index, value])
    assert index.tolist() == x.argmax(1).tolist() == [0, 0, 5, 7, 0]
    np.testing.assert_array_equal(value, x.max(1))


def test_every_right_hand_side_sees_the_old_values():
    swap = te.comm_reducer(
        lambda a, b: (select(a[1] < b[0], a[1], b[0]), a[0] + b[1]), lambda p, q: (0, 0), "swap"
    )
    outputs = te.compute((5,), lambda y: swap((Q[y, k], Q[y, k]), axis=k), ("P", "S"))
    given = _given(outputs)
    p, s = np.zeros(5, np.int32), np.zeros(5, np.int32)
    interpret(lower_naive(outputs), [*given.values(), p, s])
    for y, row in enumerate(given["Q"]):
        a = (0, 0)
        for x in map(int, row):
            a = (min(a[1], x), a[0] + x)
        assert (p[y], s[y]) == a


def test_several_results_are_one_stage_and_one_block():
    index, value = GRAPHS["argmax"]()
    twice = te.compute((5,), lambda y: value[y] * 2, "D")
    assert stages([twice]) == [index, twice]
    assert block_names([twice]) == {index: "I", value: "I", twice: "D"}
    assert [b.name for b in lower_naive([twice]).buffers] == ["I", "V"]


MISTAKES = {
    "dtype": (
        lambda: te.comm_reducer(lambda x, y: x * y > 0, lambda d: 1, "bad")(A[0, k], axis=k),
        "bad folds float32, and its result 0 is bool",
    ),
    "count": (
        lambda: te.comm_reducer(lambda x, y: (x[0],), lambda d, e: (0, 0), "bad")(
            (A[0, k], A[1, k]), axis=k
        ),
        r"folds 2 value\(s\) together, and its functions give 1",
    ),
    "identity": (
        lambda: te.comm_reducer(lambda x, y: x + y, lambda d: k, "bad")(k, axis=k),
        "an identity that is not made of numbers",
    ),
    "tensor inside": (
        lambda: te.comm_reducer(lambda x, y: x + y * A[0, 0], lambda d: 0, "bad")(A[0, k], axis=k),
        r"bad uses A\[0, 0\] to combine two values",
    ),
    "axis inside": (
        lambda: te.comm_reducer(lambda x, y: x + y * k, lambda d: 0, "bad")(k, axis=k),
        "bad uses k to combine",
    ),
    "no pair": (lambda: te.argmax(A[0, k], axis=k), "argmax takes an index and a value"),
    "no values": (lambda: softmax((), axis=k), "was given no values"),
    "names": (
        lambda: te.compute((5,), lambda y: te.argmax((k, A[y, k]), axis=k), ("I", "I")),
        "give each a name of its own",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_sentence(name):
    make, words = MISTAKES[name]
    with pytest.raises(ExpressionError, match=words):
        make()


@pytest.mark.parametrize(("identity", "is_number"), [(-np.inf, False), (-1e30, True)])
def test_an_infinite_identity_breaks_a_fold_that_subtracts(identity, is_number):
    x = te.placeholder((3,), name="X")
    j = te.reduce_axis((0, 3), name="j")
    fold = te.comm_reducer(_online_softmax, lambda m, s: (identity, 0), "softmax")
    outputs = te.compute((1,), lambda i: fold((x[j], 1.0), axis=j), ("M", "S"))
    peak, total = np.zeros(1, np.float32), np.zeros(1, np.float32)
    given = np.array([-np.inf, -np.inf, 2], np.float32)
    interpret(lower_naive(outputs), [given, peak, total])
    assert peak[0] == 2
    assert bool(np.isfinite(total[0])) is is_number
