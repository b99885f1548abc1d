"""Traces against what the interpreter really touches; distances and misses against plain models."""

from __future__ import annotations

import random
from collections import OrderedDict

import numpy as np
import pytest

from tests.fuzz.expressions import random_expression
from tests.fuzz.traces import random_state
from tests.ops.shapes import SMALL
from tvmlab import te
from tvmlab.analysis.access_trace import AccessTrace, trace_accesses, trace_room
from tvmlab.analysis.cache_simulation import Cache, misses, misses_by_level
from tvmlab.analysis.reuse_distance import previous_uses, reuse_distances
from tvmlab.errors import UsageError
from tvmlab.ir.expr import select
from tvmlab.ir.interpret import _cells, translate
from tvmlab.ir.program import Program
from tvmlab.lower.storage import shrink_storage
from tvmlab.schedule import State, create_schedule
from tvmlab.te.evaluate import random_inputs

Touch = tuple[str, int, bool]
MOST = 20_000


class Recording(list):  # type: ignore[type-arg]
    """The elements of a buffer, which tell of every access."""

    def __init__(self, name: str, elements: list[object], log: list[Touch]) -> None:
        super().__init__(elements)
        self.name = name
        self.log = log

    def __getitem__(self, at: object) -> object:
        self.log.append((self.name, int(at), False))  # type: ignore[call-overload]
        return super().__getitem__(at)  # type: ignore[index]

    def __setitem__(self, at: object, value: object) -> None:
        self.log.append((self.name, int(at), True))  # type: ignore[call-overload]
        super().__setitem__(at, value)  # type: ignore[index]


def interpreted(program: Program, inputs: list[np.ndarray]) -> list[Touch]:
    """What a run of the interpreter touches, in order: intermediates are handed in as well."""
    split = len(program.params) - program.outputs
    own = (*program.params[:split], *program.buffers, *program.params[split:])
    whole = Program(program.name, own, len(own) - split, (), program.body)
    log: list[Touch] = []
    given = [Recording(b.name, _cells(a), log) for b, a in zip(own, inputs, strict=False)]
    rest = [Recording(b.name, [None] * int(np.prod(b.extents)), log) for b in own[split:]]
    with np.errstate(all="ignore"):
        translate(whole)(*given, *rest)
    return log


def told(trace: AccessTrace) -> list[Touch]:
    names = [b.name for b in trace.buffers]
    columns = (trace.buffer.tolist(), trace.element.tolist(), trace.is_write.tolist())
    return [(names[b], e, w) for b, e, w in zip(*columns, strict=True)]


def compare(state: State, program: Program) -> bool:
    """Whether the trace could be made; if so it is what the interpreter does."""
    arrays = random_inputs(state.outputs, 1)
    inputs = list(arrays.values())
    try:
        trace = trace_accesses(program, dict(zip(program.params, inputs, strict=False)))
    except UsageError:
        return False
    assert told(trace) == interpreted(program, inputs), str(program)
    return True


def product(n: int) -> te.Tensor:
    a, b = te.placeholder((n, n), name="A"), te.placeholder((n, n), name="B")
    k = te.reduce_axis((0, n), name="k")
    return te.compute((n, n), lambda y, x: te.sum(a[k, y] * b[k, x], axis=k), name="C")


@pytest.mark.parametrize("part", range(4))
def test_random_schedules_touch_what_the_interpreter_touches(part: int) -> None:
    made = 0
    for seed in range(part, 160, 4):
        rng = random.Random(seed)
        start = State.start(random_expression(rng).results)
        if trace_room(start.program) > MOST:
            continue
        state = random_state(start, rng, rng.randint(0, 6))
        if trace_room(state.program) < 4 * MOST:
            made += compare(state, state.program)
            made += compare(state, shrink_storage(state.program))
    assert made >= 20


@pytest.mark.parametrize("workload", SMALL[::3], ids=str)
def test_operators_touch_what_the_interpreter_touches(workload: te.Tensor) -> None:
    state = State.start(workload.tensors)  # type: ignore[attr-defined]
    if trace_room(state.program) < MOST:
        compare(state, state.program)


