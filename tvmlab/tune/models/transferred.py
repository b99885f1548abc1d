"""A model of several workloads, and one of a single workload on top of it (AutoTVM's paper,
section 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tvmlab.tune.models.calibration import Calibration
from tvmlab.tune.models.model import Model


class Examples(NamedTuple):
    """What was measured of one workload.

    Attributes:
        workload: its canonical JSON.
        features: (n, f) float32.
        speeds: (n,) float64, calls a second, 0 for a failure; at least one is above 0.
    """

    workload: str
    features: np.ndarray
    speeds: np.ndarray


class Prior:
    """The global model: what was measured of other workloads, or earlier, says of a candidate.

    Attributes:
        calibration: from its predictions to throughput relative to the best of a workload.
        trials: how many examples it learnt from, by workload.
    """

    def __init__(self, model: Model, examples: Iterable[Examples]) -> None:
        """Fit `model`, which is new, to examples of at least one workload."""
        merged = by_workload(examples)
        features = np.concatenate([each.features for each in merged])
        scores = np.concatenate([each.speeds / each.speeds.max() for each in merged])
        model.fit(features, scores, groups=[len(each.speeds) for each in merged])
        self._model = model
        self.calibration = Calibration(model.predict(features), scores)
        self.trials = Counter({each.workload: len(each.speeds) for each in merged})

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(n,) float64 predictions for (n, f) features, more for what should be faster."""
        return self._model.predict(features)


class TransferredModel:
    """`local`, which learns what `prior` leaves unexplained; before that, `prior` alone."""

    name = "transferred"

    def __init__(self, local: Model, prior: Prior) -> None:
        self._local = local
        self._prior = prior

    def fit(
        self,
        features: np.ndarray,
        scores: np.ndarray,
        *,
        groups: Sequence[int] = (),
        base: np.ndarray | None = None,
    ) -> None:
        """Learn from (n, f) features and (n,) scores."""
        self._local.fit(features, scores, groups=groups, base=self._below(features, base))

    def predict(self, features: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """(n,) float64 in the unit of the local model."""
        return self._local.predict(features, self._below(features, base))

    def _below(self, features: np.ndarray, base: np.ndarray | None) -> np.ndarray:
        return self._prior(features) if base is None else base + self._prior(features)


def by_workload(examples: Iterable[Examples]) -> list[Examples]:
    """One for each workload: several runs of it are one experience."""
    groups: dict[str, list[Examples]] = {}
    for each in examples:
        groups.setdefault(each.workload, []).append(each)
    return [
        Examples(
            workload,
            np.concatenate([each.features for each in group]),
            np.concatenate([each.speeds for each in group]),
        )
        for workload, group in groups.items()
    ]
