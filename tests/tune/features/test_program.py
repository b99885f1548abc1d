"""Features of programs: what all kinds have in common, and each against its definition."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import SMALL, label, scheduled
from tests.tune.spaces import as_trace
from tvmlab import ops
from tvmlab.errors import UsageError
from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.ops.knobs import ChoiceKnob
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import Schedule
from tvmlab.tune.features import FEATURES, program_features
from tvmlab.tune.features.nests import nests_of
from tvmlab.tune.features.program import KINDS
from tvmlab.tune.features.statement import read
from tvmlab.tune.space import Space
from tvmlab.tune.template_space import template_space


def product() -> Schedule:
    """32 x 64 x 16, tiled 4 x 16, its columns shared out; both tiles are holes."""
    s = t.create_schedule(t.ops.matmul(32, 64, 16))
    stage = s["C"]
    yo, yi = stage.split("y", t.hole("rows", [4, 2, 8]))
    xo, xi = stage.split("x", t.hole("lanes", [16, 8, 32]))
    stage.reorder(xo, yo, "k", yi, xi)
    stage.parallel(xo)
    stage.unroll(yi)
    stage.vectorize(xi)
    return s


def values(kind: str, s: Schedule) -> dict[str, float]:
    """The features of a schedule by name."""
    (row,) = program_features(kind, [s.mod])
    return {c.name: float(v) for c, v in zip(KINDS[kind].columns, row, strict=True)}


def log(n: float) -> float:
    return log2(1 + n)


@pytest.mark.parametrize("kind", list(KINDS))
def test_columns_have_names_of_their_own_and_units(kind: str) -> None:
    columns = KINDS[kind].columns
    assert len({c.name for c in columns}) == len(columns)
    assert all(c.name and c.unit for c in columns)


@pytest.mark.parametrize("workload", SMALL[::3], ids=label)
def test_every_operator_has_finite_features_of_the_same_columns(workload: ops.Workload) -> None:
    template = workload.templates["cpu"](AVX512)
    s = scheduled(workload, template, template.default(workload.tensors))
    nests = nests_of([read(s.mod), read(t.create_schedule(workload.tensors).mod)])
    for kind in KINDS.values():
        rows = kind.rows(nests)
        assert (rows.shape, rows.dtype) == ((2, len(kind.columns)), np.float32)
        assert np.isfinite(rows).all()


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_program_has_the_same_row_alone_and_among_others(kind: str) -> None:
    programs = [product().mod, t.create_schedule(t.ops.conv2d(1, 4, 8, 8, 6, 3)).mod]
    programs += [t.create_schedule(t.ops.softmax(7, 13)).mod]
    together = program_features(kind, programs)
    alone = np.concatenate([program_features(kind, [p]) for p in programs])
    np.testing.assert_array_equal(together, alone)
    assert len({row.tobytes() for row in together}) == len(programs)


def test_the_context_of_loops() -> None:
    got = values("itervar", product())
    expected = {
        "loop 0 length": log(16), "loop 0 vectorized": 1, "loop 0 depth": 4,
        "loop 0 access 2 stride": log(1), "loop 1 unrolled": 1, "loop 1 bottom-up": log(64),
        "loop 1 top-down": log(2048), "loop 2 length": log(16), "loop 2 access 0 reuse": log(16),
        "loop 2 access 1 stride": log(1), "loop 2 access 2 stride": log(64),
        "loop 4 parallel": 1, "loop 4 depth": 0, "loop 4 access 0 touched": log(32 * 64),
        "loop 4 access 1 reuse": log(64), "loop 5 length": 0,
    }  # fmt: skip
    for name, value in expected.items():
        assert got[f"statement 0 {name}"] == pytest.approx(value), name


def test_curves_are_as_the_paper_defines_them() -> None:
    got = values("curve", product())
    loops = [(16, 1), (64, 1), (64, 16), (512, 16), (2048, 16)]  # touched and reuse of C, inwards
    for beta in (2**5, 2**7, 2**11):
        reuse = max([r for touched, r in loops if touched < beta], default=0)
        name = f"statement 0 access 0 reuse at touched < {beta}"
        assert got[name] == pytest.approx(log(reuse)), name
    assert got["statement 0 access 0 touched at reuse < 2"] == pytest.approx(log(64))
    assert got["statement 0 access 0 touched at reuse < 32"] == pytest.approx(log(2048))


def test_stores_are_counted_as_ansor_does() -> None:
    got = values("store", product())
    every = 32 * 64 * 16
    expected = {
        "float add": log(every), "float divide": 0, "executions": log(every), "loops": log(5),
        "vectorized product": log(16), "vectorized at spatial inner": 1,
        "unrolled at spatial outer": 1, "parallel innermost": log(4),
        "access 0 is updated": 1, "access 1 is read": 1, "access 0 bytes": log(4 * every),
        "access 0 unique bytes": log(4 * 32 * 64), "access 2 lines": log(every / 16),
        "access 1 is reused by a loop": 1, "access 1 reuse": log(16),
        "access 1 reuse distance": log(1), "access 1 reuse distance in bytes": log(3 * 4),
        "access 2 reuse": log(4), "access 2 reuse distance": log(16),
        "access 2 reuse distance in bytes": log(4 * (16 + 1 + 16)),
        "access 0 reuse distance": log(64), "access 1 stride": 0, "access 2 stride": log(1),
        "intensity at 10/10": log(2 * every / (4 * (32 * 64 + 32 * 16 + 16 * 64))),
        "scratch": 0,
    }  # fmt: skip
    for name, value in expected.items():
        assert got[f"statement 0 {name}"] == pytest.approx(value, rel=1e-5), name
    assert (got["statements"], got["work"]) == (1, pytest.approx(log(2 * every)))


def test_what_another_statement_touches_in_the_same_loop_is_reused_by_it() -> None:
    a = t.placeholder((16, 64), name="A")
    b = t.compute((16, 64), lambda y, x: a[y, x] * 2.0, name="B")
    s = t.create_schedule(t.compute((16, 64), lambda y, x: b[y, x] + 1.0, name="C"))
    apart = values("store", s)
    assert apart["statement 0 access 0 is reused by a statement"] == 0
    assert apart["statement 0 scratch outside"] == log(1)
    s["B"].compute_at("C", "y")
    near = values("store", s)
    assert near["statement 0 access 0 is reused by a statement"] == 1
    assert near["statement 0 access 0 reuse distance"] == pytest.approx(log(64))
    assert near["statement 0 scratch outside"] == pytest.approx(log(16))


@pytest.mark.parametrize("kind", list(KINDS))
def test_configurations_have_the_features_of_their_programs(kind: str) -> None:
    s = product()
    space = template_space(HoleTemplate(steps=tuple(s.trace.steps)), s.outputs)
    features = FEATURES[kind](space)
    digits = space.everything()[[4, 0, 4, 8]]
    rows = features(digits)
    programs = [space.program(space.config(row)) for row in digits]
    np.testing.assert_array_equal(rows, program_features(kind, programs))
    np.testing.assert_array_equal(rows, features(digits))
    assert features(digits[:0]).shape == (0, len(features.columns))


def test_what_is_illegal_has_zeros() -> None:
    s = t.create_schedule(t.ops.matmul(32, 64, 16))
    fused = s["C"].fuse("y", "x")
    s["C"].vectorize(s["C"].split(fused, t.hole("lanes", [16, 1 << 14]))[1])
    space = template_space(HoleTemplate(steps=tuple(s.trace.steps)), s.outputs)
    rows = FEATURES["store"](space)(space.everything())
    assert rows[0].any()
    assert not rows[1].any()


def test_a_space_of_traces_alone_says_that_it_has_no_programs() -> None:
    space = Space([ChoiceKnob("only", (1,))], as_trace)
    with pytest.raises(UsageError, match="use the features 'knob'"):
        FEATURES["itervar"](space)(space.everything())
