"""Costs of loops against what a run at small sizes really does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.view.product import product
from tvmlab import te
from tvmlab.analysis.access_trace import trace_accesses
from tvmlab.analysis.loop_costs import loop_costs
from tvmlab.schedule import State, replay_python

TILED = 'yo, xo, yi, xi = s["C"].tile("y", "x", 4, 4)\ns["C"].reorder("yo", "xo", "k", "yi", "xi")'


def test_footprints_are_the_different_bytes_of_a_run() -> None:
    state = replay_python(State.start(product(16)), TILED)
    costs = loop_costs(state.program)
    trace = trace_accesses(state.program)
    names = ["yo", "xo", "k", "yi", "xi"]
    assert [name for _, name in costs] == names
    places = [trace.loops_at(int(at)) for at in range(0, len(trace), 7)]
    sites = np.arange(0, len(trace), 7)
    for level, name in enumerate(names):
        run = [n for n, at in enumerate(places) if all(v == 1 for _, v, _ in at[:level])]
        ids = trace.element_ids[sites[run]]
        touched = 4 * len(np.unique(ids))
        assert touched <= costs["C", name].size_bytes
        assert costs["C", name].runs == np.prod([4, 4, 16, 4, 4][:level])
    assert costs["C", "yo"].size_bytes == 3 * 16 * 16 * 4
    assert costs["C", "k"].size_bytes == 4 * (2 * 16 * 4 + 16)
    assert costs["C", "k"].iteration_bytes == 4 * (4 + 4 + 16)
    reused = {name: cost.reused for (_, name), cost in costs.items()}
    assert reused == {"yo": ("B",), "xo": ("A",), "k": ("C",), "yi": ("B",), "xi": ("A",)}


def test_shares_are_of_all_operations_and_windows_are_reused() -> None:
    x = te.placeholder((34,), name="X")
    k = te.reduce_axis((0, 3), name="k")
    blurred = te.compute((32,), lambda i: te.sum(x[i + k], axis=k), name="S")
    twice = te.compute((32,), lambda j: blurred[j] * 2.0, name="D")
    costs = loop_costs(State.start(twice).program)
    assert costs["S", "i"].share == pytest.approx(0.75)
    assert costs["D", "j"].share == pytest.approx(0.25)
    assert costs["S", "i"].reused == ("X",)
    assert costs["D", "j"].reused == ()
    assert costs["D", "j"].size_bytes == 2 * 32 * 4
