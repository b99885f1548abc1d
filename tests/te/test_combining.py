"""The bound of a user's fold: that kernels which fold in any order stay within it."""

import random
from collections.abc import Callable

import numpy as np
import pytest

import tvmlab.te as te
from tests.fuzz.folds import complex_product, online_softmax, welford
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Program, Seq, Store
from tvmlab.ir.walk import substitute
from tvmlab.te.evaluate import evaluate
from tvmlab.te.reduction import Combiner, Reduce
from tvmlab.te.tensor import Tensor

Row = list[np.ndarray]
WAYS = {
    "online softmax": (online_softmax, lambda x: (x * 4, 1.0)),
    "welford": (welford, lambda x: (1.0, x, 0.0)),
    "complex product": (complex_product, lambda x: (x + 1, 0.25)),
}


def _kernel(combiner: Combiner, dtype: str) -> Callable[[Row, Row], Row]:
    """The function itself, as a kernel of that dtype computes it."""
    count = len(combiner.left)
    a, b, out = (Buffer(n, [count], dtype) for n in "ABC")
    at = [(Const(n, "int64"),) for n in range(count)]
    values = dict(zip(combiner.left, [Load(a, i) for i in at], strict=True))
    values |= dict(zip(combiner.right, [Load(b, i) for i in at], strict=True))
    body = Seq(
        [Store(out, i, substitute(r, values)) for i, r in zip(at, combiner.results, strict=True)]
    )
    program = Program("combine", [a, b, out], 1, [], body)

    def combine(x: Row, y: Row) -> Row:
        result = np.zeros(count, dtype)
        interpret(program, [np.array(x, dtype), np.array(y, dtype), result])
        return list(result)

    return combine


def _folded(rows: list[Row], identity: Row, combine: Callable, rng: random.Random) -> Row:
    """The rows folded in a random order and grouping, from the identity as schedules do."""
    parts = rng.randint(1, len(rows))
    totals = [identity] * parts
    for row in rng.sample(rows, len(rows)):
        n = rng.randrange(parts)
        totals[n] = combine(totals[n], row)
    result = identity
    for total in totals:
        result = combine(result, total)
    return result


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("length", [1, 2, 13, 40])
def test_any_order_stays_within_the_bound(name: str, dtype: str, length: int) -> None:
    reducer, terms = WAYS[name]
    x = te.placeholder((length,), dtype, "X")
    k = te.reduce_axis((0, length), "k")
    outputs: tuple[Tensor, ...] = te.compute(
        (1,), lambda i: reducer(tuple(_of(t, dtype) for t in terms(x[k])), axis=k), "F"
    )
    reduce = outputs[0].body
    assert isinstance(reduce, Reduce)
    assert isinstance(reduce.reducer, Combiner)
    combine = _kernel(reduce.reducer, dtype)
    identity = [np.dtype(dtype).type(c.value) for c in reduce.identities]
    rng = random.Random(length)
    for seed in range(2):
        given = (np.random.default_rng(seed).random(length) * 2 - 1).astype(dtype)
        expected = evaluate(outputs, {"X": given})
        one = np.dtype(dtype).type
        rows = [[one(v) for v in terms(e)] for e in given]
        for _ in range(3):
            got = _folded(rows, identity, combine, rng)
            for value, want in zip(got, expected, strict=True):
                assert abs(float(value) - float(want.value[0])) <= want.bound[0]


def _of(value: object, dtype: str) -> object:
    return Const(value, dtype) if isinstance(value, float) else value


def test_the_bound_says_something() -> None:
    """A millionth of a sum of a thousand float32 values, not infinity."""
    x = te.placeholder((1000,), "float32", "X")
    k = te.reduce_axis((0, 1000), "k")
    outputs = te.compute((1,), lambda i: online_softmax((x[k], 1.0), axis=k), "F")
    given = np.random.default_rng(0).random(1000, np.float32)
    peak, total = evaluate(outputs, {"X": given})
    assert peak.bound[0] == 0
    assert total.bound[0] < 1e-2 * total.value[0]


def test_an_index_that_hangs_on_rounding_is_left_open() -> None:
    x = te.placeholder((4,), "float32", "X")
    k = te.reduce_axis((0, 4), "k")
    index, value = te.compute((1,), lambda i: te.argmax((k, te.exp(x[k])), axis=k), "F")
    given = np.array([0.0, 1.0, 1.0 + 1e-7, 0.5], np.float32)
    found, most = evaluate([index, value], {"X": given})
    assert 1 <= found.bound[0] < np.inf  # either of the two largest
    assert most.bound[0] < 1e-5
