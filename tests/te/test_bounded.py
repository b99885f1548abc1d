"""Each operation's bound against the operation itself, on operands anywhere within theirs."""

import numpy as np
import pytest

from tvmlab.ir import dtypes
from tvmlab.ir.functions import FUNCTIONS
from tvmlab.te.bounded import Bounded, binary, choose, convert
from tvmlab.te.folding import Folding
from tvmlab.te.function_bounds import apply

N = 2000
SLACK = {"bfloat16": 2.0**-8, "float16": 2.0**-11, "float32": 2.0**-24, "float64": 2.0**-53}


def operand(rng: np.random.Generator, dtype: str, error: float) -> tuple[Bounded, np.ndarray]:
    """Values with a bound, and what a kernel may hold instead: within the bound, of the dtype."""
    value = rng.uniform(-2, 2, N)
    value[:20] = rng.choice([0.0, 1.0, -1.0, 0.5, 2.0**-14, -(2.0**-14)], 20)
    if error == 0:
        exact = value.astype(dtype)
        return Bounded(exact, 0.0, dtype), exact
    bound = np.abs(value) * error + error / 10
    held = (value + rng.uniform(-1, 1, N) * bound * (1 - 1e-9)).astype(dtype)
    inside = np.abs(held.astype(np.float64) - value) <= bound
    held = np.where(inside, held, value.astype(dtype))
    bound = np.maximum(bound, np.abs(held.astype(np.float64) - value))
    return Bounded(value, bound, dtype), held


def assert_within(bounded: Bounded, held: np.ndarray) -> None:
    with np.errstate(invalid="ignore"):
        off = np.abs(held.astype(np.float64) - bounded.value)
        fine = (off <= bounded.error) | (held == bounded.value) | np.isinf(bounded.error)
    fine |= np.isnan(held) & np.isnan(bounded.value)
    assert fine.all(), np.argwhere(~fine)[0]


@pytest.mark.parametrize("error", [0.0, 1e-3, 0.3])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "min", "max"])
def test_operators(op, dtype, error):
    rng = np.random.default_rng(0)
    functions = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide,
                 "min": np.fmin, "max": np.fmax}  # fmt: skip
    with np.errstate(all="ignore"):
        (a, x), (b, y) = operand(rng, dtype, error), operand(rng, dtype, error)
        assert_within(binary(op, a, b), functions[op](x, y))
        half, _ = operand(rng, dtype, 0.0)
        assert_within(binary(op, a, half), functions[op](x, half.value))


@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("op", ["+", "*"])
def test_exact_operands_cost_half_a_unit_in_the_last_place(op, dtype):
    rng = np.random.default_rng(1)
    a, b = (Bounded(rng.uniform(1, 2, N).astype(dtype), 0.0, dtype) for _ in range(2))
    result = binary(op, a, b)
    assert (result.error <= 2.1 * SLACK[dtype] * np.abs(result.value)).all()


@pytest.mark.parametrize("error", [0.0, 1e-3, 0.2])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize(
    "name", [f.name for f in FUNCTIONS.values() if f.arity == 1 and f.domain != "integers"]
)
def test_functions(name, dtype, error):
    rng = np.random.default_rng(2)
    with np.errstate(all="ignore"):
        a, x = operand(rng, dtype, error)
        assert_within(apply(name, (a,)), FUNCTIONS[name].reference(x))


@pytest.mark.parametrize("error", [0.0, 1e-3, 0.2])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("name", ["atan2", "hypot", "fmod", "copysign", "ldexp"])
def test_functions_of_two(name, dtype, error):
    rng = np.random.default_rng(8)
    with np.errstate(all="ignore"):
        (a, x), (b, y) = operand(rng, dtype, error), operand(rng, dtype, error)
        if name == "ldexp":
            y = np.round(y * 4)
            b = Bounded(y, 0.0, dtype)
        result = apply(name, (a, b))
        assert_within(result, FUNCTIONS[name].reference(x, y))
    if error == 1e-3 and name != "fmod":
        assert np.isfinite(result.error).mean() > 0.9


