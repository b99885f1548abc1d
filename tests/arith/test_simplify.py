from hypothesis import given, settings
from hypothesis import strategies as st

from tests.arith.index_expressions import VARIABLES, conditions, indices, ranges, value
from tvmlab.arith import bounds, simplify, simplify_stmt
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import same
from tvmlab.ir.expr import Const, Expr, Ramp, Select, Var, const, select
from tvmlab.ir.printer import expr_text
from tvmlab.ir.program import TRUE, Block, For, If, Iter, Region, Seq, Store

x, y, z = VARIABLES


def shown(e: Expr, **known: tuple[int, int]) -> str:
    names = {v.name: v for v in VARIABLES}
    return expr_text(simplify(e, {names[n]: r for n, r in known.items()}))


@settings(max_examples=600, deadline=None)
@given(indices | conditions, ranges, st.data())
def test_simplify_keeps_the_value(e, known, data):
    simple = simplify(e, known)
    for _ in range(5):
        point = {v: data.draw(st.integers(*known[v])) for v in VARIABLES}
        assert value(simple, point) == value(e, point), (e, simple, point)


@settings(max_examples=400, deadline=None)
@given(indices, ranges, st.data())
def test_bounds_hold(e, known, data):
    low, high = bounds(e, known)
    for _ in range(5):
        point = {v: data.draw(st.integers(*known[v])) for v in VARIABLES}
        assert low <= value(e, point) <= high, (e, point)


@settings(max_examples=400, deadline=None)
@given(indices)
def test_simplify_knows_nothing_of_unknown_variables(e):
    simple = simplify(e)
    for point in ({x: -5, y: 7, z: 123}, {x: 10**6, y: -(10**6), z: 0}):
        assert value(simple, point) == value(e, point)


@settings(max_examples=400, deadline=None)
@given(indices, ranges)
def test_a_second_pass_never_writes_more(e, known):
    once = simplify(e, known)
    assert len(expr_text(simplify(once, known))) <= len(expr_text(once))


def test_split_index_comes_back():
    assert shown((x * 32 + y) // 32, y=(0, 31)) == "x"
    assert shown((x * 32 + y) % 32, y=(0, 31)) == "y"
    assert shown((x // 4) * 4 + x % 4) == "x"
    assert shown(x // 4 // 8) == "x // 32"
    assert shown(x // 4 * 8 + x % 4) == "x // 4 * 8 + x % 4"
    assert shown((x * 64 + y * 8 + z) // 8 % 8, y=(0, 7), z=(0, 7)) == "y"


def test_shifts_and_masks_are_the_arithmetic_they_do():
    assert shown((x << 5) + y >> 5, x=(0, 9), y=(0, 31)) == "x"
    assert shown((x << 5 | y) & 31, x=(0, 9), y=(0, 31)) == "(x * 32 | y) % 32"
    assert shown(x * 8 + y & 7, y=(0, 7)) == "y"
    assert shown(x << 2) == "x << 2"  # may wrap around
    assert shown(x >> 63) == "x >> 63"
    assert shown(x & 2**63 - 1) == f"x & {2**63 - 1}"
    assert bounds(x ^ 1, {x: (0, 6)}) == (0, 7)
    assert bounds(x | y, {x: (4, 9), y: (0, 2)}) == (4, 11)
    assert bounds(x & y, {x: (-3, 9), y: (0, 6)}) == (0, 6)
    assert bounds(x >> y, {x: (0, 9), y: (0, 6)}) == (0, 9)


def test_a_guard_that_always_holds_disappears():
    assert shown((x * 4 + y) < 32, x=(0, 7), y=(0, 3)) == "True"
    assert shown((x * 4 + y) < 31, x=(0, 7), y=(0, 3)) == "x * 4 + y < 31"
    assert shown(x >= 8, x=(0, 7)) == "False"


def test_bounds_of_sums_are_exact():
    known = {x: (0, 9), y: (-2, 3)}
    assert bounds(x * 3 - y * 2 + 1, known) == (-5, 32)
    assert bounds(x % 4, {x: (5, 6)}) == (1, 2)
    assert bounds(x // 3, {x: (-4, 7)}) == (-2, 2)


def test_unknown_variables_have_no_bounds():
    low, high = bounds(x + 1, {})
    assert low == float("-inf")
    assert high == float("inf")
    assert bounds(x % 8, {}) == (0, 7)


def test_a_variable_of_one_value_is_that_value():
    assert shown(x * 8 + y, x=(0, 0)) == "y"
    assert shown(x * 8 + y, x=(2, 2)) == "y + 16"


def test_select_and_min_are_decided_by_bounds():
    assert shown(select(x < 10, y, z), x=(0, 9)) == "y"
    assert isinstance(simplify(select(x < 9, y, z), {x: (0, 9)}), Select)


def test_a_quotient_of_constants_is_a_constant_in_the_sum_around_it():
    assert shown((x - x) // -3 + y % -5) == "y % (-5)"


def test_data_arithmetic_is_left_as_written():
    buffer = Buffer("A", (64,), "float32")
    load = Load(buffer, ((x * 8 + y) // 8,))
    sum_ = load + 1.0 + load
    simple = simplify(sum_, {y: (0, 7)})
    assert expr_text(simple) == "A[x] + 1.0 + A[x]"


def test_ramps_are_decided_lane_by_lane():
    ramp = Ramp(x * 8, 8)
    assert same(simplify(ramp < 64, {x: (0, 7)}), TRUE)
    kept = simplify(ramp < 63, {x: (0, 7)})
    assert not isinstance(kept, Const)
    assert kept.lanes == 8


def test_statements_are_simplified_under_their_loops():
    buffer = Buffer("B", (64,), "float32")
    outer, inner, v = Var("o"), Var("i"), Var("v")
    block = Block(
        "B",
        [Iter(v, 64)],
        [(outer * 8 + inner) // 8 * 8 + (outer * 8 + inner) % 8],
        outer * 8 + inner < 64,
        [],
        [Region(buffer, [(v, 1)])],
        None,
        Seq([
            If(v < 64, Store(buffer, (v,), const(1, "float32"))),
            If(v > 64, Store(buffer, (v,), const(2, "float32"))),
        ]),
    )  # fmt: skip
    nest = simplify_stmt(For(outer, 8, For(inner, 8, block)))
    simple = nest.body.body
    assert expr_text(simple.bindings[0]) == "o * 8 + i"
    assert same(simple.where, TRUE)
    (kept,) = simple.body.stmts
    assert isinstance(kept, Store)


def test_a_loop_keeps_its_identity_where_nothing_changes():
    buffer = Buffer("B", (8,), "float32")
    i = Var("i")
    loop = For(i, 8, Store(buffer, (i,), const(0, "float32")))
    assert simplify_stmt(loop).var is i
