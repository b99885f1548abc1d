"""A schedule with holes as a template: its holes are knobs, and every point of it is a schedule."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.ir import equal
from tvmlab.ops import HoleTemplate
from tvmlab.schedule import Schedule, create_schedule
from tvmlab.tune.template_space import template_space


def _open() -> Schedule:
    s = t.create_schedule(t.ops.matmul(32, 48, 16))
    (stage,) = s.find_blocks(kind="reduce")
    y, x, k = stage.loops
    yo, yi = stage.split(y, t.hole("rows", [4, 8]))
    xo, xi = stage.split(x, factors=t.sample_perfect_tile(x, 2, max_innermost=16))
    stage.reorder(yo, xo, k, yi, xi)
    stage.vectorize(t.hole("lanes", [k, xi]))
    return s


def test_holes_become_knobs_and_options_plain_steps() -> None:
    s = _open()
    template = HoleTemplate.from_json([step.to_json() for step in s.trace.steps])
    space = template_space(template, s.outputs)
    assert [knob.name for knob in space.knobs] == ["rows", "tile_x", "lanes"]
    assert space.size == 2 * 8 * 2
    assert template.default(s.outputs) == {name: hole.value for name, hole in s.holes.items()}
    config = {"rows": 8, "tile_x": (12, 4), "lanes": "xi"}
    trace = space.trace(config)
    assert not any("holes" in step for step in trace)
    again = t.replay(t.ops.matmul(32, 48, 16), trace)
    assert equal(again.mod, s.fill(config).mod)
    with pytest.raises(t.ScheduleError, match="both add to"):
        space.trace({**config, "lanes": "k"})


def test_every_knob_has_the_options_of_its_hole() -> None:
    s = _open()
    template = HoleTemplate.from_json([step.to_json() for step in s.trace.steps])
    for knob in template.knobs(s.outputs):
        assert knob.options == s.holes[knob.name].options


def test_a_frozen_hole_is_no_knob() -> None:
    s = _open().freeze("rows", 8)
    template = HoleTemplate.from_json([step.to_json() for step in s.trace.steps])
    space = template_space(template, s.outputs)
    assert [knob.name for knob in space.knobs] == ["tile_x", "lanes"]
    assert template.default(s.outputs) == {"tile_x": s.holes["tile_x"].value, "lanes": "xi"}
    config = {"tile_x": (12, 4), "lanes": "xi"}
    trace = space.trace(config)
    assert not any("holes" in step for step in trace)
    assert equal(t.replay(t.ops.matmul(32, 48, 16), trace).mod, s.fill(config).mod)
    with pytest.raises(t.UsageError, match=r"nothing open to tune; open one with unfreeze\('rows'"):
        HoleTemplate.from_json([step.to_json() for step in s.freeze().trace.steps])


def test_a_schedule_without_holes_is_no_template() -> None:
    s = create_schedule(t.ops.matmul(8, 8, 8).tensors)
    s[s.blocks[-1]].split(s[s.blocks[-1]].loops[0], 4)
    with pytest.raises(t.UsageError, match="leaves nothing open"):
        HoleTemplate.from_json([step.to_json() for step in s.trace.steps])
