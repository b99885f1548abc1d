"""Arrays that are needed at one time never share a byte; others do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.random_graphs import random_graph
from tvmlab import graph
from tvmlab.graph.executor import Call
from tvmlab.graph.lowering import express
from tvmlab.graph.memory import Lifetime, plan
from tvmlab.ir.arrays import ALIGNMENT
from tvmlab.schedule import create_schedule
from tvmlab.targets import Signature


@st.composite
def lifetimes(draw: Any) -> Lifetime:
    first = draw(st.integers(0, 12))
    return Lifetime(draw(st.integers(1, 1000)), first, first + draw(st.integers(0, 6)))


@given(st.lists(lifetimes(), max_size=20))
@settings(max_examples=300, deadline=None)
def test_arrays_that_meet_lie_apart(arrays: list[Lifetime]) -> None:
    made = plan(arrays)
    for i, (a, start) in enumerate(zip(arrays, made.offsets, strict=True)):
        assert start % ALIGNMENT == 0
        assert start + a.size_bytes <= made.size_bytes
        for b, other in list(zip(arrays, made.offsets, strict=True))[:i]:
            if set(range(a.first, a.last + 1)) & set(range(b.first, b.last + 1)):
                assert start + a.size_bytes <= other or other + b.size_bytes <= start
    most = max(
        (sum(a.size_bytes for a in arrays if a.first <= s <= a.last) for s in range(20)), default=0
    )
    assert most <= made.size_bytes <= made.unshared_bytes


def test_a_chain_needs_two_places() -> None:
    made = plan([Lifetime(640, step, step + 1) for step in range(10)])
    assert (made.size_bytes, made.unshared_bytes) == (1280, 6400)
    assert str(made) == "10 intermediate arrays in 1280 bytes; 6400 without reuse"


def test_a_small_array_fills_the_gap_that_a_large_one_left() -> None:
    made = plan([Lifetime(1024, 0, 1), Lifetime(512, 1, 3), Lifetime(256, 2, 3)])
    assert made.offsets == (0, 1024, 0)


def test_nothing_to_keep_needs_nothing() -> None:
    assert plan([]).size_bytes == 0


class Witness:
    """In a kernel's place: marks what it writes, and looks whether what it reads is unharmed."""

    def __init__(self, marks: list[float], mark: float) -> None:
        self.marks, self.mark = marks, mark
        self.signature = Signature("witness", ())

    def __call__(self, *arrays: np.ndarray) -> None:
        *read, written = arrays
        for array, mark in zip(read, self.marks, strict=True):
            assert (array == mark).all(), "an array that is still needed was written over"
            assert not np.may_share_memory(array, written), "a kernel writes over what it reads"
        written[...] = self.mark

    def prepare(self, *arrays: np.ndarray) -> Any:
        return lambda: self(*arrays)

    def code(self, kind: str) -> str:
        return kind


@given(seed=st.integers(0, 2**32), nodes=st.integers(1, 30), fused=st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_kernel_finds_its_inputs_written_over(seed: int, nodes: int, fused: bool) -> None:
    whole = random_graph(seed, nodes)
    marks = {node: float(number) for number, node in enumerate(whole.nodes)}
    given_marks = [np.full(n.shape, marks[n], n.dtype) for n in whole.inputs]
    calls = []
    for group in graph.fuse(whole) if fused else graph.unfused(whole):
        expression = express(group.nodes, [group.result], group.anchor)
        # A constant keeps its own value, so it has no mark: the witness is not shown it.
        shown = tuple(n for n in expression.inputs if n.value is None)
        witness = Witness([marks[n] for n in shown], marks[group.result])
        calls.append(Call(group, create_schedule(expression.outputs), witness, shown))
    executable = graph.Executable(whole, calls)
    for _ in range(2):
        results = executable(*given_marks)
        results = results if isinstance(results, tuple) else (results,)
        for node, result in zip(whole.outputs, results, strict=True):
            assert (result == marks[node]).all()


@pytest.mark.parametrize(("layers", "share"), [(2, 2), (8, 2)])
def test_a_deep_network_keeps_two_layers(layers: int, share: int) -> None:
    x = graph.input((16, 16))
    for _ in range(layers + 1):
        x = graph.matmul(x, np.eye(16, dtype="float32"))
    memory = graph.compile_graph(x).memory
    assert memory.size_bytes == share * 16 * 16 * 4
    assert memory.unshared_bytes == layers * 16 * 16 * 4
