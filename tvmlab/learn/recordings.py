"""Spaces that were measured once and come with tvmlab, for exercises about searching."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from tvmlab.errors import UsageError
from tvmlab.learn.subject import Subject
from tvmlab.ops.hole_template import HoleTemplate
from tvmlab.ops.registry import unknown
from tvmlab.schedule import State, replay_python
from tvmlab.tune.space import Space
from tvmlab.tune.template_space import template_space


class Recording(NamedTuple):
    """A space with what was measured of it.

    Attributes:
        space: of a schedule with holes.
        digits: (n, knobs) the configurations measured.
        shares: (n,) the speed of each as a share of the fastest's; 0 for a failure.
    """

    space: Space
    digits: np.ndarray
    shares: np.ndarray


@cache
def recording(name: str) -> Recording:
    """The recording of that name; UsageError where there is none."""
    folder = files("tvmlab.learn") / "recorded"
    known = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir())
    if name not in known:
        raise UsageError(unknown("recording", name, known))
    data = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    naive = State.start(Subject.read(data["workload"]).at())
    steps = replay_python(naive, "\n".join(data["space"])).steps
    template = HoleTemplate.from_json([step.to_json() for step in steps])
    space = template_space(template, naive.outputs)
    times_s = np.array([time or np.inf for _, time in data["rows"]], dtype=np.float64)
    digits = np.stack([space.digits_at(index) for index, _ in data["rows"]])
    return Recording(space, digits, times_s.min() / times_s)
