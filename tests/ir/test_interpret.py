import numpy as np
import pytest

import tvmlab.te as te
from tests.ir.programs import product, softmax
from tvmlab.errors import UsageError, VerifyError
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Expr, Ramp, Var, binary, cast, const, maximum, minimum, select
from tvmlab.ir.functions import FUNCTIONS, call
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import TRUE, Allocate, Block, For, If, Iter, Program, Region, Seq, Store
from tvmlab.te.naive import lower_naive

i, j, v, w = Var("i"), Var("j"), Var("v"), Var("w")


def elementwise(value, *arrays: np.ndarray, dtype: str) -> np.ndarray:
    """`value(elements...)` of each position of `arrays`, by the interpreter."""
    buffers = [Buffer(f"A{n}", a.shape, str(a.dtype)) for n, a in enumerate(arrays)]
    out = Buffer("B", arrays[0].shape, dtype)
    body = Store(out, (i,), value(*(Load(b, (i,)) for b in buffers)))
    program = Program("p", [*buffers, out], 1, [], For(i, arrays[0].size, body))
    result = np.zeros(arrays[0].shape, dtype)
    interpret(program, [*arrays, result])
    return result


def test_product_in_float32_as_written():
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((5, n)).astype(np.float32) for n in (3, 4))
    c = np.zeros((3, 4), np.float32)
    interpret(product(3, 4, 5), [a, b, c])
    expected = np.zeros((3, 4), np.float32)
    for k in range(5):
        expected += a[k, :, None] * b[k, None, :]  # each operation rounds to float32
    np.testing.assert_array_equal(c, expected)


def test_softmax_in_four_blocks():
    x = np.random.default_rng(1).standard_normal((3, 5)).astype(np.float32)
    y = np.zeros_like(x)
    interpret(softmax(), [x, y])
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("dtype", [*dtypes.SIGNED, *dtypes.UNSIGNED])
@pytest.mark.parametrize("op", ["+", "-", "*", "//", "%", "min", "max"])
def test_integers_wrap_around_and_round_down(dtype, op):
    rng = np.random.default_rng(2)
    info = np.iinfo(dtype)
    a = rng.integers(info.min, info.max, 50, dtype, endpoint=True)
    b = rng.integers(info.min, info.max, 50, dtype, endpoint=True)
    a[:3], b[:3] = info.max, info.max
    a[3:6] = info.min
    b[b == 0] = 1
    functions = {"+": np.add, "-": np.subtract, "*": np.multiply, "//": np.floor_divide,
                 "%": np.remainder, "min": np.minimum, "max": np.maximum}  # fmt: skip
    result = elementwise(lambda x, y: binary(op, x, y), a, b, dtype=dtype)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(result, functions[op](a, b))


@pytest.mark.parametrize("dtype", dtypes.FLOATS)
def test_every_float_operation_rounds_to_its_dtype(dtype):
    rng = np.random.default_rng(3)
    a, b, c = (rng.standard_normal(50).astype(dtype) for _ in range(3))
    result = elementwise(lambda x, y, z: (x * y + z) / (x - z), a, b, c, dtype=dtype)
    np.testing.assert_array_equal(result, (a * b + c) / (a - c))


def test_min_and_max_take_the_number_beside_a_nan():
    a = np.array([np.nan, 1, np.nan, 2], np.float32)
    b = np.array([3, np.nan, np.nan, 1], np.float32)
    np.testing.assert_array_equal(
        elementwise(maximum, a, b, dtype="float32"), np.array([3, 1, np.nan, 2], np.float32)
    )
    np.testing.assert_array_equal(
        elementwise(minimum, a, b, dtype="float32"), np.array([3, 1, np.nan, 1], np.float32)
    )


def test_division_of_floats_is_ieee():
    a, b = np.array([1, -1, 0], np.float32), np.array([0, 0, 0], np.float32)
    np.testing.assert_array_equal(
        elementwise(lambda x, y: x / y, a, b, dtype="float32"), [np.inf, -np.inf, np.nan]
    )


@pytest.mark.parametrize("source", dtypes.ALL)
@pytest.mark.parametrize("target", dtypes.ALL)
def test_casts_are_numpys(source, target):
    values = [0, 1, 5, 100] if source != "bool" else [0, 1, 1, 0]
    a = np.array(values, source)
    if source in (*dtypes.SIGNED, *dtypes.FLOATS) and target not in dtypes.UNSIGNED:
        a = np.concatenate([a, np.array([-3, -100], source)])
    if source in dtypes.FLOATS:
        a = np.concatenate([a, np.array([0.75, 2.5], source)])
    np.testing.assert_array_equal(
        elementwise(lambda x: cast(target, x), a, dtype=target), a.astype(target)
    )


