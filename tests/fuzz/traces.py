"""Random traces: legal ones drawn from what the schedule offers, and illegal ones to be refused."""

from __future__ import annotations

import random
from typing import Any

from tvmlab.errors import ScheduleError
from tvmlab.schedule import STEPS, State
from tvmlab.schedule.find import sites
from tvmlab.schedule.step import Step

WIDEST_SPLIT = 9


def random_state(start: State, rng: random.Random, steps: int) -> State:
    """`start` after up to `steps` random legal steps."""
    state = start
    for _ in range(steps):
        choice = random_step(state, rng)
        if choice is not None:
            state = state.apply(choice)
    return state


def random_step(state: State, rng: random.Random) -> Step | None:
    """A legal step at a random loop: one of the moves, or a split by a random factor."""
    site = rng.choice(list(sites(state.program)))
    if not site.loops:
        return None
    block, loop = site.block.name, rng.choice(site.names())
    kind = rng.choice(list(STEPS.values()))
    offered: list[Step] = list(kind.moves(state.program, block, loop))
    if kind.name == "split":
        factor = rng.randint(1, WIDEST_SPLIT)
        offered.append(kind.from_call(block, loop, factor))
    if kind.name == "reorder":
        order = rng.sample(site.names(), len(site.names()))
        offered.append(kind.from_call(block, *order))
    offered = [s for s in offered if s.check(state.program) is None]
    return rng.choice(offered) if offered else None


def random_call(state: State, rng: random.Random) -> tuple[str, str, list[Any]]:
    """A step's name, a block and arguments that are mostly wrong, as a careless user types them."""
    names = [n for site in sites(state.program) for n in site.names()]
    blocks = [site.block.name for site in sites(state.program)]
    words: list[Any] = [*names, *names, *blocks, "", "nowhere", "0", None, True, 3.5, {}, []]
    numbers: list[Any] = [0, -1, 1, 2, 3, 10**6, -(10**9), 2**70]
    count = rng.randint(0, 4)
    args = [rng.choice(words if rng.random() < 0.6 else numbers) for _ in range(count)]
    if rng.random() < 0.2:
        args.append([rng.choice(words + numbers) for _ in range(rng.randint(0, 3))])
    return rng.choice(list(STEPS)), rng.choice([*blocks, "missing"]), args


def try_call(state: State, name: str, block: str, args: list[Any]) -> State | ScheduleError:
    """The state after the call, or the refusal it met; anything else is a defect."""
    try:
        return state.apply(STEPS[name].from_call(block, *args))
    except ScheduleError as refused:
        return refused
