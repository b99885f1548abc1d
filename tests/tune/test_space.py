import numpy as np
import pytest

from tests.tune.spaces import as_trace, large_space, matmul_space
from tvmlab.errors import UsageError
from tvmlab.ops.knobs import ChoiceKnob, OrderKnob, SplitKnob
from tvmlab.tune.space import Space


def test_the_two_sizes_that_are_known_exactly():
    assert matmul_space().size == 100
    conv2d_c12 = [
        SplitKnob("tile_f", 512, 4),
        SplitKnob("tile_y", 7, 4),
        SplitKnob("tile_x", 7, 4),
        SplitKnob("tile_rc", 512, 3),
        SplitKnob("tile_ry", 3, 3),
        SplitKnob("tile_rx", 3, 3),
        ChoiceKnob("auto_unroll_max_step", (0, 512, 1500)),
        ChoiceKnob("unroll_explicit", (0, 1)),
    ]
    assert Space(conv2d_c12, as_trace).size == 10_454_400


def test_factors_multiply_to_the_extent_and_none_is_missing():
    options = SplitKnob("x", 12, 3).options
    assert len(options) == len(set(options)) == 18
    assert all(a * b * c == 12 for a, b, c in options)


def test_powers_of_two_cover_any_extent():
    assert SplitKnob("x", 7, 2, policy="power2").options == ((7, 1), (4, 2), (2, 4))
    for outer, middle, inner in SplitKnob("x", 100, 3, policy="power2").options:
        assert outer * middle * inner >= 100 > (outer - 1) * middle * inner


def test_filters_drop_options():
    assert SplitKnob("x", 512, 2, keep=lambda t: t[1] <= 16).options[0] == (32, 16)
    order = OrderKnob("o", ("y", "x", "k"), keep=lambda o: o[-1] == "x")
    assert order.options == (("y", "k", "x"), ("k", "y", "x"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SplitKnob("x", 0, 2), "divides 0 iterations in 2 parts"),
        (lambda: SplitKnob("x", 8, 2, policy="thirds"), "the policy 'thirds'"),
        (lambda: SplitKnob("x", 8, 2, keep=lambda t: False).options, "keeps no way"),
        (lambda: OrderKnob("o", ("y",), keep=lambda o: False).options, "keeps no order"),
        (lambda: ChoiceKnob("c", ()), "offers nothing"),
        (lambda: Space([SplitKnob("x", 8, 2)] * 2, as_trace), "two knobs have the name 'x'"),
        (lambda: matmul_space().digits({"y": (512, 1)}), "lacks the knob 'x'"),
        (lambda: matmul_space().digits({"y": (512, 1), "x": (3, 3)}), "set to \\(3, 3\\)"),
        (lambda: large_space().digits_at(2_323_200), "ends at 2323199"),
    ],
)
def test_mistakes_are_told_in_a_sentence(make, words):
    with pytest.raises(UsageError, match=words):
        make()


@pytest.mark.parametrize("space", [matmul_space(), large_space(), Space([], as_trace)])
def test_index_digits_and_configuration_are_one(space):
    rng = np.random.default_rng(0)
    for index in {0, space.size - 1, *rng.integers(0, space.size, 50).tolist()}:
        digits = space.digits_at(index)
        assert space.indices(digits[None, :]) == [index]
        assert space.digits(space.config(digits)).tolist() == digits.tolist()


def test_configurations_from_json_are_understood():
    space = matmul_space()
    assert space.digits({"y": [256, 2], "x": [1, 512]}).tolist() == [8, 0]
    assert space.config([8, 0]) == {"y": (256, 2), "x": (1, 512)}


def test_everything_is_in_order():
    space = matmul_space()
    assert space.indices(space.everything()) == list(range(100))


def test_spaces_beyond_64_bits():
    space = Space([ChoiceKnob(f"k{i}", tuple(range(1000))) for i in range(10)], as_trace)
    assert space.size == 10**30
    digits = space.draw(5, np.random.default_rng(0))
    for index, row in zip(space.indices(digits), digits, strict=True):
        assert space.digits_at(index).tolist() == row.tolist()


def test_neighbours_differ_in_one_knob():
    space = large_space()
    digits = space.draw(1000, np.random.default_rng(0))
    moved = space.neighbours(digits, np.random.default_rng(1))
    assert ((moved != digits).sum(axis=1) == 1).all()
    assert ((moved >= 0) & (moved < space.radices)).all()
    assert ((moved != digits).sum(axis=0) > 100).all()  # every knob has its turn


def test_a_space_of_one_point_has_no_neighbours():
    space = Space([ChoiceKnob("only", (1,))], as_trace)
    digits = space.draw(4, np.random.default_rng(0))
    assert space.neighbours(digits, np.random.default_rng(0)).tolist() == digits.tolist()


@pytest.mark.parametrize("count", [1, 40, 60, 61])
def test_new_configurations_are_new_and_as_many_as_there_are(count):
    space = matmul_space()
    seen = frozenset(range(0, 80, 2))
    drawn = space.indices(space.draw_new(count, np.random.default_rng(0), seen))
    assert len(set(drawn)) == len(drawn) == min(count, 60)
    assert not set(drawn) & seen


def test_new_configurations_of_a_large_space():
    space = large_space()
    first = space.indices(space.draw_new(500, np.random.default_rng(0), frozenset()))
    again = space.indices(space.draw_new(500, np.random.default_rng(0), frozenset(first)))
    assert len(set(first)) == len(set(again)) == 500
    assert not set(first) & set(again)


def test_factors_of_a_batch():
    space = large_space()
    digits = space.draw(20, np.random.default_rng(0))
    factors = space.factors(digits)
    assert set(factors) == {"y", "x"}
    for row, digit in enumerate(digits):
        assert tuple(factors["y"][row]) == space.config(digit)["y"]