def test_large_integers_round_once():
    a = np.array([2**53 + 1, 2**24 + 1, 2**62 + 2**38 + 1, -(2**53) - 3], np.int64)
    np.testing.assert_array_equal(
        elementwise(lambda x: cast("float32", x), a, dtype="float32"), a.astype(np.float32)
    )


def test_functions_are_numpys():
    a = np.array([0.5, 1.25, 3.0], np.float32)
    for name in ("exp", "log", "sqrt", "tanh", "abs", "floor", "ceil"):
        result = elementwise(lambda x, name=name: call(name, x), a, dtype="float32")
        np.testing.assert_array_equal(result, FUNCTIONS[name].reference(a))
    smallest = np.array([-128, 5, -5], np.int8)
    absolute = elementwise(lambda x: call("abs", x), smallest, dtype="int8")
    np.testing.assert_array_equal(absolute, np.array([-128, 5, 5], np.int8))


def test_select_evaluates_the_chosen_side_only():
    a = np.arange(4, dtype=np.float32)
    source, out = Buffer("A", (4,), "float32"), Buffer("B", (6,), "float32")
    inside = select((i >= 1) & (i < 5), Load(source, (i - 1,)), -1.0)
    result = np.zeros(6, np.float32)
    interpret(Program("p", [source, out], 1, [], For(i, 6, Store(out, (i,), inside))), [a, result])
    np.testing.assert_array_equal(result, [-1, 0, 1, 2, 3, -1])


def reduction(order: str, where: Expr = TRUE, extent: int = 4) -> Program:
    """Row sums in a block of `v` (spatial) and `w` (reduce), under loops in the given order."""
    A, B = Buffer("A", (3, 4), "float32"), Buffer("B", (3,), "float32")
    block = Block(
        "B",
        [Iter(v, 3), Iter(w, 4, "reduce")],
        [i, j],
        where,
        [Region(A, [(v, 1), (w, 1)])],
        [Region(B, [(v, 1)])],
        Store(B, (v,), const(0, "float32")),
        Store(B, (v,), Load(B, (v,)) + Load(A, (v, w))),
    )
    inner = For(j, extent, block) if order == "ij" else For(i, 3, block)
    return Program("p", [A, B], 1, [], For(i, 3, inner) if order == "ij" else For(j, extent, inner))


@pytest.mark.parametrize("order", ["ij", "ji"])
def test_init_runs_once_an_element_in_either_order(order):
    a = np.arange(12, dtype=np.float32).reshape(3, 4)
    b = np.full(3, 99, np.float32)
    interpret(reduction(order), [a, b])
    np.testing.assert_array_equal(b, a.sum(axis=1))


def test_init_runs_in_every_instance_where_nothing_is_folded():
    A, B = Buffer("A", (3,), "float32"), Buffer("B", (3,), "float32")
    block = Block(
        "B",
        [Iter(v, 3)],
        [i],
        TRUE,
        [Region(A, [(v, 1)])],
        [Region(B, [(v, 1)])],
        Store(B, (v,), const(1, "float32")),
        Store(B, (v,), Load(B, (v,)) + Load(A, (v,))),
    )
    b = np.zeros(3, np.float32)
    interpret(Program("p", [A, B], 1, [], For(i, 3, block)), [np.arange(3, dtype=np.float32), b])
    np.testing.assert_array_equal(b, [1, 2, 3])


def test_a_false_predicate_does_nothing():
    a, b = np.ones((3, 4), np.float32), np.full(3, 99, np.float32)
    interpret(reduction("ij", (j < 2) & (i != 1)), [a, b])
    np.testing.assert_array_equal(b, [2, 99, 2])


def test_a_fold_that_does_not_begin_at_its_first_value_is_caught():
    a, b = np.ones((3, 4), np.float32), np.zeros(3, np.float32)
    with pytest.raises(VerifyError, match=r"block B reads B\[v\].* before anything has written"):
        interpret(reduction("ij", j >= 1), [a, b])


def test_a_binding_outside_its_extent_is_caught():
    a, b = np.ones((3, 4), np.float32), np.zeros(3, np.float32)
    with pytest.raises(VerifyError, match=r"w of block B is bound to 4, outside 0\.\.3"):
        interpret(reduction("ij", extent=5), [a, b])


A8, B8 = Buffer("A", (8,), "float32"), Buffer("B", (8,), "float32")


