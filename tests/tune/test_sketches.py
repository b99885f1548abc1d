"""Sketches: what the rules find, and that whatever is drawn from them computes the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import tvmlab as t
from tests.fuzz.expressions import random_expression
from tests.fuzz.test_schedules import judge_state
from tvmlab import ops, te
from tvmlab.errors import ScheduleError
from tvmlab.ops.vector_unit import AVX2, AVX512
from tvmlab.schedule import State, step_from_json
from tvmlab.te.promise import promise_constants
from tvmlab.te.tensor import Tensor
from tvmlab.tune.sketch_space import SketchSpace
from tvmlab.tune.sketches import BOUND, PHASES, RULES, Rule, sketches


def transposed_batches() -> Tensor:
    """Ansor's TBG: a product of batches that are transposed first."""
    A, B = t.placeholder((3, 16, 2, 8), name="A"), t.placeholder((3, 16, 2, 8), name="B")
    Q = t.compute((3, 2, 16, 8), lambda b, h, s, d: A[b, s, h, d], name="Q")
    K = t.compute((3, 2, 8, 16), lambda b, h, d, s: B[b, s, h, d], name="K")
    d = t.reduce_axis((0, 8), "d")
    return t.compute(
        (3, 2, 16, 16), lambda b, h, i, j: t.sum(Q[b, h, i, d] * K[b, h, d, j], axis=d), name="C"
    )


def conv_bn_relu() -> Tensor:
    """Ansor's CBR: a padded convolution, scaled, shifted and cut off at zero."""
    (conv,) = ops.conv2d(1, 3, 6, 6, 8, 3).tensors
    scale, shift = (t.placeholder((8,), name=name) for name in ("scale", "shift"))
    bn = t.compute(conv.extents, lambda n, c, y, x: conv[n, c, y, x] * scale[c] + shift[c], "bn")
    return t.compute(conv.extents, lambda n, c, y, x: t.max(bn[n, c, y, x], 0.0), "relu")


def norm(batch: int, rows: int, columns: int) -> Tensor:
    """Ansor's NRM: the length of a matrix taken as a vector."""
    A = t.placeholder((batch, rows, columns), name="A")
    i, j = t.reduce_axis((0, rows), "i"), t.reduce_axis((0, columns), "j")
    total = t.compute((batch,), lambda b: t.sum(A[b, i, j] * A[b, i, j], axis=[i, j]), name="S")
    return t.compute((batch,), lambda b: te.sqrt(total[b]), name="N")


def two_layers() -> Tensor:
    """A product, cut off at zero, times another matrix."""
    X, V, W = (t.placeholder(s, name=n) for s, n in (((5, 6), "X"), ((6, 16), "V"), ((16, 7), "W")))
    k, h = t.reduce_axis((0, 6), "k"), t.reduce_axis((0, 16), "h")
    hidden = t.compute((5, 16), lambda i, j: t.sum(X[i, k] * V[k, j], axis=k), name="H")
    cut = t.compute((5, 16), lambda i, j: t.max(hidden[i, j], 0.0), name="R")
    return t.compute((5, 7), lambda i, j: t.sum(cut[i, h] * W[h, j], axis=h), name="Y")


def chain() -> Tensor:
    """Element by element, one stage after another."""
    A = t.placeholder((13, 64), name="A")
    b = t.compute((13, 64), lambda i, j: A[i, j] * 2.0, name="B")
    c = t.compute((13, 64), lambda i, j: te.exp(b[i, j]), name="E")
    return t.compute((13, 64), lambda i, j: c[i, j] + A[i, j], name="Y")


def of_a_constant_product() -> Tensor:
    """A product with a matrix that is made of a constant."""
    A, W = t.placeholder((5, 17), name="A"), t.placeholder((17, 33), name="W", constant=True)
    doubled = t.compute((17, 33), lambda i, j: W[i, j] * 2.0, name="D")
    k = t.reduce_axis((0, 17), "k")
    return t.compute((5, 33), lambda i, j: t.sum(A[i, k] * doubled[k, j], axis=k), name="C")


