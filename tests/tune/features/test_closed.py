"""Closed forms of knobs agree with the features of the programs, to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tvmlab as t
from tests.ops.shapes import SMALL
from tvmlab import ops
from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import Schedule
from tvmlab.schedule.find import find_site
from tvmlab.tune.features import FEATURES, program_features
from tvmlab.tune.features.closed import ClosedForms
from tvmlab.tune.features.program import KINDS
from tvmlab.tune.space import Space
from tvmlab.tune.template_space import template_space


def space_of(s: Schedule) -> Space:
    """The space of a schedule with holes."""
    return template_space(HoleTemplate(steps=tuple(s.trace.steps)), s.outputs)


def agree(space: Space, count: int = 12) -> None:
    """Require equal rows for drawn configurations, all of them legal."""
    digits = space.draw(count, np.random.default_rng(0))
    programs = [space.program(space.config(row)) for row in digits]
    for kind in KINDS:
        features = FEATURES[kind](space)
        assert not features.is_slow
        np.testing.assert_array_equal(features(digits), program_features(kind, programs))


def perfect() -> Schedule:
    """Every loop of a product in perfect parts, ones among them."""
    s = t.create_schedule(t.ops.matmul(32, 24, 18))
    stage = s["C"]
    y = stage.split("y", factors=t.sample_perfect_tile("y", 4))
    x = stage.split("x", factors=t.sample_perfect_tile("x", 3))
    k = stage.split("k", factors=t.sample_perfect_tile("k", 2))
    stage.reorder(y[0], x[0], y[1], k[0], y[2], x[1], k[1], y[3], x[2])
    stage.parallel(y[0])
    stage.vectorize(x[2])
    return s


def uneven() -> Schedule:
    """Factors that divide nothing, and a part that is split again."""
    s = t.create_schedule(t.ops.conv2d(1, 5, 13, 17, 6, 3, padding="VALID"))
    stage = s["C"]
    ho, hi = stage.split("oh", t.hole("rows", [4, 2, 3, 7]))
    wo, wi = stage.split("ow", t.hole("columns", [6, 5, 10]))
    wio, wii = stage.split(wi, nparts=t.hole("parts", [2, 3, 1]))
    stage.reorder(ho, wo, wio, "kh", hi, wii)
    stage.unroll(hi)
    return s


def shared() -> Schedule:
    """One decision in two blocks, a copy beside them, and an order of statements by work."""
    a = t.placeholder((12, 30), name="A")
    b = t.compute((12, 30), lambda y, x: a[y, x] * 2.0 + a[y, 29 - x], name="B")
    s = t.create_schedule(t.compute((12, 30), lambda y, x: t.exp(b[y, x]) + b[0, x], name="C"))
    s["B"].cache_read("A")
    width = t.hole("width", [4, 2, 6, 8])
    s["B"].split("x", width)
    s["C"].split("x", width)
    s["C"].split("y", t.hole("rows", [3, 2]))
    return s


def ordered() -> Schedule:
    """A hole that is no factor: which loop is written out."""
    s = t.create_schedule(t.ops.matmul(16, 16, 8))
    stage = s["C"]
    stage.split("y", t.hole("rows", [4, 2, 8]))
    stage.unroll(t.hole("written", ["yi", "k"]))
    return s


def twofold() -> Schedule:
    """A factor that an annotation takes as well."""
    s = t.create_schedule(t.ops.matmul(16, 32, 8))
    rows = t.hole("rows", [4, 2, 8])
    s["C"].split("y", rows)
    s["C"].split("x", t.hole("columns", [4, 2, 16]))
    s["C"].annotate("k", "unroll_by", rows)
    return s


@pytest.mark.parametrize("make", [perfect, uneven, shared, ordered, twofold])
def test_closed_forms_are_the_features_of_the_programs(make: Callable[[], Schedule]) -> None:
    agree(space_of(make()))


def cut(workload: ops.Workload) -> Space | None:
    """The last block of an operator, its loops of some length cut by holes; None without any."""
    s = t.create_schedule(workload.tensors)
    stage = s.find_blocks()[-1]
    site = find_site(s.mod, stage.name)
    assert site is not None
    for name in [o.var.name for o in site.loops if isinstance(o.extent, int) and o.extent > 3]:
        stage.split(name, t.hole(f"cut_{name}", [2, 3]))
    return space_of(s) if s.trace.steps else None


def test_the_loops_of_most_operators_have_closed_forms() -> None:
    spaces = [space for space in map(cut, SMALL[1::5]) if space is not None]
    closed = [space for space in spaces if ClosedForms.of(space) is not None]
    assert len(closed) > 0.7 * len(spaces)
    for space in closed:
        agree(space, 2)


def moved() -> Schedule:
    """Where a block is computed at a loop, its own loops depend on the loop's extent."""
    s = shared()
    s["B"].compute_at("C", "yo")
    return s


def packed() -> Schedule:
    """A layout divides indices."""
    s = t.create_schedule(t.ops.matmul(16, 32, 8))
    s["C"].cache_read("B")
    s["B_cache"].transform_layout("B_cache", "i, j -> j // 16, i, j % 16")
    s["C"].split("x", t.hole("lanes", [16, 8]))
    return s


def copied() -> Schedule:
    """A copy made after splits holds what their loops reach."""
    s = shared()
    s["C"].cache_read("B")
    return s


def never_cut() -> Schedule:
    """A factor of 1 alone: no program shows both loops."""
    s = t.create_schedule(t.ops.matmul(16, 32, 8))
    s["C"].split("x", t.hole("lanes", [1]))
    return s


@pytest.mark.parametrize("make", [moved, packed, copied, never_cut])
def test_what_has_no_closed_form_is_scheduled(make: Callable[[], Schedule]) -> None:
    space = space_of(make())
    assert ClosedForms.of(space) is None
    assert FEATURES["store"](space).is_slow


def test_templates_choose_their_steps_themselves_and_are_scheduled() -> None:
    workload = ops.matmul(16, 32, 8)
    space = template_space(workload.templates["cpu"](AVX512), workload.tensors)
    assert FEATURES["curve"](space).is_slow
    assert not FEATURES["knob"](space).is_slow
