"""Which columns a cost model goes by, by name: over everything it learnt, and for one candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from tvmlab.tune.features import Feature


@runtime_checkable
class Explained(Protocol):
    """A model that can say what it goes by; see `tvmlab.tune.models.boosted_trees`.

    Attributes:
        unit: that of its predictions, in words.
    """

    unit: str

    def gains(self, columns: int) -> np.ndarray:
        """(columns,) how much each column has served."""

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """(n, columns + 1) what each adds to a prediction, and what they start from."""


class Weight(NamedTuple):
    """A column and what it weighs.

    Attributes:
        name, unit: the column's.
        weight: for `importances` its share of all gains, from 0 to 1; for `reasons` what it adds to
            the prediction, in the model's unit.
        value: what stands in the column, in its unit; None where no candidate is meant.
    """

    name: str
    unit: str
    weight: float
    value: float | None = None


def importances(model: Explained, columns: Sequence[Feature], most: int = 10) -> list[Weight]:
    """Up to `most` columns on which the model's splits gain most, the first first; columns of no
    use are left out, so a model that has not learnt has none."""
    gains = model.gains(len(columns))
    total = float(gains.sum()) or 1.0
    order = np.argsort(-gains, kind="stable")[:most].tolist()
    found = [(columns[n], float(gains[n]) / total) for n in order if gains[n] > 0]
    return [Weight(column.name, column.unit, share) for column, share in found]


def reasons(
    model: Explained, columns: Sequence[Feature], row: np.ndarray, most: int = 10
) -> list[Weight]:
    """Up to `most` columns that raise or lower the prediction of one candidate most.

    Args:
        model: the model.
        columns: what the columns are.
        row: (columns,) the candidate's features.
        most: how many to name.
    """
    (added,) = model.contributions(row[None, :])[:, :-1]
    order = np.argsort(-np.abs(added), kind="stable")[:most].tolist()
    return [
        Weight(columns[n].name, columns[n].unit, float(added[n]), float(row[n]))
        for n in order
        if added[n]
    ]
