import numpy as np

from tests.tune.spaces import as_trace, large_space
from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.tune.features import KnobFeatures
from tvmlab.tune.space import Space


def test_columns_have_names_and_units():
    columns = KnobFeatures(large_space()).columns
    assert [c.name for c in columns] == [
        *(f"y[{i}]" for i in range(4)),
        *(f"x[{i}]" for i in range(4)),
        "order.y",
        "order.x",
        "order.k",
        "unroll",
        "pack",
    ]
    assert columns[0].unit == "log2 iterations"
    assert columns[8].unit == "loops outside it"


def test_values_are_those_of_the_configuration():
    space = large_space()
    config = {
        "y": (8, 4, 2, 8),
        "x": (1, 1, 1, 512),
        "order": ("k", "y", "x"),
        "unroll": 4,
        "pack": True,
    }
    row = KnobFeatures(space)(space.digits(config)[None, :])[0]
    expected = [3, 2, 1, 3, 0, 0, 0, 9, 1, 2, 0, np.log2(5), 1]
    np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_tuples_are_sizes_and_words_are_categories():
    knobs = [ChoiceKnob("tile", ((4, 16), (8, 32))), ChoiceKnob("inner", ("rows", "columns"))]
    space = Space(knobs, as_trace)
    features = KnobFeatures(space)
    assert [c.name for c in features.columns] == [
        "tile[0]",
        "tile[1]",
        "tile product",
        "inner is rows",
        "inner is columns",
    ]
    np.testing.assert_allclose(
        features(space.digits_at(3)[None, :])[0], [*np.log2([9, 33, 257]), 0, 1], rtol=1e-6
    )


def test_tuples_of_several_lengths_are_aligned_at_their_ends():
    space = Space([ChoiceKnob("tile", ((4, 16), (2, 4, 8)))], as_trace)
    features = KnobFeatures(space)
    names = ["tile[0]", "tile[1]", "tile[2]", "tile product", "tile length"]
    assert [c.name for c in features.columns] == names
    expected = [[0, *np.log2([5, 17, 65]), 2], [*np.log2([3, 5, 9, 65]), 3]]
    np.testing.assert_allclose(features(space.everything()), expected, rtol=1e-6)


def test_mixed_options_are_categories():
    space = Space([ChoiceKnob("depth", (4, "all"))], as_trace)
    assert [c.name for c in KnobFeatures(space).columns] == ["depth is 4", "depth is all"]


def test_a_space_without_knobs_has_no_columns():
    assert KnobFeatures(Space([], as_trace))(np.zeros((3, 0), np.int64)).shape == (3, 0)
