"""Laws between programs: what undoes itself, what may be exchanged, what replays to the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import tvmlab as t
from tests.fuzz.expressions import random_expression
from tests.fuzz.traces import random_state
from tvmlab.arith import simplify_stmt
from tvmlab.ir import equal
from tvmlab.ir.expr import Binary
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import Program, Seq
from tvmlab.ir.walk import blocks, exprs, variables
from tvmlab.measure.compare import compare
from tvmlab.schedule import State, Trace, parse_document, replay_python, steps_of
from tvmlab.schedule.copies import root_nest
from tvmlab.schedule.find import sites
from tvmlab.schedule.primitives import (
    AddUnitLoop,
    Annotate,
    CacheRead,
    ComputeInline,
    Fission,
    Fuse,
    Merge,
    Partition,
    Reorder,
    Split,
    Unannotate,
    Unroll,
)
from tvmlab.schedule.step import Step
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.tensor import Tensor

seeds = st.integers(0, 10**6)
few = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])


def _matmul(m: int, n: int, k: int) -> Tensor:
    a = t.placeholder((k, m), name="A")
    b = t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="k")
    return t.compute((m, n), lambda y, x: t.sum(a[r, y] * b[r, x], axis=r), name="C")


def _somewhere(seed: int) -> State:
    """A random expression after a few random steps."""
    rng = random.Random(seed)
    return random_state(State.start(random_expression(rng)), rng, rng.randint(0, 5))


def _serial_loop(state: State, seed: int) -> tuple[str, str, int]:
    """A block, the name of a serial loop around it, and the loop's extent.

    A loop that an annotation of another one names (a prefetch, "A@y+1") is not free to change.
    """
    loops = [(site.block.name, loop) for site in sites(state.program) for loop in site.loops]
    named = " ".join(str(value) for _, loop in loops for _, value in loop.annotations)
    found = [
        (block, loop.var.name, loop.extent)
        for block, loop in loops
        if loop.kind == "serial" and not loop.annotations and f"@{loop.var.name}+" not in named
    ]
    assume(found)
    block, loop, extent = random.Random(seed).choice(found)
    assert isinstance(extent, int)
    return block, loop, extent


def _is_divided(state: State, loop: str) -> bool:
    """Whether a loop of that name stands under // or % in a binding or predicate."""
    return any(
        isinstance(e, Binary) and e.op in ("//", "%") and loop in {v.name for v in variables(e)}
        for site in sites(state.program)
        for whole in (*site.block.bindings, site.block.where)
        for e in exprs(whole)
    )


def _alike(a: State, b: State) -> bool:
    """Whether two programs are equal in simplest form: steps leave what they do not touch."""
    return equal(_simple(a), _simple(b))


def _simple(state: State) -> Program:
    return state.program.with_body(simplify_stmt(state.program.body))


def _means_the_same(state: State, seed: int) -> None:
    """The state's program computes what its expression says."""
    program: Program = state.program
    given = random_inputs(list(state.outputs), seed)
    results = [np.zeros(b.extents, b.dtype) for b in program.params[-program.outputs :]]
    interpret(program, [*given.values(), *results])
    for got, want in zip(results, evaluate(list(state.outputs), given), strict=True):
        assert compare(got, want.value, want.bound, want.name)


@few
@given(seeds, st.data())
def test_split_by_a_divisor_then_fuse_is_the_identity(seed: int, data: st.DataObject) -> None:
    state = _somewhere(seed)
    block, loop, extent = _serial_loop(state, seed)
    factor = data.draw(st.sampled_from([f for f in range(1, extent + 1) if extent % f == 0]))
    split = Split(block, loop, (None, factor))
    parts = split.results(state.program)
    again = state.apply(split).apply(Fuse(block, tuple(parts)))
    _means_the_same(again, seed)
    if not _is_divided(state, loop):  # there the normal form has more than one shape
        assert _alike(again, state)


@few
@given(seeds, st.integers(1, 9))
def test_split_by_any_factor_then_fuse_computes_the_same(seed: int, factor: int) -> None:
    state = _somewhere(seed)
    block, loop, extent = _serial_loop(state, seed)
    assume(factor <= 2 * extent)
    split = Split(block, loop, (None, factor))
    parts = split.results(state.program)
    after = state.apply(split).apply(Fuse(block, tuple(parts)))
    _means_the_same(after, seed)


@few
@given(seeds)
def test_reorder_there_and_back_restores(seed: int) -> None:
    state = _somewhere(seed)
    rng = random.Random(seed)
    site = rng.choice(list(sites(state.program)))
    names = site.names()
    assume(len(names) > 1)
    there = Reorder(site.block.name, tuple(rng.sample(names, len(names))))
    back = Reorder(site.block.name, tuple(names))
    assume(there.check(state.program) is None)
    after = state.apply(there)
    assume(back.check(after.program) is None)  # lanes may go inwards, never outwards
    assert [*next(s for s in sites(after.program) if s.block.name == site.block.name).names()] == [
        *there.order
    ]
    _means_the_same(after, seed)
    if not any(isinstance(loop.body, Seq) for loop in site.loops[:-1]):
        assert equal(after.apply(back).program, state.program)