def test_what_input_data_decide_is_traced_and_what_is_computed_is_refused() -> None:
    a = te.placeholder((16,), name="A")
    chosen = te.compute((16,), lambda i: select(a[i] > 0, a[15 - i], 0.0), name="D")
    assert compare(State.start(chosen), State.start(chosen).program)
    twice = te.compute((16,), lambda i: a[i] * 2.0, name="T")
    late = te.compute((16,), lambda i: select(twice[i] > 0, a[15 - i], 0.0), name="L")
    with pytest.raises(UsageError, match="computes on its way"):
        trace_accesses(State.start(late).program, {a: np.zeros(16, np.float32)})


def test_a_moment_is_a_statement_and_knows_its_loops() -> None:
    trace = trace_accesses(State.start(product(4)).program)
    assert len(trace) == 4 * 4 + 4 * 4 * 4 * 4
    assert len(trace.moments) == 4 * 4 + 4 * 4 * 4
    first, second = trace.moment(0), trace.moment(1)
    assert told(trace)[first] == [("C", 0, True)]
    assert told(trace)[second] == [
        ("C", 0, False), ("A", 0, False), ("B", 0, False), ("C", 0, True)
    ]  # fmt: skip
    last = trace.moment(len(trace.moments) - 1)
    assert trace.loops_at(last.start) == [("y", 3, 4), ("x", 3, 4), ("k", 3, 4)]
    assert trace.addresses[last.stop - 1] == 2 * 64 + 15 * 4


def test_distances_are_those_of_a_stack() -> None:
    rng = np.random.default_rng(3)
    for count, places in ((1, 1), (2, 1), (2, 2), (257, 3), (1000, 40), (1024, 1024)):
        used = rng.integers(0, places, count)
        stack: list[int] = []
        for place, distance in zip(used.tolist(), reuse_distances(used).tolist(), strict=True):
            assert distance == (stack.index(place) if place in stack else -1)
            if place in stack:
                stack.remove(place)
            stack.insert(0, place)
    assert previous_uses(np.array([5, 7, 5, 5, 7])).tolist() == [-1, -1, 0, 2, 1]


def simulated(lines: list[int], cache: Cache) -> list[int]:
    """Misses of a cache that is filled and emptied line by line."""
    sets: list[OrderedDict[int, None]] = [OrderedDict() for _ in range(cache.sets)]
    missed = []
    for n, line in enumerate(lines):
        held = sets[line % cache.sets]
        if line not in held:
            missed.append(n)
            if len(held) == cache.places:
                held.popitem(last=False)
        held[line] = None
        held.move_to_end(line)
    return missed


def test_misses_are_those_of_a_cache_that_is_filled_line_by_line() -> None:
    addresses = trace_accesses(State.start(product(12)).program).addresses
    caches = (Cache(256, 16, 2), Cache(1024, 16, 4), Cache(192, 16, 8), Cache(1008, 48, 1))
    for cache in caches:
        lines = addresses // cache.line_bytes
        missed = simulated(lines.tolist(), cache)
        assert np.flatnonzero(misses(lines, cache)).tolist() == missed
        assert 0 < len(missed) < len(lines)
    first, second = misses_by_level(addresses, caches[:2])
    asked = (addresses[first] // 16).tolist()
    assert second.tolist() == [first[n] for n in simulated(asked, caches[1])]


def test_a_cache_smaller_than_its_line_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot hold a line"):
        Cache(32, 64, 8)


def test_the_loops_of_an_access_are_known_where_two_nests_alternate() -> None:
    a = te.placeholder((4, 6), name="A")
    p = te.compute((4, 6), lambda i, j: a[i, j] + a[i, 5 - j], name="P")
    s = create_schedule(te.compute((4, 6), lambda i, j: p[i, 5 - j] * 2.0, name="C"))
    s["P"].compute_at("C", "i")
    trace = trace_accesses(s.mod)
    for at in np.flatnonzero(trace.is_write):
        i, j = (value for _, value, _ in trace.loops_at(int(at)))
        assert i * 6 + j == trace.element[at]
