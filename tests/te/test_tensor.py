import math

import numpy as np
import pytest

import tvmlab.te as te
from tvmlab.errors import ExpressionError
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import select
from tvmlab.te.graph import as_outputs, inputs, reads, stages, tensors, unique_names
from tvmlab.te.tensor import MAX_ELEMENTS

A = te.placeholder((4, 8), name="A")
X = te.placeholder((8,), name="X")
k = te.reduce_axis((0, 8), name="k")
q = te.placeholder((8,), "bool", name="q")


def test_chains_are_as_long_as_they_are():
    chain = [X]
    for n in range(3000):
        source = chain[-1]
        chain.append(te.compute((8,), lambda i, s=source: s[i] + 1.0, name=f"B{n}"))
    last = chain[-1]
    fork = te.compute((8,), lambda i: last[i] + chain[5][i] + X[i], name="fork")
    assert tensors([fork]) == [*chain, fork]
    assert tensors([chain[5], fork, X]) == [*chain, fork]


def test_a_computation_names_its_axes_after_the_function():
    C = te.compute((4, 8), lambda row, col: A[row, col] * 2, name="C")
    assert [a.name for a in C.axes] == ["row", "col"]
    assert C.axis is C.axes
    assert (C.shape, C.dtype, C.is_placeholder) == ((4, 8), "float32", False)


def test_a_starred_function_numbers_its_axes():
    C = te.compute((4, 8), lambda *i: A[i] + 1, name="C")
    assert [a.name for a in C.axes] == ["i0", "i1"]


def test_defaults_may_capture_values():
    C = te.compute((8,), lambda i, scale=3: X[i] * scale, name="C")
    assert [a.name for a in C.axes] == ["i"]


def test_a_tensor_can_be_called_and_indexed():
    i = te.reduce_axis((0, 4), name="i")
    assert isinstance(A[i, k], Load)
    assert isinstance(A(i, k), Load)


def test_shapes_may_be_numpys():
    P = te.placeholder(np.array([2, 3]).tolist(), np.dtype("float16"), name="P")
    assert (P.shape, P.dtype) == ((2, 3), "float16")
    assert te.placeholder((np.int64(3),), name="P").shape == (3,)
    assert te.placeholder(3, name="P").shape == (3,)


