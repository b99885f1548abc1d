"""Tuning runs; their points, the quality of their models and single trials travel as messages."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.contributions import ContributionsView
from tvmlab.view.schema.loop import LoopRef
from tvmlab.view.schema.overlay import OverlayMark
from tvmlab.view.schema.refusal import RefusalView

Point = tuple[int, float | None, float | None, float | None, float | None, str, float, str]
"""(trial number, measured rate, its lower and upper bound, predicted rate, status, seconds into the
run, choices): one trial. Rates are in the run's unit, choices as in `tvmlab.view.choice_codes`."""

BatchPoint = tuple[int, int, int, float | None, float | None, int, float | None, float | None]
"""The fields of `tvmlab.tune.quality.BatchQuality`: one batch."""


class RunView(TypedDict):
    """A run in the list; `letter` names it in the charts, where it `is_shown`.

    `is_of_this` tells that it tunes this lab's expression.
    """

    id: int
    letter: str
    title: str
    source: str
    explorer: str
    model: str
    trials: int
    failed: int
    best: str
    is_live: bool
    is_shown: bool
    is_of_this: bool


class TrialView(TypedDict):
    """One trial, looked at closely; `diff` holds ("+", "-" or " ", line) from the lab's program to
    the trial's. `code` is empty, and `contributions` None, until they are asked for; `marks` are
    the figures of these beside the program's loops. `loops` has the loop of each of its lines that
    is a header.

    Of a trial that is `logged` there is no program, for the `reason` given: `facts` are what the
    log tells of it by name, `steps` its instructions, where it tells them, and `raw` its line.
    """

    run: int
    number: int
    status: Literal["working", "ready", "logged", "failed"]
    reason: str
    steps: list[str]
    program: list[str]
    loops: list[LoopRef | None]
    diff: list[tuple[str, str]]
    code: str
    contributions: ContributionsView | None
    marks: list[OverlayMark]
    facts: list[tuple[str, str]]
    raw: str


class ReasonView(TypedDict):
    """A feature's part in the model's prediction of a trial, and the loops it speaks of."""

    name: str
    unit: str
    weight: float
    value: float
    loops: list[LoopRef]


class ExplanationView(TypedDict):
    """What the model of a run goes by; `importances` are (feature, unit, share).

    `model` says which it is and what it learnt from, where the run's own is gone; else empty.
    """

    run: int
    trial: int
    learnt_from: int
    model: str
    importances: list[tuple[str, str, float]]
    reasons: list[ReasonView]


class TunerView(TypedDict):
    """The current run and the list of runs. A rate is `scale` / seconds.

    Where it `is_read_only` there is nothing to start, hold or go on with: a file is looked at.
    """

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
    scale: float
    elapsed_s: float
    eta_s: float | None
    device_share: float | None
    database: str
    can_continue: bool
    live: int
    runs: list[RunView]
    loading: str
    refusal: RefusalView | None
    is_read_only: bool
