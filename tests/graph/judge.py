"""Whether a graph, compiled with and without fusion, computes what it must."""

from __future__ import annotations

import numpy as np

from tvmlab import graph
from tvmlab.measure.compare import compare


def assert_right(
    model: graph.Graph | graph.Node,
    arrays: list[np.ndarray],
    expected: list[np.ndarray],
    kernels: tuple[int, int],
) -> graph.Executable:
    """Both compiled forms lie within the bound of `graph.reference`, which agrees with NumPy.

    Args:
        model: the graph.
        arrays: its inputs.
        expected: its outputs by NumPy, in float64.
        kernels: how many the graph takes fused, and how many it takes unfused.

    Returns:
        the fused form.
    """
    whole = graph.Graph(model) if isinstance(model, graph.Node) else model
    references = graph.reference(whole, *arrays)
    for reference, numpy in zip(references, expected, strict=True):
        assert np.isfinite(reference.bound).all()
        np.testing.assert_allclose(reference.value, numpy, rtol=1e-9, atol=1e-12)
    fused, unfused = (graph.compile_graph(whole, fused=f) for f in (True, False))
    assert (len(fused.calls), len(unfused.calls)) == kernels
    for executable in (fused, unfused):
        for _ in range(2):  # the second run finds the memory that the first one left
            results = executable(*arrays)
            results = results if isinstance(results, tuple) else (results,)
            for result, reference in zip(results, references, strict=True):
                outcome = compare(result, reference.value, reference.bound, reference.name)
                assert outcome, str(outcome)
    return fused
