import random
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

import tvmlab.te as te
from tests.fuzz.expressions import random_expression
from tests.te.real_inputs import FULL, SMALL, product
from tvmlab.errors import UsageError
from tvmlab.ir import dtypes
from tvmlab.ir.expr import cast, maximum, select
from tvmlab.ir.interpret import interpret
from tvmlab.te import evaluate as module
from tvmlab.te.evaluate import Evaluated, evaluate, random_inputs
from tvmlab.te.graph import as_outputs
from tvmlab.te.naive import lower_naive
from tvmlab.te.tensor import Tensor


def interpreted(outputs: Sequence[Tensor], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What the naive program computes, in its dtypes."""
    results = [np.zeros(o.extents, o.dtype) for o in outputs]
    interpret(lower_naive(outputs), [*inputs.values(), *results])
    return results


def wrong(reference: Evaluated, result: np.ndarray) -> np.ndarray:
    """Where a result is neither equal to its reference nor within the bound."""
    if not dtypes.is_float(str(result.dtype)):
        return result != reference.value
    got = result.astype(np.float64)
    with np.errstate(invalid="ignore"):
        near = np.abs(got - reference.value) <= reference.bound
    same = (got == reference.value) | (np.isnan(got) & np.isnan(reference.value))
    return ~(near | same | np.isinf(reference.bound))


def agree(outputs: Tensor | Sequence[Tensor], seed: int = 0) -> list[Evaluated]:
    """Interpret and evaluate, and compare."""
    results = as_outputs(outputs)
    inputs = random_inputs(results, seed)
    references = evaluate(results, inputs)
    for reference, result in zip(references, interpreted(results, inputs), strict=True):
        bad = wrong(reference, result)
        at = np.argwhere(bad)[:1]
        assert not bad.any(), (reference.name, at, result[bad][:1], reference.value[bad][:1])
    return list(references)


@pytest.mark.parametrize("name", SMALL)
def test_real_inputs_agree_with_the_interpreter(name):
    for seed in range(3):
        (reference,) = agree(SMALL[name], seed)
        assert reference.value.dtype == np.float64
        assert np.isfinite(reference.bound).all()
        assert reference.bound.max() < 1e-4  # and the bound says something


@pytest.mark.parametrize("block", range(8))
def test_random_expressions_agree_with_the_interpreter(block):
    for seed in range(block * 50, block * 50 + 50):
        agree(random_expression(random.Random(seed)), seed)


def test_boxes_and_halved_factors_give_the_same(monkeypatch):
    monkeypatch.setattr(module, "BOX_ELEMENTS", 64)
    monkeypatch.setattr(module, "FACTOR_ELEMENTS", 32)
    for name in SMALL:
        agree(SMALL[name])
    for seed in range(120):
        agree(random_expression(random.Random(seed)), seed)


def test_a_lost_term_is_out_of_bounds():
    """The bound is tight enough to see one term in a thousand missing, at most places."""
    C = product(96)
    inputs = random_inputs(C, 0)
    (reference,) = evaluate(C, inputs)
    a, b = inputs["A"].astype(np.float64), inputs["B"].astype(np.float64)
    without_last = (a[:-1].T @ b[:-1]).astype(np.float32)
    assert wrong(reference, without_last).mean() > 0.99
    assert not wrong(reference, (a.T @ b).astype(np.float32)).any()


def test_any_order_and_precision_of_a_sum_stays_within():
    n = 301
    A = te.placeholder((n,), name="A")
    B = te.placeholder((n,), name="B")
    k = te.reduce_axis((0, n), name="k")
    C = te.compute((1,), lambda i: te.sum(A[k] * B[k], axis=k), name="C")
    rng = np.random.default_rng(0)
    for seed in range(20):
        inputs = random_inputs(C, seed)
        (reference,) = evaluate(C, inputs)
        terms = inputs["A"] * inputs["B"]
        order = rng.permutation(n)
        sequential = np.add.accumulate(terms[order], dtype=np.float32)[-1]
        fused = np.float32(0)
        for x, y in zip(inputs["A"], inputs["B"], strict=True):
            fused = np.float32(np.float64(x) * np.float64(y) + np.float64(fused))
        for result in (sequential, terms.sum(), fused, terms[order].sum()):
            assert not wrong(reference, np.array([result])).any()


def test_integers_wrap_around_exactly():
    A = te.placeholder((3, 50), "int8", name="A")
    B = te.placeholder((50, 4), "int8", name="B")
    k = te.reduce_axis((0, 50), name="k")
    narrow = te.compute((3, 4), lambda y, x: te.sum(A[y, k] * B[k, x], axis=k), name="N")
    wide = te.compute(
        (3, 4),
        lambda y, x: te.sum(cast("int32", A[y, k]) * cast("int32", B[k, x]), axis=k),
        name="W",
    )
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-128, 128, s).astype(np.int8) for s in ((3, 50), (50, 4)))
    n, w = evaluate([narrow, wide], {"A": a, "B": b})
    np.testing.assert_array_equal(w.value, a.astype(np.int32) @ b.astype(np.int32))
    np.testing.assert_array_equal(n.value, w.value.astype(np.int8))
    assert not n.bound.any()
    assert (n.value.dtype, w.value.dtype) == (np.int8, np.int32)


def test_large_integers_do_not_go_through_floats():
    n = 64
    A = te.placeholder((n, n), "int64", name="A")
    k = te.reduce_axis((0, n), name="k")
    C = te.compute((n, n), lambda y, x: te.sum(A[y, k] * A[x, k], axis=k), name="C")
    a = np.random.default_rng(0).integers(-(2**62), 2**62, (n, n))
    (c,) = evaluate(C, {"A": a})
    np.testing.assert_array_equal(c.value, a @ a.T)


def test_a_guarded_read_outside_is_never_used():
    A = te.placeholder((4,), name="A")
    C = te.compute((8,), lambda i: select((i >= 2) & (i < 6), A[i - 2], -1.0), name="C")
    (c,) = agree(C)
    assert (c.value[[0, 1, 6, 7]] == -1).all()


def test_gathers_follow_their_indices():
    T = te.placeholder((5, 3), name="T")
    I = te.placeholder((4,), "int32", name="I")  # noqa: E741
    C = te.compute((4, 3), lambda y, x: T[I[y], x], name="C")
    inputs = random_inputs(C, 3)
    (c,) = evaluate(C, inputs)
    np.testing.assert_array_equal(c.value, inputs["T"][inputs["I"]])
    agree(C)


def test_what_a_rounded_float_decides_is_left_open():
    A = te.placeholder((3,), name="A")
    B = te.compute((3,), lambda i: A[i] * A[i] - 0.25, name="B")
    C = te.compute((3,), lambda i: select(B[i] > 0, 1.0, A[i]), name="C")
    inputs = {"A": np.array([0.5, 1.0, 0.1], np.float32)}
    (c,) = evaluate(C, inputs)
    assert c.bound[0] >= 0.5  # 0.25 - 0.25 may come out on either side
    assert c.bound[1:].max() == 0


def test_sums_that_may_overflow_are_left_open():
    A = te.placeholder((4,), "float16", name="A")
    k = te.reduce_axis((0, 4), name="k")
    C = te.compute((1,), lambda i: te.sum(A[k], axis=k), name="C")
    for values, finite in (([6e4, 6e4, -6e4, -6e4], False), ([1e4, 1e4, -1e4, 5.0], True)):
        (c,) = evaluate(C, {"A": np.array(values, np.float16)})
        assert np.isfinite(c.bound[0]) == finite


def test_infinities_and_nans_that_are_sure_stay_sure():
    A = te.placeholder((4,), name="A")
    k = te.reduce_axis((0, 4), name="k")
    S = te.compute((1,), lambda i: te.sum(A[k], axis=k), name="S")
    M = te.compute((1,), lambda i: te.max(A[k], axis=k), name="M")
    E = te.compute((4,), lambda i: te.exp(A[i] - M[0]), name="E")
    a = np.array([1, -np.inf, 2, 3], np.float32)
    s, m, e = evaluate([S, M, E], {"A": a})
    assert (s.value[0], s.bound[0]) == (-np.inf, 0)
    assert (m.value[0], m.bound[0]) == (3, 0)
    assert e.value[1] == 0
    assert np.isfinite(e.bound).all()
    (n,) = evaluate(S, {"A": np.array([1, np.nan, 2, 3], np.float32)})
    assert np.isnan(n.value[0])
    assert n.bound[0] == 0


def test_max_ignores_nan_as_the_program_says():
    A = te.placeholder((4,), name="A")
    C = te.compute((4,), lambda i: maximum(A[i], 0.0), name="C")
    (c,) = evaluate(C, {"A": np.array([np.nan, 1, -1, 2], np.float32)})
    np.testing.assert_array_equal(c.value, [0, 1, 0, 2])


def test_a_stage_rounds_before_the_next_one_reads_it():
    A = te.placeholder((64,), "float32", name="A")
    H = te.compute((64,), lambda i: cast("float16", A[i]), name="H")
    C = te.compute((64,), lambda i: cast("float32", H[i]) - A[i], name="C")
    (c,) = agree(C)
    assert c.bound.max() > 1e-4  # half a unit in the last place of float16


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, r"input A was not given; pass an array of Tensor\(A: float32\[2, 2\]\)"),
        ({"A": np.zeros((2, 2), np.float32), "D": 0}, "there is no input 'D'; the inputs are A"),
        ({"A": np.zeros((2, 3), np.float32)}, r"A was given as float32\[2, 3\]; it is float32\[2"),
        ({"A": np.zeros((2, 2))}, r"A was given as float64\[2, 2\]; it is float32"),
    ],
)
def test_wrong_inputs_are_refused(inputs, words):
    A = te.placeholder((2, 2), name="A")
    with pytest.raises(UsageError, match=words):
        evaluate(te.compute((2, 2), lambda y, x: A[y, x] * 2, name="C"), inputs)


def test_outputs_and_inputs_have_the_names_of_the_naive_program():
    A = te.placeholder((4,), name="T")
    B = te.placeholder((4,), name="T")
    C = te.compute((4,), lambda i: A[i] - B[i], name="T")
    inputs = random_inputs(C, 0)
    names = [b.name for b in lower_naive([C]).params]
    (c,) = evaluate(C, inputs)
    assert [*inputs, c.name] == names


def test_random_inputs_depend_on_the_seed_alone():
    C = random_expression(random.Random(5))
    first, again, other = (random_inputs(C, s) for s in (1, 1, 2))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert any((first[name] != other[name]).any() for name in first)


def test_random_inputs_show_both_signs_and_stay_small():
    inputs = random_inputs(product(32), 0)
    for array in inputs.values():
        assert array.dtype == np.float32
        assert array.min() < -0.9 < 0.9 < array.max() < 1
    A = te.placeholder((500,), "int8", name="A")
    U = te.placeholder((500,), "uint8", name="U")
    q = te.placeholder((500,), "bool", name="q")
    C = te.compute((500,), lambda i: select(q[i], A[i] + A[i], cast("int8", U[i])), name="C")
    small = random_inputs(C, 0)
    assert (small["A"].min(), small["A"].max()) == (-8, 7)
    assert (small["U"].min(), small["U"].max()) == (0, 15)
    assert 0 < small["q"].mean() < 1


@pytest.mark.parametrize("name", FULL)
def test_real_shapes_fit_in_memory(name):
    C = FULL[name]()
    inputs = random_inputs(C, 0)
    tracemalloc.start()
    evaluate(C, inputs)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1e9
