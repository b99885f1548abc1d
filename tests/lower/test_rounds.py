"""Several iterations a round: every iteration once, in order, whatever the number."""

from __future__ import annotations

import numpy as np
import pytest

import tvmlab as t
from tests.lower.programs import product
from tvmlab.ir.interpret import interpret
from tvmlab.ir.program import For
from tvmlab.ir.walk import stmts
from tvmlab.lower import lower


@pytest.mark.parametrize("extent", [1, 2, 7, 8, 9, 12])
@pytest.mark.parametrize("factor", [2, 3, 4, 7])
@pytest.mark.parametrize("loop", ["y", "k"])
def test_every_iteration_runs_once(extent: int, factor: int, loop: str) -> None:
    if factor > extent:
        return
    s = product(extent if loop == "y" else 3, 4, extent if loop == "k" else 5)
    s["C"].annotate(loop, "unroll", factor)
    lowered = lower(s.mod)
    assert not any(f.annotations for f in stmts(lowered.body) if isinstance(f, For))
    arrays = [np.random.default_rng(0).integers(-4, 5, b.extents) for b in s.mod.params]
    given = [a.astype(np.float32) for a in arrays]
    interpret(lowered, given)
    assert np.array_equal(given[2], given[0].T @ given[1])


def test_a_round_is_written_out_and_the_rest_after_it() -> None:
    s = product(3, 4, 10)
    s["C"].annotate("k", "unroll", 4)
    found = [(f.var.name, f.extent, f.kind) for f in stmts(lower(s.mod).body) if isinstance(f, For)]
    assert ("ko", 2, "serial") in found
    assert ("ki", 4, "unrolled") in found
    assert ("kr", 2, "unrolled") in found


def test_the_machine_code_has_the_copies() -> None:
    a, b = t.placeholder((64, 8), name="A"), t.placeholder((64, 16), name="B")
    k = t.reduce_axis((0, 64), name="k")
    c = t.compute((8, 16), lambda y, x: t.sum(a[k, y] * b[k, x], axis=k), name="C")
    calls = []
    for factor in (None, 4):
        s = t.create_schedule(c)
        s["C"].reorder("y", "k", "x")
        s["C"].vectorize("x")
        if factor is not None:
            s["C"].annotate("k", "unroll", factor)
        calls.append(s.code("llvm").count("@llvm.fma.") - 1)  # without its declaration
    assert calls[1] == 4 * calls[0] > 0
