"""Spaces, setups and synthetic machines for tests of the tuner: no compiler, no device."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any

from tvmlab.errors import Refusal, ScheduleError
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.ops.knobs import ChoiceKnob, OrderKnob, SplitKnob
from tvmlab.tune.space import Space

WORKLOAD = {"tvmlab_te": 1, "tensors": [], "outputs": []}


def as_trace(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A trace that only says the configuration."""
    return [
        {"step": "config", **{k: list(v) if isinstance(v, tuple) else v for k, v in config.items()}}
    ]


def matmul_space() -> Space:
    """AutoTVM's two-axis template of a 512^2 product: 100 points."""
    return Space([SplitKnob("y", 512, 2), SplitKnob("x", 512, 2)], as_trace)


def large_space() -> Space:
    """Knobs of every kind: 220 * 220 * 6 * 4 * 2 = 2,323,200 points."""
    return Space(
        [
            SplitKnob("y", 512, 4),
            SplitKnob("x", 512, 4),
            OrderKnob("order", ("y", "x", "k")),
            ChoiceKnob("unroll", (0, 4, 16, 64)),
            ChoiceKnob("pack", (False, True)),
        ],
        as_trace,
    )


def medium_space() -> Space:
    """10 * 10 * 6 * 4 = 2,400 points, few enough for a model to score them all."""
    knobs = large_space().knobs[2:4]
    return Space([SplitKnob("y", 512, 2), SplitKnob("x", 512, 2), *knobs], as_trace)


def picky(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Refuses half of all configurations."""
    if config["x"][1] > 16:
        raise ScheduleError(Refusal("split", "loop x", "16 lanes are enough", "split by 16"))
    return as_trace(config)


def time_s(request: Request) -> float | Outcome:
    """Seconds on an imaginary machine: best with 32 x 64 inner tiles, unrolled by 16, packed."""
    config = request.trace[0]
    y, x = config["y"][-1], config["x"][-1]
    cost = 1 + abs(log2(y) - 5) + 0.7 * abs(log2(x) - 6)
    if "unroll" in config:
        cost += 0.3 * abs(log2(config["unroll"] + 1) - 4) + 0.5 * (not config.get("pack"))
        cost += 0.4 * config["order"].index("k")
    return 1e-3 * cost


def grumpy(request: Request) -> float | Outcome:
    """As `time_s`, but large tiles crash."""
    if request.trace[0]["y"][-1] > 64:
        return failure("crash", "run", "the process was killed by SIGSEGV")
    return time_s(request)
