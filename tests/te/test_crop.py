"""A crop computes the corner of what the whole graph computes, from the corners of its inputs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.fuzz.expressions import random_expression
from tests.ops.shapes import SMALL
from tvmlab import te
from tvmlab.errors import UsageError
from tvmlab.te.crop import croppable_axes, cropped
from tvmlab.te.evaluate import evaluate, input_names, random_inputs
from tvmlab.te.tensor import Tensor


def agrees(outputs: tuple[Tensor, ...]) -> bool:
    """Halve the outputs and compare; False where they contain what has extents of its own."""
    try:
        axes = [a for a in croppable_axes(outputs) if a.kind == "spatial"]
    except UsageError:
        return False
    small = cropped(outputs, {a: (a.count + 1) // 2 for a in axes})
    arrays = random_inputs(outputs, 5)
    parts = {
        name: arrays[name][tuple(slice(n) for n in tensor.extents)]
        for name, tensor in input_names(small).items()
    }
    for whole, part in zip(evaluate(outputs, arrays), evaluate(small, parts), strict=True):
        corner = tuple(slice(n) for n in part.value.shape)
        assert part.value.shape == tuple((n + 1) // 2 for n in whole.value.shape)
        np.testing.assert_allclose(part.value, whole.value[corner], rtol=1e-12, atol=1e-12)
    return True


def test_operators_are_cropped_to_the_corner_of_what_they_compute() -> None:
    assert sum(agrees(workload.tensors) for workload in SMALL) > 0.8 * len(SMALL)


def test_random_expressions_are_cropped_to_the_corner_of_what_they_compute() -> None:
    assert sum(agrees(random_expression(random.Random(s)).results) for s in range(80)) > 60


def test_producers_keep_what_consumers_read() -> None:
    x = te.placeholder((64, 64), name="X")
    wide = te.compute((64, 64), lambda y, k: x[y, k] * 2.0, name="W")
    k = te.reduce_axis((0, 16), name="k")
    out = te.compute((24,), lambda y: te.sum(wide[2 * y + 1, 3 * k + 1], axis=k), name="O")
    small = cropped(out, {out.axes[0]: 4, k: 2})
    assert small[0].extents == (4,)
    shapes = {t.name: t.extents for t in te.graph.tensors(small)}
    assert shapes == {"X": (8, 5), "W": (8, 5), "O": (4,)}


def test_a_recurrence_has_extents_of_its_own() -> None:
    x = te.placeholder((5, 3), name="X")
    state = te.placeholder((5, 3), name="S")
    first = te.compute((1, 3), lambda t, i: x[0, i], name="F")
    step = te.compute((5, 3), lambda t, i: state[t - 1, i] + x[t, i], name="U")
    with pytest.raises(UsageError, match="extents are fixed"):
        croppable_axes(te.scan(first, step, state, inputs=[x]))
