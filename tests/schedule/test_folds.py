"""Blocks of several results, and folds with a user's function, under every kind of step."""

import pytest

import tvmlab as t
from tests.fuzz.test_schedules import judge_state
from tests.te.test_reducers import softmax, welford
from tvmlab.errors import ScheduleError
from tvmlab.ir.buffer import Load
from tvmlab.ir.program import Allocate, For
from tvmlab.ir.walk import exprs, stmts
from tvmlab.lower.pipeline import lower
from tvmlab.schedule import State, replay_python
from tvmlab.te.tensor import Tensor

INTERPRETED_EVERYWHERE = 0
"""The seed at which the judge interprets the program after every pass."""


def _argmax() -> tuple[Tensor, ...]:
    a = t.placeholder((6, 8, 4), name="A")
    k = t.reduce_axis((0, 8), name="k")
    made = t.compute((6, 4), lambda y, x: t.argmax((k, a[y, k, x]), axis=k), name=("I", "V"))
    return tuple(made)


def _read() -> tuple[Tensor, ...]:
    """Both results are intermediates, and read element for element."""
    index, value = _argmax()
    return (
        t.compute((6, 4), lambda y, x: value[y, x] * 2 + index[y, x].astype("float32"), name="R"),
    )


def _online() -> tuple[Tensor, ...]:
    a = t.placeholder((6, 8), name="A")
    k = t.reduce_axis((0, 8), name="k")
    peak, total = t.compute((6,), lambda y: softmax((a[y, k], 1.0), axis=k), name=("M", "S"))
    return (t.compute((6, 8), lambda y, x: t.exp(a[y, x] - peak[y]) / total[y], name="P"),)


def _variance() -> tuple[Tensor, ...]:
    """Of three results the caller sees one."""
    a = t.placeholder((6, 8), name="A")
    k = t.reduce_axis((0, 8), name="k")
    made = t.compute((6,), lambda y: welford((1.0, a[y, k], 0.0), axis=k), name=("N", "E", "M"))
    return (made[2],)


def _plain() -> tuple[Tensor, ...]:
    a = t.placeholder((6, 8), name="A")
    p, q = t.compute((6, 8), lambda y, x: (a[y, x] + 1, a[y, 7 - x] * 2), name=("P", "Q"))
    return (t.compute((6, 8), lambda y, x: p[y, x] - q[y, x], name="R"),)


TRACES = {
    "split, fuse, reorder": (
        _argmax,
        's["I"].split("k", 3); s["I"].fuse("y", "x"); s["I"].reorder("ko", "yx", "ki")',
    ),
    "lanes over the results": (_argmax, 's["I"].reorder("k", "x"); s["I"].vectorize("x")'),
    "lanes with a predicate": (
        _argmax,
        's["I"].split("y", 4); s["I"].reorder("yo", "x", "k", "yi"); s["I"].vectorize("yi")',
    ),
    "threads": (_argmax, 's["I"].parallel("y")'),
    "cache_write, stored by tiles": (
        _argmax,
        's["I"].cache_write(); s["I"].split("y", 2); s["I_store"].reverse_compute_at("I", "yo"); '
        's["V_store"].reverse_compute_at("I", "yo")',
    ),
    "cache_read": (_argmax, 's["I"].cache_read("A"); s["A_cache"].compute_at("I", "y")'),
    "decompose_reduction": (_argmax, 's["I"].decompose_reduction("k")'),
    "rfactor over lanes": (
        _argmax,
        's["I"].split("k", 4); s["I"].rfactor("ki"); s["I_partial"].vectorize("ki")',
    ),
    "a producer of several, at its reader": (_read, 's["I"].compute_at("R", "x")'),
    "a producer of several, repeated": (_online, 's["M"].compute_at("P", "x")'),
    "a reader of several, at its producer": (_read, 's["R"].reverse_compute_at("I", "x")'),
    "results that nobody reads": (
        _variance,
        's["N"].reorder("k", "y"); s["N"].unroll("k"); s["N"].unroll("y")',
    ),
    "no fold, at its reader": (_plain, 's["P"].compute_at("R", "y"); s["P"].vectorize("x")'),
}


@pytest.mark.parametrize("name", TRACES)
def test_steps_keep_what_is_computed(name: str) -> None:
    make, said = TRACES[name]
    state = State.start(make())
    judge_state(replay_python(state, said), INTERPRETED_EVERYWHERE)


def test_both_tensors_mean_their_block() -> None:
    index, value = _argmax()
    s = t.create_schedule([index, value])
    s[value].split("k", 4)
    assert list(s[index].loops) == list(s[value].loops) == ["y", "x", "ko", "ki"]
    assert s.blocks == ["I"]


def test_a_tensor_as_an_argument_means_its_own_buffer() -> None:
    (read,) = _read()
    s = t.create_schedule(read)
    value = next(e.buffer for e in exprs(read.body) if isinstance(e, Load))
    assert value.name == "V"
    s[read].cache_read(value)
    assert s.blocks == ["I", "V_cache", "R"]


def test_accumulators_of_several_results_stay_in_registers() -> None:
    state = State.start(_argmax())
    lowered = lower(replay_python(state, 's["I"].reorder("k", "x"); s["I"].vectorize("x")').program)
    tiles = [s.buffer for s in stmts(lowered.body) if isinstance(s, Allocate)]
    assert [b.name for b in tiles] == ["I_tile", "V_tile"]
    assert not [s for s in stmts(lowered.body) if isinstance(s, For) and s.var.name == "x"]


def test_a_nest_may_be_asked_for_with_a_tree() -> None:
    s = t.create_schedule(_argmax())
    s["I"].to_nest("for y in range(6): for x in range(4): for ko in range(2): for ki in tree(4)")
    assert [str(step) for step in s.state.steps][-1] == 's["I"].tree_reduce("ki")'
    judge_state(s.state, INTERPRETED_EVERYWHERE)


def test_several_values_are_no_expression_to_inline() -> None:
    state = State.start(_plain())
    with pytest.raises(ScheduleError, match="P computes P and Q together, which is no one"):
        replay_python(state, 's["P"].compute_inline()')


def test_a_function_of_the_users_own_is_no_instruction() -> None:
    state = replay_python(State.start(_argmax()), 's["I"].split("k", 4)')
    with pytest.raises(ScheduleError):
        replay_python(state, 's["I"].tensorize("y", "gemm8x8")')


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_a_fold_over_sizes_is_right_for_each(rows: int) -> None:
    n = t.var("n", 1, 100)
    a = t.placeholder((n, n), name="A")
    k = t.reduce_axis((0, n), name="k")
    made = t.compute((n,), lambda y: t.argmin((k, a[y, k]), axis=k), name=("I", "V"))
    state = replay_python(State.start(made), 's["I"].split("k", 4)')
    judge_state(state, rows)