@pytest.mark.parametrize("error", [0.0, 1e-3, 0.2])
@pytest.mark.parametrize("power", [None, 1.0, 2.0, 3.0, 0.5, -1.0, 0.0])
def test_powers(power, error):
    rng = np.random.default_rng(3)
    with np.errstate(all="ignore"):
        a, x = operand(rng, "float32", error)
        b, y = operand(rng, "float32", error)
        if power is not None:
            y = np.full(N, power, np.float32)
            b = Bounded(y, 0.0, "float32")
        assert_within(apply("pow", (a, b)), np.power(x, y))


@pytest.mark.parametrize("error", [0.0, 0.3])
@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "==", "!="])
def test_comparisons_are_open_only_where_they_may_turn(op, error):
    rng = np.random.default_rng(4)
    (a, x), (b, y) = operand(rng, "float32", error), operand(rng, "float32", error)
    functions = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
                 "==": np.equal, "!=": np.not_equal}  # fmt: skip
    result = binary(op, a, b)
    assert ((result.value == functions[op](x, y)) | (np.asarray(result.error) > 0)).all()
    assert np.mean(np.broadcast_to(result.error, N) > 0) < 0.5


def test_conditions_in_doubt_may_be_settled_by_the_other_side():
    doubt = Bounded(np.array([True, True]), np.array([np.inf, np.inf]), "bool")
    other = Bounded(np.array([True, False]), 0.0, "bool")
    assert list(binary("or", doubt, other).error) == [0, np.inf]
    assert list(binary("and", doubt, other).error) == [np.inf, 0]
    a = Bounded(np.array([1.0, 1.0]), 0.0, "float32")
    b = Bounded(np.array([1.0, 4.0]), 0.0, "float32")
    assert list(choose(doubt, a, b).error) == [0, 3]


@pytest.mark.parametrize("source", dtypes.FLOATS)
@pytest.mark.parametrize("target", dtypes.ALL)
@pytest.mark.parametrize("error", [0.0, 0.3])
def test_conversions(source, target, error):
    rng = np.random.default_rng(5)
    a, x = operand(rng, source, error)
    scaled = Bounded(np.asarray(a.value, np.float64) * 16, np.asarray(a.error) * 16, source)
    if error == 0:
        scaled = scaled._replace(error=0.0)
    with np.errstate(all="ignore"):
        result = convert(target, scaled)
        held = (x * np.dtype(source).type(16)).astype(target)
    decided = np.broadcast_to(result.error, N) < np.inf
    assert decided.mean() > (0.4 if target != "bool" or error == 0 else 0.2)
    assert_within(
        Bounded(result.value[decided], np.broadcast_to(result.error, N)[decided], target),
        held[decided],
    )


@pytest.mark.parametrize("reducer", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("dtype", dtypes.FLOATS)
@pytest.mark.parametrize("error", [0.0, 1e-2])
def test_folds_in_any_order(reducer, dtype, error):
    rng = np.random.default_rng(6)
    a, x = operand(rng, dtype, error)
    rows = Bounded(
        np.asarray(a.value)[:1900].reshape(100, 19),
        0.0 if error == 0 else np.asarray(a.error)[:1900].reshape(100, 19),
        dtype,
    )
    held = x[:1900].reshape(100, 19)
    folding = Folding(reducer, dtype, 19)
    with np.errstate(all="ignore"):
        for part in (slice(0, 7), slice(7, 19)):
            error_part = 0.0 if error == 0 else rows.error[:, part]
            piece = Bounded(rows.value[:, part], error_part, dtype)
            folding.add(piece, piece.value.shape, 1)
        result = folding.finish()
        fold = {"sum": np.add, "prod": np.multiply, "max": np.fmax, "min": np.fmin}[reducer]
        for _ in range(5):
            order = rng.permutation(19)
            assert_within(result, fold.accumulate(held[:, order], axis=1, dtype=dtype)[:, -1])
    if error == 0 and reducer == "sum":
        most = 19 * 2.1 * SLACK[dtype] * np.abs(rows.value.astype(np.float64)).sum(axis=1)
        assert (result.error <= most).all()
    if error == 0 and reducer in ("max", "min"):
        assert not np.any(result.error)


def test_what_is_undecided_stays_so_in_a_narrower_type() -> None:
    anything = Bounded(np.array([np.nan, 1.0]), np.array([np.inf, np.inf]), "float64")
    assert np.isinf(convert("float32", anything).error).all()
    surely = Bounded(np.array([np.nan, np.inf]), 0.0, "float64")
    assert (np.asarray(convert("float32", surely).error) == 0).all()
