"""What a cost model is: numbers in, a score out; it never sees a schedule."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Model(Protocol):
    """Learns to order candidates by speed. Equal data and seed give equal predictions."""

    name: str

    def fit(self, features: np.ndarray, scores: np.ndarray) -> None:
        """Learn from (n, f) features and (n,) scores, where more is faster and 0 is a failure."""

    def predict(self, features: np.ndarray) -> np.ndarray:
        """(n,) float64, more for what should be faster; the unit is the model's own."""