@few
@given(seeds)
def test_a_trace_replays_to_an_equal_program_from_json_and_from_python(seed: int) -> None:
    state = _somewhere(seed)
    trace = Trace(state)
    start = State.start(state.outputs)
    assert equal(start.replay(steps_of(parse_document(trace.to_json()))).program, state.program)
    again = State.start(state.outputs)
    assert equal(replay_python(again, trace.to_python()).program, state.program)


@few
@given(seeds)
def test_a_copy_read_then_inlined_is_the_program_before(seed: int) -> None:
    rng = random.Random(seed)
    state = State.start(random_expression(rng))
    block = rng.choice(list(sites(state.program))).block
    assume(block.reads)
    source = rng.choice([r.buffer for r in block.reads])
    # No copy of a state is whole before the recurrence that fills it.
    nest = blocks(root_nest(state.program, block))
    assume(source not in [w.buffer for other in nest for w in other.writes])
    copy = CacheRead(block.name, source.name)
    cached = state.apply(copy)
    (made,) = {s.block.name for s in sites(cached.program)} - {
        s.block.name for s in sites(state.program)
    }
    # As text: which of two equal reads a block declares first may change.
    assert str(_simple(cached.apply(ComputeInline(made)))) == str(_simple(state))


@few
@given(seeds)
def test_undo_gives_the_very_state_back(seed: int) -> None:
    state = _somewhere(seed)
    s = t.Schedule(state)
    for before in reversed(state.states()[:-1]):
        assert s.undo()
        assert s.state is before
    assert not s.undo()
    for after in state.states()[1:]:
        assert s.redo()
        assert s.state is after


_INDEPENDENT: tuple[tuple[Step, Step], ...] = (
    (Split("C", "y", (None, 4)), Split("C", "x", (None, 6))),
    (Split("C", "y", (None, 4)), Split("C", "k", (3, None))),
    (Unroll("C", "k"), Split("C", "x", (None, 5))),
    (Reorder("C", ("x", "y")), Split("C", "k", (None, 2))),
    (CacheRead("C", "A"), Split("C", "x", (None, 4))),
)


@pytest.mark.parametrize("pair", _INDEPENDENT, ids=lambda p: f"{p[0].name}-{p[1].name}")
def test_steps_about_different_loops_may_be_exchanged(pair: tuple[Step, Step]) -> None:
    start = State.start(_matmul(12, 20, 9))
    one = start.apply(pair[0]).apply(pair[1])
    other = start.apply(pair[1]).apply(pair[0])
    assert equal(one.program, other.program)
    assert str(one.program) == str(other.program)


@few
@given(seeds, st.sampled_from([2, 3, 4]))
def test_what_is_annotated_and_taken_back_leaves_the_program(seed: int, factor: int) -> None:
    state = _somewhere(seed)
    block, loop, _ = _serial_loop(state, seed)
    annotated = Annotate(block, loop, "unroll", factor)
    assume(annotated.check(state.program) is None)
    after = state.apply(annotated)
    _means_the_same(after, seed)
    assert not equal(after.program, state.program)
    assert str(after.apply(Unannotate(block, loop, "unroll")).program) == str(state.program)


@few
@given(seeds)
def test_a_unit_loop_fused_away_leaves_the_program(seed: int) -> None:
    state = _somewhere(seed)
    block, loop, _ = _serial_loop(state, seed)
    after = state.apply(AddUnitLoop(block, loop))
    (unit,) = AddUnitLoop(block, loop).results(state.program)
    fused = Fuse(block, (unit, loop))
    assume(fused.check(after.program) is None)
    assert _alike(after.apply(fused), state)


@few
@given(seeds, st.data())
def test_what_is_cut_into_parts_computes_the_same(seed: int, data: st.DataObject) -> None:
    state = _somewhere(seed)
    block, loop, extent = _serial_loop(state, seed)
    assume(extent > 1)
    cuts = data.draw(st.lists(st.integers(1, extent - 1), min_size=1, max_size=3, unique=True))
    step = Partition(block, loop, tuple(sorted(cuts)))
    assume(step.check(state.program) is None)
    _means_the_same(state.apply(step), seed)


@few
@given(seeds)
def test_loops_merged_and_parted_again_are_as_before(seed: int) -> None:
    state = _somewhere(seed)
    found = [
        move
        for site in sites(state.program)
        for name in site.names()
        for move in Merge.moves(state.program, site.block.name, name)
    ]
    assume(found)
    merge = random.Random(seed).choice(found)
    merged = state.apply(merge)
    _means_the_same(merged, seed)
    (name,) = merge.results(state.program)
    first = next(s for s in sites(state.program) if s.block.name == merge.block).loop(merge.loop)
    assert first is not None
    last = list(blocks(first.body))[-1].name
    parted = merged.apply(Fission(last, name))
    assert equal(parted.program, state.program)


@few
@given(seeds)
def test_loops_parted_compute_the_same(seed: int) -> None:
    state = _somewhere(seed)
    found = [
        move
        for site in sites(state.program)
        for name in site.names()
        for move in Fission.moves(state.program, site.block.name, name)
    ]
    assume(found)
    _means_the_same(state.apply(random.Random(seed).choice(found)), seed)
