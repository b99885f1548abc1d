"""Good configurations of earlier runs, to begin with.

Those of the same workload as they are; those of the same operator at other sizes with each option
replaced by the nearest that there is here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tvmlab.errors import ScheduleError
from tvmlab.measure.canonical import canonical
from tvmlab.ops.knobs import Knob, Option
from tvmlab.tune.earlier import EarlierRun
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.tune.similarity import distance
from tvmlab.tune.space import Config, Space

SAME = 4
"""Configurations of the same workload to begin with."""

SIMILAR = 4
"""Other workloads whose best configuration is tried, the most similar first."""


def good_configs(space: Space, setup: Setup, runs: Iterable[EarlierRun]) -> list[Config]:
    """Different configurations of `space` worth trying first, the most promising first.

    Args:
        space: that of `setup`.
        runs: earlier runs whose times compare; those of other templates are passed over.
    """
    best: dict[str, list[Record]] = {}
    workloads = {}
    for run in runs:
        if run.setup.template == setup.template:
            key = canonical(run.setup.workload)
            workloads[key] = run.setup.workload
            best.setdefault(key, []).extend(r for r in run.records if r.can_be_best)
    far = {key: distance(setup.workload, workload) for key, workload in workloads.items()}
    here = canonical(setup.workload)
    others = [key for key in sorted(far, key=lambda key: far[key]) if key != here]
    found: dict[int, Config] = {}
    for key in [here, *(key for key in others if far[key] < math.inf)][: 1 + SIMILAR]:
        wanted = len(found) + (SAME if key == here else 1)
        for record in sorted(best.get(key, []), key=lambda r: r.rank):
            if len(found) == wanted:
                break
            config = adapted(space, record.config)
            if config is not None:
                found.setdefault(space.indices(space.digits(config)[None, :])[0], config)
    return list(found.values())


def adapted(space: Space, config: Mapping[str, Any]) -> Config | None:
    """The legal configuration of `space` nearest to one of a space with the same knobs; None where
    there is none."""
    chosen = {}
    for knob in space.knobs:
        option = nearest_option(knob, config.get(knob.name))
        if option is None:
            return None
        chosen[knob.name] = option
    try:
        space.trace(chosen)
    except ScheduleError:
        return None
    return chosen


def nearest_option(knob: Knob, wanted: Option | None) -> Option | None:
    """The option itself where the knob has it; else, of options that are numbers, the one that
    differs by the least factors; None for anything else."""
    for option in knob.options:
        if option == wanted and type(option) is type(wanted):
            return option
    sizes = _logarithms(wanted)
    like = [(_logarithms(option), option) for option in knob.options]
    near = [(math.dist(sizes, of), n) for n, (of, _) in enumerate(like) if len(of) == len(sizes)]
    return like[min(near)[1]][1] if sizes and near else None


def _logarithms(option: Option | None) -> tuple[float, ...]:
    """Of a number or of several, in factors of two; empty where it is something else."""
    numbers = option if isinstance(option, tuple) else (option,)
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        return ()
    return tuple(math.copysign(math.log2(abs(n) + 1), n) for n in numbers)
