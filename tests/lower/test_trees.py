"""Folds as trees of lanes: against the reference at every stop of lowering and compiled."""

import numpy as np
import pytest

import tvmlab as t
from tests.te.test_reducers import residue, softmax, welford
from tvmlab import targets
from tvmlab.ir.interpret import interpret
from tvmlab.ir.local import Slice
from tvmlab.ir.parse import parse_program
from tvmlab.ir.program import For, Let
from tvmlab.ir.walk import exprs, exprs_of, stmts
from tvmlab.lower.pipeline import lower, lower_stages
from tvmlab.measure.compare import compare
from tvmlab.schedule import State, replay_python
from tvmlab.targets.target import Signature
from tvmlab.te.evaluate import evaluate, random_inputs
from tvmlab.te.tensor import Tensor

LANES = (2, 3, 4, 5, 7, 8, 12, 16, 24, 31, 48, 64, 100, 128)
FOLDS = {
    "sum": lambda a, k, y: t.sum(a[y, k], axis=k),
    "product": lambda a, k, y: t.prod(a[y, k] + 1, axis=k),
    "max": lambda a, k, y: t.max(a[y, k], axis=k),
    "dot": lambda a, k, y: t.sum(a[y, k] * a[k % 2, k], axis=k),
    "strided": lambda a, k, y: t.sum(a[y, k * 2 % 7], axis=k),
    "constant": lambda a, k, y: t.sum(a[y, 0] * 0 + 2, axis=k),
    "argmax": lambda a, k, y: t.argmax((k, a[y, k]), axis=k),
    "index of a tie": lambda a, k, y: t.argmin((k.astype("int32"), t.abs(a[y, k]) * 0), axis=k),
}
FLOATS = {
    "softmax": lambda a, k, y: softmax((a[y, k] * 4, 1.0), axis=k),
    "welford": lambda a, k, y: welford((1.0, a[y, k], 0.0), axis=k),
}
WHOLE = {"residue": lambda a, k, y: residue(a[y, k] % 89 + 1, axis=k)}


def _tensor(fold, dtype: str, lanes: int, outer: int = 1) -> Tensor:
    a = t.placeholder((3, max(outer * lanes, 7)), dtype, name="A")
    k = t.reduce_axis((0, outer * lanes), name="k")
    made = t.compute((3,), lambda y: fold(a, k, y), name="C")
    return made[0] if isinstance(made, tuple) else made


def _check(state: State, seed: int = 1) -> None:
    outputs = state.outputs
    given = random_inputs(outputs, seed)
    expected = evaluate(outputs, given)
    stages = lower_stages(state.program)
    for name, program in stages:
        assert str(parse_program(str(program))) == str(program)
        results = [np.zeros(o.extents, o.dtype) for o in outputs]
        interpret(program, [*given.values(), *results])
        for got, want in zip(results, expected, strict=True):
            assert np.isfinite(want.bound).all()
            assert compare(got, want.value, want.bound, want.name), name
    machine = targets.get({"name": "cpu", "preset": "explore"})
    lowered = stages[-1][1]
    kernel = machine.build(machine.emit(lowered), Signature.of(lowered))
    results = [np.zeros(o.extents, o.dtype) for o in outputs]
    kernel(*given.values(), *results)
    for got, want in zip(results, expected, strict=True):
        assert compare(got, want.value, want.bound, want.name)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", ["float32", "int8", "int64"])
def test_a_tree_folds_what_a_loop_folds(dtype: str, lanes: int) -> None:
    cases = {**FOLDS, **(FLOATS if dtype == "float32" else WHOLE if dtype == "int64" else {})}
    for fold in cases.values():
        state = State.start(_tensor(fold, dtype, lanes).results)
        block = state.outputs[0].name
        _check(replay_python(state, f's["{block}"].tree_reduce("k")'))


@pytest.mark.parametrize("name", ["sum", "argmax"])
def test_a_vector_of_partial_results_is_folded_once(name: str) -> None:
    state = State.start(_tensor(FOLDS[name], "float32", 32, outer=3).results)
    block = state.outputs[0].name
    said = f's["{block}"].split("k", 32); s["{block}"].rfactor("ki"); '
    said += f's["{block}_partial"].vectorize("ki"); s["{block}"].tree_reduce("ki")'
    state = replay_python(state, said)
    _check(state)
    lowered = lower(state.program)
    assert not [s for s in stmts(lowered.body) if isinstance(s, For) and s.var.name == "ki"]
    assert any(
        isinstance(e, Slice) for s in stmts(lowered.body) for x in exprs_of(s) for e in exprs(x)
    )


def test_what_is_more_than_a_fold_stays_a_loop() -> None:
    """An init inside the fold, as where the same elements are folded again and again."""
    a = t.placeholder((8,), name="A")
    k = t.reduce_axis((0, 8), name="k")
    c = t.compute((1,), lambda y: t.sum(a[k], axis=k), name="C")
    d = t.compute((5,), lambda y: c[0] + a[y], name="D")
    state = State.start(d)
    said = 's["C"].compute_at("D", "y"); s["C"].tree_reduce("k")'
    _check(replay_python(state, said))


def test_the_tree_is_balanced() -> None:
    state = State.start(_tensor(FOLDS["sum"], "float32", 16))
    program = lower(replay_python(state, 's["C"].tree_reduce("k")').program)
    named = [s.var for s in stmts(program.body) if isinstance(s, Let)]
    assert [v.lanes for v in named] == [16, 8, 4, 2, 1]


def test_a_parallel_loop_may_hold_trees() -> None:
    state = State.start(_tensor(FOLDS["argmax"], "float32", 16, outer=2).results)
    block = state.outputs[0].name
    said = (
        f's["{block}"].split("k", 16); s["{block}"].tree_reduce("ki"); s["{block}"].parallel("y")'
    )
    _check(replay_python(state, said))
