"""Measurements of the states of a lab."""

from __future__ import annotations

from typing import Literal, TypedDict


class ResultView(TypedDict):
    """One measurement, with the state it belongs to; figures are 0 where it failed."""

    number: int
    label: str
    steps: int
    status: str
    reason: str
    median_s: float
    min_s: float
    spread: float
    repeats: int
    gflop_per_s: float
    gb_per_s: float
    share_of_peak: float
    peak_words: str
    agreement: str
    is_current: bool


class MeasureView(TypedDict):
    """The latest measurement and all before it."""

    status: Literal["idle", "working", "ready", "failed"]
    stage: str
    last: ResultView | None
    history: list[ResultView]
    reason: str
