"""What a run's cost model goes by after a batch, small enough to be told each time."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

from tvmlab.tune.importance import Weight


class Explanation(NamedTuple):
    """A model's own account of itself.

    Attributes:
        learnt_from: how many trials it knew.
        trial: the number of the fastest of them, which `reasons` are about.
        importances: the columns it gains most by, with their shares.
        reasons: the columns that raise or lower its prediction of `trial` most, in its own unit.
    """

    learnt_from: int
    trial: int
    importances: list[Weight]
    reasons: list[Weight]

    def to_json(self) -> dict[str, Any]:
        """This explanation as plain data: a list for each weight."""
        return {
            "learnt_from": self.learnt_from,
            "trial": self.trial,
            "importances": [[w.name, w.unit, round(w.weight, 4)] for w in self.importances],
            "reasons": [
                [w.name, w.unit, round(w.weight, 4), round(w.value or 0.0, 3)] for w in self.reasons
            ],
        }


@runtime_checkable
class Explains(Protocol):
    """An explorer whose model can say what it goes by."""

    @property
    def explanation(self) -> Explanation | None:
        """After what was observed last; None before, or where its kind of model cannot say."""
