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


Call = tuple[str, str, list[Any], dict[str, Any]]
"""A step's name, a block, and positional and keyword arguments."""


def random_call(state: State, rng: random.Random) -> Call:
    """A call that is mostly wrong: typed without care, or a legal one with a part exchanged."""
    return rng.choice((careless_call, nearly_legal_call))(state, rng)


def careless_call(state: State, rng: random.Random) -> Call:
    """Any step with any arguments, in any number."""
    args = [_any_value(state, rng) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.2:
        args.append([_any_value(state, rng) for _ in range(rng.randint(0, 3))])
    blocks = [site.block.name for site in sites(state.program)]
    return rng.choice(list(STEPS)), rng.choice([*blocks, "missing"]), args, {}


def nearly_legal_call(state: State, rng: random.Random) -> Call:
    """A step that was offered, at another block or with one argument, or one of a list, changed."""
    step = random_step(state, rng)
    if step is None:
        return careless_call(state, rng)
    args, kwargs = step.call_arguments()
    block = step.block
    places: list[Any] = [*range(len(args)), *kwargs, "block"]
    place = rng.choice(places)
    if place == "block":
        block = rng.choice([site.block.name for site in sites(state.program)])
    elif isinstance(place, int):
        args = [*args[:place], _changed(args[place], state, rng), *args[place + 1 :]]
    else:
        kwargs = {**kwargs, place: _changed(kwargs[place], state, rng)}
    return step.name, block, args, kwargs


def _changed(value: Any, state: State, rng: random.Random) -> Any:
    if isinstance(value, (list, tuple)) and value and rng.random() < 0.7:
        n = rng.randrange(len(value))
        return [*value[:n], _any_value(state, rng), *value[n + 1 :]]
    return _any_value(state, rng)


def _any_value(state: State, rng: random.Random) -> Any:
    """A name from the program, a word, a number, or what is no argument at all."""
    names = [n for site in sites(state.program) for n in site.names()]
    blocks = [site.block.name for site in sites(state.program)]
    words: list[Any] = [*names, *names, *blocks, "", "nowhere", "0", None, True, 3.5, {}, []]
    numbers: list[Any] = [0, -1, 1, 2, 3, 10**6, -(10**9), 2**70]
    return rng.choice(words if rng.random() < 0.6 else numbers)


def try_call(state: State, call: Call) -> State | ScheduleError:
    """The state after the call, or the refusal it met; anything else is a defect."""
    name, block, args, kwargs = call
    try:
        return state.apply(STEPS[name].from_call(block, *args, **kwargs))
    except ScheduleError as refused:
        return refused
