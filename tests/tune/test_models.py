import sys
from importlib.util import find_spec

import numpy as np
import pytest

from tvmlab.errors import UsageError
from tvmlab.tune.features.itervar import LOOPS
from tvmlab.tune.features.nests import STATEMENTS
from tvmlab.tune.models import MODELS, Calibration
from tvmlab.tune.quality import rank_correlation

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="PyTorch is an optional extra that tests do not install"
)


def here(names):
    """Names of models as parameters, marked where they need what may not be installed."""
    return [pytest.param(n, marks=needs_torch) if n == "tree-gru" else n for n in names]


def examples(count, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 10, size=(count, 4)).astype(np.float32)
    cost = 1 + np.abs(features[:, 0] - 5) + 0.5 * features[:, 1]
    return features, 1 / cost


@pytest.mark.parametrize("name", here(MODELS))
def test_conformance(name):
    """Every model: shapes, finite numbers, the same again, and no fear of odd data."""
    features, scores = examples(50)
    first, second = MODELS[name](7), MODELS[name](7)
    for model in (first, second):
        assert model.name == name
        assert model.predict(features[:3]).shape == (3,)  # before it has learnt
        model.fit(features, scores)
    predicted = first.predict(features)
    assert (predicted.shape, predicted.dtype) == ((50,), np.float64)
    assert np.isfinite(predicted).all()
    np.testing.assert_array_equal(predicted, second.predict(features))
    first.fit(features[:2], np.array([1.0, 0.0]))
    first.fit(features[:3], np.zeros(3))
    assert first.predict(features[:0]).shape == (0,)


@pytest.mark.parametrize("name", here(name for name in MODELS if name != "random"))
def test_a_model_orders_what_it_has_not_seen(name):
    features, scores = examples(60)
    model = MODELS[name]()
    model.fit(features, scores)
    unseen, truth = examples(300, seed=1)
    assert rank_correlation(model.predict(unseen), truth) > 0.85


@pytest.mark.parametrize("name", ["xgboost-regression", "ridge"])
def test_regression_has_the_unit_of_the_scores(name):
    features, scores = examples(200)
    model = MODELS[name]()
    model.fit(features, scores)
    unseen, truth = examples(300, seed=1)
    assert np.abs(model.predict(unseen) - truth).mean() < 0.8 * np.abs(truth - scores.mean()).mean()


def test_calibration_keeps_the_order_and_finds_the_unit():
    rng = np.random.default_rng(0)
    predicted = rng.normal(size=200)
    measured = np.exp(predicted) + 0.01 * rng.normal(size=200)
    calibrated = Calibration(predicted, measured)
    grid = np.linspace(-3, 3, 500)
    assert (np.diff(calibrated(grid)) >= 0).all()
    assert np.abs(calibrated(predicted) - measured).mean() < 0.1


def test_calibration_pools_what_is_out_of_order():
    calibrated = Calibration(np.array([0.0, 1.0, 2.0]), np.array([1.0, 5.0, 3.0]))
    np.testing.assert_allclose(calibrated(np.array([-9.0, 0.0, 1.5, 9.0])), [1, 1, 4, 4])


def test_rank_correlation():
    assert rank_correlation(np.array([1, 2, 3]), np.array([10, 20, 1000])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2, 3]), np.array([3, 2, 1])) == pytest.approx(-1)
    assert rank_correlation(np.array([1, 1, 2, 2]), np.array([1, 1, 3, 3])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2]), np.array([1, 2])) is None
    assert rank_correlation(np.array([1, 1, 1]), np.array([1, 2, 3])) is None


def test_a_model_that_needs_what_is_not_installed_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match=r"pip install 'tvmlab\[torch\]', or choose another"):
        MODELS["tree-gru"](0)


@needs_torch
def test_a_tree_gru_learns_from_loops_where_they_stand():
    """Programs of 1 to 3 loops; the innermost alone decides, whatever the padding."""
    dice = np.random.default_rng(0)
    columns = 4

    def programs(count):
        nests = np.zeros((count, STATEMENTS, LOOPS, columns), dtype=np.float32)
        for nest, depth in zip(nests, dice.integers(1, 4, count), strict=True):
            nest[0, :depth] = 1 + dice.random((depth, columns))
        return nests.reshape(count, -1), nests[:, 0, 0, 1].astype(float)

    model = MODELS["tree-gru"](0)
    model.fit(*programs(80))
    unseen, truth = programs(40)
    assert rank_correlation(model.predict(unseen), truth) > 0.9
    base = 1000 * dice.random(40)
    assert rank_correlation(model.predict(unseen, base), base) > 0.99
