"""What each step of a schedule is worth."""

from __future__ import annotations

from typing import Literal, TypedDict


class PriceView(TypedDict):
    """How many times as long the program takes without step `index` as with it.

    `way` says how: `without` leaves the step out of the whole schedule, `before` compares the
    states before and after it, as later steps need it; `reason` says why. `words` are the price, or
    why there is none.
    """

    index: int
    text: str
    way: Literal["without", "before"]
    reason: str
    status: Literal["waiting", "working", "done", "failed"]
    ratio: float
    low: float
    high: float
    verdict: Literal["", "paid", "cost", "can't tell"]
    words: str


class WaterfallView(TypedDict):
    """The steps of a schedule with their prices; `is_stale` when the schedule is another now."""

    rows: list[PriceView]
    words: str
    is_stale: bool
