"""Random legal traces with an instruction in them: judged as all others are."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.expressions import random_cube, random_narrow_product
from tests.fuzz.test_schedules import PAIRS, judge_state
from tests.fuzz.traces import random_state
from tvmlab.ir.program import Invoke
from tvmlab.ir.walk import stmts
from tvmlab.schedule import State
from tvmlab.schedule.find import sites
from tvmlab.schedule.primitives import Reorder, Split, Tensorize

PARTS = 4


def _tensorized(state: State, rng: random.Random) -> State:
    """`state` after an instruction takes some of its loops, where one of the moves is that."""
    offered = [
        move
        for site in sites(state.program)
        for loop in site.names()
        for move in Tensorize.moves(state.program, site.block.name, loop)
    ]
    return state.apply(rng.choice(offered)) if offered else state


def _loops(state: State) -> list[str]:
    (site,) = sites(state.program)
    return site.names()


def _shaped(rng: random.Random) -> State:
    """A product whose loops are as an instruction wants them, most of the time."""
    state = State.start(
        rng.choice((random_narrow_product, random_narrow_product, random_cube))(rng)
    )
    if "ki" in _loops(state):
        if "x" in _loops(state) and state.outputs[0].extents[1] != 16:
            state = state.apply(Split.from_call("C", "x", 16))
        x = "xi" if "xi" in _loops(state) else "x"
        outer = [name for name in _loops(state) if name not in (x, "ki")]
        return state.apply(Reorder("C", (*outer, x, "ki")))
    if state.outputs[0].reduce_axes[0].count != 8:
        state = state.apply(Split.from_call("C", "k", 8))
        state = state.apply(Reorder("C", ("ko", "y", "x", "ki")))
    return state


@pytest.mark.parametrize("part", range(PARTS))
def test_random_traces_with_an_instruction_compute_the_same(part: int) -> None:
    executed = 0
    for seed in range(part, PAIRS // 4, PARTS):
        rng = random.Random(seed)
        state = random_state(_shaped(rng), rng, rng.randint(0, 1))
        state = random_state(_tensorized(state, rng), rng, rng.randint(0, 5))
        executed += any(isinstance(s, Invoke) for s in stmts(state.program.body))
        judge_state(state, seed)
    assert executed > PAIRS // 4 // PARTS // 3