EXPRESSIONS: dict[str, tuple[Callable[[], Tensor | Sequence[Tensor]], set[str]]] = {
    "product": (lambda: ops.matmul(8, 32, 12).tensors, {"tile(C)", "tile(C, packed)"}),
    "primes": (lambda: ops.matmul(17, 37, 13).tensors, {"tile(C)", "tile(C, packed)"}),
    "one": (lambda: ops.matmul(1, 1, 1).tensors, set()),
    "row": (lambda: ops.matmul(1, 37, 5).tensors, set()),
    "column": (lambda: ops.matmul(23, 1, 7).tensors, set()),
    "batches": (
        transposed_batches,
        {"inline(K) inline(Q) tile(C, packed)", "inline(Q) tile(C)", "tile(C)"},
    ),
    "convolution": (
        lambda: ops.conv2d(1, 4, 7, 7, 6, 3).tensors,
        {"inline(P) tile(C)", "inline(P) tile(C, packed)", "tile(C)", "tile(C, packed)"},
    ),
    "strided": (lambda: ops.conv2d(1, 2, 9, 9, 5, 3, 2).tensors, {"inline(P) tile(C)"}),
    "depthwise": (
        lambda: ops.depthwise_conv2d(1, 5, 11, 11, 3).tensors,
        {"inline(P) tile(C)", "tile(C)"},
    ),
    "conv-bn-relu": (
        conv_bn_relu,
        {
            "inline(bn) inline(P) tile(C, then relu)",
            "inline(bn) inline(P) tile(C, packed, then relu)",
        },
    ),
    "softmax": (lambda: ops.softmax(3, 32).tensors, {"inline(R) rows(Y)"}),
    "layer_norm": (lambda: ops.layer_norm(3, 32).tensors, {"rows(Y)"}),
    "norm": (lambda: norm(1, 64, 96), {"rfactor(S)"}),
    "two layers": (two_layers, {"tile(Y) tile(H, then R)", "inline(R) tile(Y) tile(H)"}),
    "transposed convolution": (
        lambda: ops.conv2d_transpose(1, 3, 4, 4, 4, 4, 2).tensors,
        {"inline(P) tile(S)"},
    ),
    "bytes": (
        lambda: ops.narrow_matmul(3, 32, 8).tensors,
        {"tensorize(C, dot4_u8s8)", "inline(W) tile(C)"},
    ),
    "chain": (chain, {"inline(E) inline(B)"}),
    "constant matrix": (
        lambda: promise_constants(ops.matmul(17, 37, 13).tensors, ["B"]),
        {"tile(C, laid out)", "tile(C, laid out, packed)"},
    ),
    "both constant": (
        lambda: promise_constants(ops.matmul(5, 16, 7).tensors, ["A", "B"]),
        {"tile(C, laid out)"},
    ),
    "constant rows": (
        lambda: promise_constants(ops.dense(5, 13, 18, relu=True).tensors, ["W", "B"]),
        {"tile(C, laid out)", "tile(C, laid out, then Y)"},
    ),
    "constant weights": (
        lambda: promise_constants(ops.conv2d(1, 4, 7, 7, 6, 3).tensors, ["W"]),
        {"inline(P) tile(C, laid out)", "tile(C, laid out)"},
    ),
    "made of a constant": (of_a_constant_product, {"tile(C, laid out)"}),
}
"""Name -> an expression, and sketches that are among those found."""


def judge(
    outputs: Sequence[Tensor], draws: int, seed: int, phases: Sequence[Sequence[Rule]] = PHASES
) -> int:
    """Compare what four sketches compute by default, and `draws` configurations of all, with
    NumPy; how many were refused."""
    found = sketches(outputs, AVX2 if seed % 2 else AVX512, phases)
    space = SketchSpace(found, outputs)
    rng = np.random.default_rng(seed)
    configs = [space.config(row) for row in space.draw(draws, rng)]
    good = [{"sketch": k, **each.default(outputs)} for k, each in found.items()][1:]
    configs += good[:: -(-len(good) // 4) or 1]
    refused = 0
    for config in configs:
        try:
            trace = space.trace(config)
        except ScheduleError:
            refused += 1
            continue
        state = State.start(outputs).replay(step_from_json(step) for step in trace)
        judge_state(state, seed)
    return refused


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_rules_find_sketches_and_what_they_hold_is_right(name: str) -> None:
    make, titles = EXPRESSIONS[name]
    made = make()
    outputs = (made,) if isinstance(made, Tensor) else tuple(made)
    assert titles <= sketches(outputs).keys()
    assert judge(outputs, 1, 1) == 0


@pytest.mark.parametrize(
    ("make", "titles"),
    [
        (lambda: ops.conv2d(1, 2, 6, 6, 4, 3).tensors, {"inline(P) bind(C)"}),
        (lambda: (norm(1, 8, 32),), {"bind(N) bind(S)", "bind(N) cross_threads(S)"}),
        (lambda: ops.matmul(7, 13, 11).tensors, {"bind(C)"}),
    ],
)
def test_structures_for_bound_loops_are_right(
    make: Callable[[], Sequence[Tensor]], titles: set[str]
) -> None:
    outputs = make()
    assert titles <= sketches(outputs, phases=BOUND).keys()
    assert judge(outputs, 3, 1, BOUND) == 0


@pytest.mark.parametrize("seed", range(24))
def test_sketches_of_random_expressions_are_right(seed: int) -> None:
    outputs = random_expression(random.Random(seed)).results
    judge(outputs, 1, 8 * seed + 1)


def test_at_least_nine_of_ten_random_samples_are_legal() -> None:
    named = [ops.named(name) for name in ("C3", "C9", "D2")]
    for workload in [ops.matmul(1000, 1024, 1000), ops.softmax(1021, 509), *named]:
        space = SketchSpace(sketches(workload.tensors), workload.tensors)
        legal = 0
        for row in space.draw(12, np.random.default_rng(0)):
            try:
                legal += bool(space.trace(space.config(row)))
            except ScheduleError:
                continue
        assert legal >= 11, str(workload)


def test_derivation_is_pure() -> None:
    outputs = ops.named("C6").tensors
    one, two = sketches(outputs), sketches(outputs)
    assert list(one) == list(two)
    for a, b in zip(one.values(), two.values(), strict=True):
        assert a.knobs(outputs) == b.knobs(outputs)
        assert a.default(outputs) == b.default(outputs)


def test_a_rule_of_ones_own_adds_its_sketches() -> None:
    class Keep:
        name = "keep"

        def applies(self, partial, block):
            return block == "C"

        def apply(self, partial, block):
            return [partial, partial.decide(Naive(), block)]

    class Naive:
        word = "naive(C)"

        def knobs(self):
            return ()

        def default(self):
            return {}

        def apply(self, schedule, config, places):
            schedule["C"].reorder("x", "y")

    outputs = ops.matmul(8, 8, 8).tensors
    plain = sketches(outputs)
    more = sketches(outputs, phases=((Keep(), *PHASES[-1]),))
    assert more.keys() - plain.keys() == {"naive(C)"}
    assert "keep" not in RULES
