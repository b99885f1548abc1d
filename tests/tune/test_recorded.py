"""Explorers on spaces that were measured whole, once, on an AVX-512 machine at work.

`times_ns` holds the median time of a call for every configuration, in order of index.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import pytest

from tests.tune.spaces import as_trace
from tvmlab.measure.outcome import Outcome
from tvmlab.ops.knobs import ChoiceKnob, Option
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.session import Session
from tvmlab.tune.space import Space

SPACES = sorted((Path(__file__).parent / "recorded").glob("*.json"))
SEEDS = range(10)
GOOD = 0.95
"""A candidate this close to the fastest of the space ends the search."""


def option(value) -> Option:
    return tuple(map(option, value)) if isinstance(value, list) else value


def trials_needed(explorer: str, seed: int, space: Space, times_ns: list[int]) -> int:
    """How many trials it takes to find a candidate as good as `GOOD` says."""
    session = Session(space, EXPLORERS[explorer](space, seed), space.size, batch=8)
    while session.finished is None:
        for candidate in session.next(8):
            time_ns = times_ns[candidate.index]
            if time_ns * GOOD <= min(times_ns):
                return candidate.number + 1
            outcome = Outcome("ok", "time", times_s=(time_ns * 1e-9,), verified=True)
            session.observe(candidate.number, outcome)
    return space.size


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_the_guided_explorer_needs_half_of_randoms_trials_and_no_more_than_a_genetic_one(path):
    recorded = json.loads(path.read_text())
    knobs = [ChoiceKnob(n, tuple(map(option, o))) for n, o in recorded["knobs"].items()]
    space = Space(knobs, as_trace)
    assert len(recorded["times_ns"]) == space.size

    def typical(explorer):
        return median(trials_needed(explorer, s, space, recorded["times_ns"]) for s in SEEDS)

    assert typical("model") <= typical("random") / 2
    assert typical("model") <= typical("genetic")