def run8(body, **kwargs) -> np.ndarray:
    a, b = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    interpret(Program("p", [A8, B8], 1, [], body), [a, b], **kwargs)
    return b


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (Store(B8, (i,), Load(A8, (i + 1,))), r"a load in block \? reaches A at index 0 = 8"),
        (Store(B8, (i - 1,), Load(A8, (i,)), "B"), r"a store in block B reaches B .* = -1"),
        (Store(B8, (i,), Load(B8, (i,))), r"reads B\[i\] of B, of shape \[8\], before anything"),
        (Store(B8, (i,), cast("float32", i // (i - 3))), "divided by zero"),
        (Store(B8, (i,), cast("float32", cast("uint8", Load(A8, (i,)) - 1.0))), "-1.0 is cast to"),
    ],
)
def test_undefined_behaviour_is_an_error(body, words):
    with pytest.raises(VerifyError, match=words):
        run8(For(i, 8, body))


def test_ramps_are_vectors():
    ramp = Ramp(i * 4, 4)
    np.testing.assert_array_equal(
        run8(For(i, 2, Store(B8, (ramp,), Load(A8, (ramp,)) * 2.0 + cast("float32", ramp)))),
        np.arange(8) * 3,
    )


def test_a_vector_is_evaluated_before_it_is_stored():
    # A scalar loop would spread the first element; a vector moves all of them by one.
    first = Store(B8, (Ramp(i, 8),), Load(A8, (Ramp(i, 8),)))
    move = Store(B8, (Ramp(i + 1, 7),), Load(B8, (Ramp(i, 7),)))
    np.testing.assert_array_equal(run8(For(i, 1, Seq([first, move]))), [0, 0, 1, 2, 3, 4, 5, 6])


def test_a_condition_over_lanes_masks_the_stores_below_it():
    ramp = Ramp(i * 4, 4)
    store = Store(B8, (ramp,), Load(A8, (ramp + 2,)))  # beyond A in the lanes masked out
    np.testing.assert_array_equal(
        run8(For(i, 2, If(ramp < 6, If(ramp >= 1, store)))), [0, 3, 4, 5, 6, 7, 0, 0]
    )


def test_lanes_out_of_bounds_are_caught():
    with pytest.raises(VerifyError, match="index 0 = 8"):
        run8(For(i, 1, Store(B8, (Ramp(i + 1, 8),), Load(A8, (Ramp(i, 8),)))))


def test_allocated_buffers_begin_unwritten_each_time():
    acc = Buffer("acc", (1,), "float32", "register")
    zero = const(0, "int64")
    add = Store(acc, (zero,), Load(acc, (zero,)) + Load(A8, (i,)))
    start = Store(acc, (zero,), const(0, "float32"))
    write = Store(B8, (i,), Load(acc, (zero,)))
    np.testing.assert_array_equal(
        run8(For(i, 8, Allocate(acc, Seq([start, add, write])))), np.arange(8)
    )
    once = If(i.__eq__(0), start)
    with pytest.raises(VerifyError, match="before anything has written"):
        run8(For(i, 8, Allocate(acc, Seq([once, add, write]))))


def test_branches_and_expression_extents():
    triangle = For(i, 8, For(j, i + 1, If(j < i, Seq([]), Store(B8, (j,), Load(A8, (i,))))))
    np.testing.assert_array_equal(run8(triangle), np.arange(8))


def test_nests_deeper_than_python_allows():
    body = Store(B8, (i,), Load(A8, (i,)) + 1.0)
    nest = body
    for n in range(45):
        nest = For(Var(f"l{n}"), 1, nest)
    np.testing.assert_array_equal(run8(For(i, 8, nest)), np.arange(8) + 1)


def test_unwritten_elements_of_an_output_keep_their_value():
    b = np.full(8, 7, np.float32)
    body = For(i, 3, Store(B8, (i,), Load(A8, (i,))))
    interpret(Program("p", [A8, B8], 1, [], body), [np.zeros(8, np.float32), b])
    np.testing.assert_array_equal(b, [0, 0, 0, 7, 7, 7, 7, 7])


def test_unchecked_gives_the_same_result():
    body = For(i, 8, Store(B8, (7 - i,), Load(A8, (i,)) * 2.0))
    np.testing.assert_array_equal(run8(body, checked=False), run8(body))


def test_a_program_of_rank_zero():
    k = te.reduce_axis((0, 5), name="k")
    A = te.placeholder((5,), name="A")
    program = lower_naive([te.compute((), lambda: te.sum(A[k], axis=k), name="S")])
    s = np.zeros((), np.float32)
    interpret(program, [np.arange(5, dtype=np.float32), s])
    assert s == 10


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ([np.zeros(8, np.float32)], r"p takes 2 arrays \(A, B\), not 1"),
        ([np.zeros(8, np.float32), np.zeros(7, np.float32)], r"B is float32\[8\], and was given"),
        ([np.zeros(8, np.float64), np.zeros(8, np.float32)], r"given as float64\[8\]"),
    ],
)
def test_wrong_arrays_are_refused(arrays, words):
    body = For(i, 8, Store(B8, (i,), Load(A8, (i,))))
    with pytest.raises(UsageError, match=words):
        interpret(Program("p", [A8, B8], 1, [], body), arrays)