MISTAKES = {
    "zero extent": (
        lambda: te.placeholder((4, 0), name="A"),
        r"A was given shape \(4, 0\); every extent must be a positive integer",
    ),
    "negative extent": (lambda: te.compute((-1,), lambda i: X[0], name="C"), "positive integer"),
    "float extent": (lambda: te.placeholder((4.0,), name="A"), "positive integer"),
    "bool extent": (lambda: te.placeholder((True,), name="A"), "positive integer"),
    "too large": (
        lambda: te.placeholder((MAX_ELEMENTS, 2), name="A"),
        "more than any memory holds",
    ),
    "dtype": (lambda: te.placeholder((4,), "float8", "A"), "dtype 'float8' is not known"),
    "name": (lambda: te.placeholder((4,), name="my tensor"), "is not an identifier"),
    "name's type": (lambda: te.placeholder((4,), name=3), "is not an identifier"),
    "rank": (lambda: A[k], r"A has 2 dimension\(s\) \[4, 8\], and was indexed with 1"),
    "slice": (lambda: A[0, :], "was indexed with a slice"),
    "float index": (lambda: X[1.5], "index 0 of X has dtype float32; an index is an integer"),
    "iteration": (lambda: list(X), "X cannot be looped over"),
    "parameters": (
        lambda: te.compute((4, 8), lambda i: X[i], name="C"),
        r"C has 2 dimension\(s\), and its function takes 1 parameter\(s\)",
    ),
    "axes": (
        lambda: te.compute((4, 8), lambda *at: X[at[0]], name="C", axes=["y"]),
        r"C has 2 dimension\(s\), and was given 1 name\(s\) of axes; give one for each",
    ),
    "no number": (
        lambda: te.compute((4,), lambda i: "x", name="C"),
        "'x' cannot stand in a tensor expression",
    ),
    "nested reduction": (
        lambda: te.compute((4,), lambda y: te.sum(A[y, k], axis=k) + 1, name="C"),
        "C uses a reduction inside a larger expression",
    ),
    "unbound axis": (
        lambda: te.compute((4,), lambda y: A[y, k], name="C"),
        "C uses axis 'k', which is neither one of its indices nor folded over",
    ),
    "outside": (
        lambda: te.compute((4,), lambda i: X[i + 5], name="C"),
        r"C reads X at index 0 from 5 to 8, outside 0\.\.7; guard it with t.select",
    ),
    "below": (lambda: te.compute((4,), lambda i: X[i - 1], name="C"), r"from -1 to 2, outside"),
    "truth": (
        lambda: te.compute((4,), lambda i: X[i] if X[i] > 0 else 0.0, name="C"),
        "has no truth value",
    ),
    "math": (lambda: te.compute((4,), lambda i: math.exp(X[i])), "Python's float or math takes"),
    "abs": (lambda: te.compute((4,), lambda i: abs(X[i])), r"use t\.abs\(x\)"),
    "power": (lambda: te.compute((4,), lambda i: X[i] ** 2), r"use t\.power\(x, y\)"),
    "numpy": (lambda: te.compute((4,), lambda i: np.exp(X[i])), "numpy.exp takes arrays"),
    "array": (
        lambda: te.compute((4,), lambda i: np.ones(3) * X[i]),
        r"an array of shape \(3,\) cannot stand in a tensor expression; make it an input",
    ),
    "tensors": (lambda: A + A, r"A is a whole tensor, .* lambda i0, i1: \.\.\.\) of A\[i0, i1\]"),
    "tensor times": (lambda: A @ A, "A is a whole tensor"),
    "numpy of a tensor": (lambda: np.sqrt(X), "X is a whole tensor"),
    "keyword": (lambda: te.placeholder((3,), name="for"), "'for' is not an identifier"),
    "reduce extent": (lambda: te.reduce_axis((3, 3)), r"given \(3, 3\); begin and end must be"),
    "reduce domain": (lambda: te.reduce_axis(8), r"reduce_axis takes \(begin, end\), not 8"),
    "no axis": (lambda: te.sum(X[k], axis=()), "t.sum needs at least one axis"),
    "not an axis": (lambda: te.sum(X[k], axis=3), "t.sum folds over axes made by t.reduce_axis"),
    "axis twice": (lambda: te.sum(X[k], axis=(k, k)), "t.sum was given the same axis twice"),
    "fold of a fold": (
        lambda: te.max(te.sum(A[0, k], axis=k), axis=k),
        "t.max of a reduction is not one computation",
    ),
    "fold of conditions": (lambda: te.sum(q[k], axis=k), "folds numbers, not conditions"),
    "output not a tensor": (lambda: as_outputs([3]), "3 is not a tensor"),
    "output a placeholder": (lambda: as_outputs(A), "A is a placeholder and computes nothing"),
    "no outputs": (lambda: as_outputs([]), "the outputs are empty"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_said_in_a_sentence(name):
    build, words = MISTAKES[name]
    with pytest.raises(ExpressionError, match=words) as caught:
        build()
    assert str(caught.value).endswith(".")


def test_an_output_given_twice_is_refused():
    C = te.compute((8,), lambda i: X[i], name="C")
    with pytest.raises(ExpressionError, match="name a tensor twice"):
        as_outputs([C, C])


def test_dtypes_may_be_numpys():
    C = te.compute((8,), lambda i: X[i].astype(np.int32), name="C")
    assert (C.dtype, te.placeholder((3,), np.dtype("int8")).dtype) == ("int32", "int8")


def test_numbers_of_numpy_stand_on_either_side():
    C = te.compute((8,), lambda i: np.float32(2) * X[i] + X[i] * np.float32(3), name="C")
    D = te.compute((8,), lambda i: np.maximum(X[i], np.float32(0)) < np.float32(1), name="D")
    assert str(C.body) == str(te.compute((8,), lambda i: 2.0 * X[i] + X[i] * 3.0, name="C").body)
    assert str(D.body) == str(te.compute((8,), lambda i: te.max(X[i], 0.0) < 1.0, name="D").body)


def test_a_guarded_read_may_leave_its_tensor():
    C = te.compute((9,), lambda i: select(i < 8, X[i], 0.0), name="C")
    assert C.shape == (9,)


def test_max_and_min_fold_or_compare():
    C = te.compute((8,), lambda i: te.max(X[i], 0.0), name="C")
    assert C.reduce_axes == ()
    D = te.compute((1,), lambda i: te.min(X[k], axis=k), name="D")
    assert D.reduce_axes == (k,)


def test_the_graph_goes_from_producers_to_consumers():
    P = te.compute((8,), lambda i: X[i] * 2, name="P")
    Q = te.compute((4, 8), lambda y, x: P[x] + A[y, x] + P[x], name="Q")
    assert tensors([Q]) == [X, P, A, Q]
    assert inputs([Q]) == [X, A]
    assert stages([Q]) == [P, Q]
    assert reads(Q) == (P, A)
    assert reads(X) == ()


def test_names_are_made_unique_in_order():
    assert unique_names(["a", "b", "a", "a_1", "a"]) == ["a", "b", "a_1", "a_1_1", "a_2"]


def test_axes_may_be_named_apart_from_the_function() -> None:
    a = te.placeholder((2, 3), name="A")
    b = te.compute((2, 3), lambda *at: a[at] + 1.0, name="B", axes=("y", "x"))
    assert [axis.name for axis in b.axes] == ["y", "x"]
