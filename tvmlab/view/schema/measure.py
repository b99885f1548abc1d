"""Measurements of the states of a lab."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.refusal import RefusalView
from tvmlab.view.schema.roofline import RooflineView
from tvmlab.view.schema.waterfall import WaterfallView


class ResultView(TypedDict):
    """One measurement, with the state it belongs to; figures are 0 where it failed.

    The true median is from `low_s` to `high_s` with probability `confidence`; `doubt` says in words
    where that is less than was asked for.
    """

    number: int
    label: str
    steps: int
    status: str
    reason: str
    is_certified: bool
    median_s: float
    low_s: float
    high_s: float
    confidence: float
    doubt: str
    min_s: float
    spread: float
    repeats: int
    gflop_per_s: float
    gb_per_s: float
    share_of_peak: float
    peak_words: str
    agreement: str
    counted: str
    is_current: bool


class DuelView(TypedDict):
    """The state shown against the pinned one, timed in turns: the pinned one's time over the
    other's, with its interval. `is_current` as long as both are still what they were."""

    verdict: Literal["faster", "slower", "can't tell"]
    ratio: float
    low: float
    high: float
    words: str
    is_current: bool


class MeasureView(TypedDict):
    """The latest measurement and all before it, and what else is known about the speed.

    `going` says what goes on while `status` is working. `pinned` is the label of the state that
    others are compared with; empty where none is. `why_not_counted` says why the processor's
    counters are not read, once something was measured.
    """

    status: Literal["idle", "working", "ready", "failed"]
    going: Literal["", "quick", "certified", "compare", "price", "peaks"]
    stage: str
    last: ResultView | None
    history: list[ResultView]
    reason: str
    refusal: RefusalView | None
    why_not_counted: str
    pinned: str
    is_pinned_shown: bool
    duel: DuelView | None
    roofline: RooflineView | None
    waterfall: WaterfallView | None
