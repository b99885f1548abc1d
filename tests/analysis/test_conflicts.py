"""Dependences of random nests: the answer by running all instances, by isl and by intervals."""

from __future__ import annotations

import random

import pytest

from tests.analysis.random_nests import Nest, Touch, random_nest, touches
from tvmlab.analysis.accesses import accesses
from tvmlab.analysis.conflicts import Conflict, dependence, loops_around, overtaking, swapped
from tvmlab.analysis.digits import Forms
from tvmlab.analysis.parallelism import is_private
from tvmlab.analysis.polyhedra import earlier, meeting
from tvmlab.ir.program import For
from tvmlab.ir.walk import blocks

SEEDS = 160


def meet(first: Touch, second: Touch) -> bool:
    """Whether two instances touch one element, one of them writing."""
    return (
        first.buffer is second.buffer
        and first.element == second.element
        and (first.is_write or second.is_write)
    )


def same_around(first: Touch, second: Touch, around: tuple[For, ...]) -> bool:
    return all(first.at(o) == second.at(o) for o in around)


def is_witness(found: Conflict, pairs: list[tuple[Touch, Touch]], loops: list[For]) -> bool:
    """Whether one of the pairs is the one that the conflict shows."""
    return any(
        (a.block, b.block) == (found.block, found.other)
        and tuple(a.at(o) for o in loops) == found.first
        and tuple(b.at(o) for o in loops) == found.second
        and f"{a.buffer.name}[{', '.join(map(str, a.element))}]" == found.element
        for a, b in pairs
    )


@pytest.mark.parametrize("part", range(4))
def test_two_iterations_depend_on_each_other_where_some_instances_do(part: int) -> None:
    proved = shown = 0
    for seed in range(part, SEEDS, 4):
        rng = random.Random(seed)
        nest = random_nest(rng)
        loop = rng.choice(nest.loops)
        around = loops_around(nest.program, loop)
        every = list(touches(nest.program.body, {}))
        pairs = [
            (a, b)
            for a in every
            for b in every
            if meet(a, b) and a.at(loop) < b.at(loop) and same_around(a, b, around)
        ]
        found = dependence(nest.program, loop)
        if pairs:
            assert isinstance(found, Conflict), f"seed {seed}\n{nest.program}\n{pairs[0]}"
            assert is_witness(found, pairs, [loop]), f"seed {seed}\n{nest.program}\n{found}"
            shown += 1
        else:
            assert found is None, f"seed {seed}\n{nest.program}\n{found}"
            proved += 1
    assert proved > 10
    assert shown > 10


def test_intervals_prove_nothing_that_isl_contradicts() -> None:
    proved = decided = 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        nest = random_nest(rng)
        loop = rng.choice(nest.loops)
        around = loops_around(nest.program, loop)
        forms = Forms([loop], [loop], around)
        inside = accesses(loop.body)
        for a in inside:
            for b in inside:
                if a.buffer is not b.buffer:
                    continue
                exact = meeting(a, [loop], b, [loop], around, earlier(["a0"], ["b0"]))
                decided += exact is None
                if forms.are_apart(a, b):
                    proved += 1
                    assert exact is None, f"seed {seed}\n{nest.program}\n{a}\n{b}\n{exact}"
    assert proved > decided * 0.7, "intervals decide what is usual"


def test_iterations_that_another_order_exchanges() -> None:
    refused = 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        nest = random_nest(rng)
        order = rng.sample(nest.loops, len(nest.loops))
        every = list(touches(nest.program.body, {}))
        pairs = [
            (a, b)
            for a in every
            for b in every
            if meet(a, b)
            and not (a.block == b.block and a.is_write and b.is_write)
            and not (a.is_own or b.is_own)
            and [a.at(o) for o in nest.loops] < [b.at(o) for o in nest.loops]
            and [b.at(o) for o in order] < [a.at(o) for o in order]
        ]
        found = swapped(nest.program, nest.loops, order)
        assert (found is not None) == bool(pairs), f"seed {seed}\n{nest.program}\n{found}"
        if pairs:
            refused += 1
            assert isinstance(found, Conflict)
            assert is_witness(found, pairs, nest.loops)
    assert refused > 10


def test_what_would_overtake_when_a_loop_is_divided() -> None:
    refused = 0
    for seed in range(SEEDS):
        nest = random_nest(random.Random(seed))
        if len(nest.inside) < 2:
            continue
        loop = nest.loops[-1]
        first, second = nest.inside[0], nest.inside[1]
        names = [{b.name for b in blocks(part)} for part in (first, second)]
        every = list(touches(nest.program.body, {}))
        around = loops_around(nest.program, loop)
        pairs = [
            (a, b)
            for a in every
            for b in every
            if a.block in names[1] and b.block in names[0] and meet(a, b)
            if a.at(loop) < b.at(loop) and same_around(a, b, around)
        ]
        found = overtaking(nest.program, second, loop, first, loop)
        assert (found is not None) == bool(pairs), f"seed {seed}\n{nest.program}\n{found}"
        refused += bool(pairs)
    assert refused > 10


def test_a_buffer_is_private_where_each_iteration_writes_before_it_reads() -> None:
    private = 0
    for seed in range(6 * SEEDS):
        rng = random.Random(seed)
        nest = random_nest(rng)
        loop = nest.loops[0]
        if not any(b.writes[0].buffer in nest.program.buffers for b in blocks(loop)):
            continue
        found = is_private(nest.program, loop, nest.program.buffers[0])
        assert found == _writes_first(nest, loop), f"seed {seed}\n{nest.program}"
        private += found
    assert private > 20


def _writes_first(nest: Nest, loop: For) -> bool:
    """By running it: whether no iteration reads what it has not written."""
    own = nest.program.buffers[0]
    written: set[tuple[int, tuple[int, ...]]] = set()
    for touch in touches(nest.program.body, {}):
        if touch.buffer is own and touch.is_write:
            written.add((touch.at(loop), touch.element))
        elif touch.buffer is own and (touch.at(loop), touch.element) not in written:
            return False
    return True
