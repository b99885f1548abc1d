import numpy as np
import pytest

from tvmlab.tune.models import MODELS, Calibration
from tvmlab.tune.quality import rank_correlation


def examples(count, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 10, size=(count, 4)).astype(np.float32)
    cost = 1 + np.abs(features[:, 0] - 5) + 0.5 * features[:, 1]
    return features, 1 / cost


@pytest.mark.parametrize("name", list(MODELS))
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


@pytest.mark.parametrize("name", [name for name in MODELS if name != "random"])
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
