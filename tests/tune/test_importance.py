"""What a model goes by, where that is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from tvmlab.tune.features import Feature
from tvmlab.tune.importance import importances, reasons
from tvmlab.tune.models import RankingModel
from tvmlab.tune.models.regression import RegressionModel
from tvmlab.tune.models.ridge import RidgeModel

COLUMNS = tuple(Feature(name, "log2 iterations") for name in ("rows", "lanes", "depth", "noise"))


def examples(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Scores that lanes decide, then rows; the rest does nothing."""
    features = np.random.default_rng(0).integers(0, 6, (count, 4)).astype(np.float32)
    scores = features[:, 1] / 10 + features[:, 0] / 50
    return features, scores


@pytest.mark.parametrize("kind", [RankingModel, RegressionModel, RidgeModel])
def test_the_columns_that_decide_come_first(kind: type[RankingModel]) -> None:
    model = kind()
    assert importances(model, COLUMNS) == []
    model.fit(*examples())
    found = importances(model, COLUMNS)
    assert [w.name for w in found[:2]] == ["lanes", "rows"]
    assert found[0].unit == "log2 iterations"
    assert 0.5 < found[0].weight <= sum(w.weight for w in found) <= 1.0 + 1e-9
    assert importances(model, COLUMNS, most=1) == found[:1]


@pytest.mark.parametrize("kind", [RegressionModel, RidgeModel])
def test_reasons_add_up_to_the_prediction(kind: type[RegressionModel]) -> None:
    features, scores = examples()
    model = kind()
    assert reasons(model, COLUMNS, features[0]) == []
    model.fit(features, scores)
    added = model.contributions(features)
    np.testing.assert_allclose(added.sum(axis=1), model.predict(features), atol=1e-5)
    slow = reasons(model, COLUMNS, np.array([3, 0, 0, 0], dtype=np.float32))
    fast = reasons(model, COLUMNS, np.array([3, 5, 0, 0], dtype=np.float32))
    assert (slow[0].name, fast[0].name) == ("lanes", "lanes")
    assert slow[0].weight < 0 < fast[0].weight
    assert (slow[0].value, fast[0].value) == (0.0, 5.0)
