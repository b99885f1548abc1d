"""How many candidates a second a cost model sees, by kind of features.

    python benchmarks/features.py [C6 ...] [--kinds knob store]

Three rates for each space and kind, on one core, in processor time:

- *annealing*: candidates the annealing loop scores (features, trees and neighbours);
- *scheduled*: features of configurations that must be scheduled first, each a new one;
- *programs*: features of scheduled programs, read for the first time, and read again.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from tvmlab import ops
from tvmlab.errors import ScheduleError
from tvmlab.ir.program import Program
from tvmlab.ops.vector_unit import AVX512
from tvmlab.schedule import create_schedule
from tvmlab.schedule.hole import sample_perfect_tile
from tvmlab.tune.annealing import Annealer
from tvmlab.tune.features import FEATURES, program_features
from tvmlab.tune.features.program import KINDS
from tvmlab.tune.features.statement import forget
from tvmlab.tune.models import MODELS
from tvmlab.tune.space import Space
from tvmlab.tune.template_space import template_space

EXAMPLES = 200
"""Candidates that the model has learnt from."""

PROGRAMS = 64
"""Scheduled programs whose features are timed."""


def space_named(name: str) -> Space:
    """The space of a workload's template, or of a product with holes (`holes`)."""
    if name == "holes":
        s = create_schedule(ops.matmul(512, 512, 512).tensors)
        stage = s["C"]
        y = stage.split("y", factors=sample_perfect_tile("y", 4))
        x = stage.split("x", factors=sample_perfect_tile("x", 4))
        k = stage.split("k", factors=sample_perfect_tile("k", 2))
        stage.reorder(y[0], x[0], y[1], x[1], k[0], y[2], x[2], k[1], y[3], x[3])
        template = ops.HoleTemplate(steps=tuple(s.trace.steps))
        return template_space(template, s.outputs)
    workload = ops.named(name)
    return template_space(workload.templates["cpu"](AVX512), workload.tensors)


def annealing(space: Space, kind: str) -> float | None:
    """Candidates a second that annealing scores; None where features are slow."""
    features = FEATURES[kind](space)
    rng = np.random.default_rng(0)
    rows = space.draw(EXAMPLES, rng)
    if features.is_slow:
        return None
    model = MODELS["xgboost-rank"](0)
    model.fit(features(rows), rng.random(EXAMPLES))
    scored = 0

    def score(digits: np.ndarray) -> np.ndarray:
        nonlocal scored
        scored += len(digits)
        return model.predict(features(digits))

    began = time.process_time()
    for _ in range(3):
        Annealer(space, rng, steps=100, patience=100).search(score, 64, frozenset())
    return scored / (time.process_time() - began)


def scheduled(space: Space, count: int = PROGRAMS) -> tuple[list[Program], float]:
    """Programs of drawn configurations, and how many a second are scheduled."""
    rng = np.random.default_rng(0)
    found: list[Program] = []
    tried, began = 0, time.process_time()
    while len(found) < count:
        tried += 1
        try:
            found.append(space.program(space.config(space.draw(1, rng)[0])))
        except ScheduleError:
            continue
    return found, tried / (time.process_time() - began)


def reading(programs: list[Program], kind: str) -> tuple[float, float]:
    """Programs a second whose features are computed, at first sight and seen before."""
    rates = []
    forget()
    for _ in range(2):
        began = time.process_time()
        program_features(kind, programs)
        rates.append(len(programs) / (time.process_time() - began))
    return rates[0], rates[1]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spaces", nargs="*", default=["holes", "gemm512", "C6", "D1", "softmax"])
    parser.add_argument("--kinds", nargs="*", default=list(FEATURES))
    given = parser.parse_args()
    print(f"{'space':10} {'size':>10} {'kind':8} {'annealing':>10} {'scheduled':>10} "
          f"{'programs':>10} {'again':>10}  a second")  # fmt: skip
    for name in given.spaces:
        space = space_named(name)
        programs, pace = scheduled(space)
        for kind in given.kinds:
            scored = annealing(space, kind)
            first, again = reading(programs, kind) if kind in KINDS else (None, None)
            cells = (scored, pace if kind in KINDS else None, first, again)
            shown = " ".join(f"{'-' if c is None else f'{c:,.0f}':>10}" for c in cells)
            print(f"{name:10} {space.size:>10} {kind:8} {shown}", flush=True)


if __name__ == "__main__":
    main()
