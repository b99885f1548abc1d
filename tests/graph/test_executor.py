"""Running a compiled graph: what it refuses, shares, times and says of itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.graph.arrays import draw
from tvmlab import graph
from tvmlab.errors import TargetError, UsageError
from tvmlab.measure.timing import Protocol
from tvmlab.targets.halved_kernel import PreparedKernel

ONCE = Protocol(warmup_s=0, min_repeat_s=0, min_repeats=1, max_repeats=1, limit_s=0)


@pytest.fixture(scope="module")
def layers() -> graph.Executable:
    x = graph.input((3, 8), name="rows")
    for n in range(3):
        x = graph.relu(graph.dense(x, draw(n, 8, 8), draw(n, 8)))
    return graph.compile_graph(x)


def test_equal_groups_share_a_kernel(layers: graph.Executable) -> None:
    assert len(layers.calls) == 3
    kernels = [call.kernel for call in layers.calls]
    assert len({id(k.rest) for k in kernels if isinstance(k, PreparedKernel)}) == 1


def test_threads_do_not_disturb_each_other(layers: graph.Executable) -> None:
    arrays = [draw(n, 3, 8) for n in range(32)]
    alone = [layers(a) for a in arrays]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(layers, arrays))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_result_is_not_written_over_by_the_next_run(layers: graph.Executable) -> None:
    first = layers(draw(0, 3, 8))
    kept = np.copy(first)
    layers(draw(1, 3, 8))
    np.testing.assert_array_equal(first, kept)


def test_an_array_that_is_not_stored_by_rows(layers: graph.Executable) -> None:
    given = draw(0, 3, 8)
    np.testing.assert_array_equal(layers(np.asfortranarray(given)), layers(given))


def test_each_kernel_is_timed(layers: graph.Executable) -> None:
    times = layers.time(draw(0, 3, 8), protocol=ONCE)
    assert [str(group) for group, _ in times] == ["matmul + add + relu"] * 3
    assert all(timing.median_s > 0 for _, timing in times)


def test_it_says_what_runs_and_what_memory_it_takes(layers: graph.Executable) -> None:
    assert str(layers).splitlines() == [
        *["matmul + add + relu -> relu: float32[3, 8]"] * 3,
        "2 intermediate arrays in 256 bytes; 256 without reuse",
    ]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ([], r"the graph takes 1 arrays \(rows: float32\[3, 8\]\), and was given 0"),
        ([draw(0, 3, 7)], r"rows: float32\[3, 8\] was given as float32\[3, 7\]"),
        ([draw(0, 3, 8, dtype="float64")], r"was given as float64\[3, 8\]"),
        ([[1.0]], r"was given as list\[1\]"),
    ],
)
def test_arrays_that_do_not_fit(layers: graph.Executable, arrays: list, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        layers(*arrays)
    with pytest.raises(UsageError, match=words):
        layers.time(*arrays)


def test_an_unknown_target() -> None:
    with pytest.raises(TargetError, match="'abacus' is not known"):
        graph.compile_graph(graph.relu(graph.input((2,))), "abacus")


def test_outputs_that_nothing_computes() -> None:
    x = graph.input((2,), name="x")
    with pytest.raises(UsageError, match=r"the output x: float32\[2\] is an input that nothing"):
        graph.Graph(x)
    y = graph.relu(x)
    for outputs in ([], [y, y]):
        with pytest.raises(UsageError, match="no output, or one twice"):
            graph.Graph(outputs)


def test_a_graph_deeper_than_the_call_stack() -> None:
    x = graph.input((2,))
    for _ in range(3000):
        x = graph.softmax(graph.reshape(x, (1, 2)))
        x = graph.reshape(x, (2,))
    groups = graph.fuse(graph.Graph(x))
    assert sum(len(group.nodes) for group in groups) == 9000
