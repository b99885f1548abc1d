"""A tuning run; its points travel as deltas."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.refusal import RefusalView

Point = tuple[int, float | None, float | None, str]
"""(trial number, measured rate, predicted rate, status): one trial; rates in the run's unit."""


class TunerView(TypedDict):
    """A tuning run without its points, which travel as deltas."""

    status: Literal["idle", "starting", "running", "paused", "stopping", "done", "failed"]
    is_available: bool
    reason: str
    trials: int
    done: int
    failed: int
    failures: str
    best: str
    best_number: int
    unit: str
    elapsed_s: float
    eta_s: float | None
    database: str
    refusal: RefusalView | None
