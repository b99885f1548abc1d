"""Search guided by each kind of features needs fewer trials than drawing."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from recording import Recording
from replay import drawn_until

import tvmlab as t
from tests.tune.spaces import WORKLOAD, as_trace, time_s
from tvmlab.errors import UsageError
from tvmlab.ir.program import Program
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.ops.knobs import SplitKnob
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import Schedule
from tvmlab.te.serial import to_json
from tvmlab.tune.beginning import search_of
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.database import Database
from tvmlab.tune.features import FEATURES
from tvmlab.tune.models import RankingModel
from tvmlab.tune.quality import rank_correlation
from tvmlab.tune.session import Session
from tvmlab.tune.setup import Setup
from tvmlab.tune.space import Space

RECORDED = Path(__file__).parents[1] / "recorded" / "conv2d_tilings.parquet"


@cache
def product(key: str) -> Program:
    """Two loops of a product cut in two."""
    config = json.loads(key)
    s: Schedule = t.create_schedule(t.ops.matmul(512, 512, 512))
    yo, yi = s["C"].split("y", config["y"][1])
    xo, xi = s["C"].split("x", config["x"][1])
    s["C"].reorder(yo, xo, "k", yi, xi)
    return s.mod


@cache
def recorded_space() -> tuple[Space, np.ndarray]:
    """Points of a space, with the programs they were measured by; the least time of each."""
    recording = Recording.read(RECORDED)
    with np.errstate(divide="ignore"):  # what is illegal takes for ever
        return recording.space, 1 / recording.shares


def imaginary_space() -> tuple[Space, np.ndarray]:
    """AutoTVM's two-axis template of a 512^2 product on an imaginary machine."""
    space = Space(
        [SplitKnob("y", 512, 2), SplitKnob("x", 512, 2)],
        as_trace,
        lambda config: product(json.dumps(config)),
    )
    times: list[Any] = [
        time_s(Request(WORKLOAD, as_trace(space.config(row)))) for row in space.everything()
    ]
    return space, np.array(times)


SPACES = {"recorded": recorded_space, "imaginary": imaginary_space}


def trials(space: Space, times: np.ndarray, seed: int, kind: str) -> int:
    """How many trials a search takes to come within a hundredth of the best."""
    explorer = explorer_named("model", space, seed, features=kind)
    session = Session(space, explorer, space.size, batch=8)
    while session.finished is None:
        for candidate in session.next(8):
            time = float(times[candidate.index])
            if time * 0.99 <= times.min():
                return candidate.number + 1
            good = Outcome("ok", "time", times_s=(time,), verified=True)
            session.observe(candidate.number, candidate.refused or good)
    return space.size


@pytest.mark.parametrize("name", list(SPACES))
@pytest.mark.parametrize("kind", list(FEATURES))
def test_every_kind_of_features_beats_drawing(name: str, kind: str) -> None:
    space, times = SPACES[name]()
    needed = median(trials(space, times, seed, kind) for seed in range(3))
    assert needed < drawn_until(space.size, int((times * 0.99 <= times.min()).sum()))


@pytest.mark.parametrize("kind", list(FEATURES))
def test_a_model_orders_recorded_times_that_it_has_not_seen(kind: str) -> None:
    space, times = recorded_space()
    drawn = np.random.default_rng(0).permutation(space.size)[:160]
    rows, times = FEATURES[kind](space)(space.everything()[drawn]), times[drawn]
    model = RankingModel()
    model.fit(rows[:64], times.min() / times[:64])
    found = rank_correlation(model.predict(rows[64:]), -times[64:])
    assert found is not None
    assert found > 0.6


def test_a_setup_says_what_the_model_sees() -> None:
    workload = t.ops.matmul(16, 32, 8)
    template = workload.templates["cpu"](AVX512).name
    setup = Setup(to_json(workload.tensors), template, features="store")
    with Database.open(None) as database:
        assert search_of(setup, database).session.next(1)
        with pytest.raises(UsageError, match="the features 'loops' are not known; there are knob"):
            search_of(replace(setup, features="loops"), database)
