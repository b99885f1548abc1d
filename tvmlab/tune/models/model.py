"""What a cost model is: numbers in, a score out; it never sees a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Model(Protocol):
    """Learns to order candidates by speed. Equal data and seed give equal predictions."""

    name: str

    def fit(
        self,
        features: np.ndarray,
        scores: np.ndarray,
        *,
        groups: Sequence[int] = (),
        base: np.ndarray | None = None,
    ) -> None:
        """Learn from (n, f) features and (n,) scores, where more is faster and 0 is a failure.

        Args:
            groups: how many rows in a row belong to each workload, where there are several: scores
                of different ones do not compare.
            base: (n,) predictions of another model of the same kind, whose errors are learnt.
        """

    def predict(self, features: np.ndarray, base: np.ndarray | None = None) -> np.ndarray:
        """(n,) float64, more for what should be faster; the unit is the model's own. Where it was
        fitted with `base`, that of these rows belongs to it; alone, before it was fitted."""
