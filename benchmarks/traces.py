"""How many whole traces a second an evolutionary search sees for the first time, by workload.

    python benchmarks/traces.py [matmul ...] [--population 512] [--judged 200]

On one core (OPENBLAS_NUM_THREADS=1), in processor time, over the sketches of each workload:

- *scheduled*: configurations drawn, each scheduled step by step, then its features;
- *drafted*: the same configurations and the same features, without programs;
- *evolved*: candidates that evolution breeds and had not met before: mutation, crossing, features
  and the model's scores. What it has met before is not counted, though its time is.

Before anything is timed, the features of `--judged` configurations are compared, scheduled and
drafted; they are equal, or that is said and nothing else.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from tvmlab import ops
from tvmlab.errors import ScheduleError
from tvmlab.te import Tensor
from tvmlab.tune.evolution import Evolution
from tvmlab.tune.features import FEATURES, program_features
from tvmlab.tune.features.statement import forget
from tvmlab.tune.models import MODELS
from tvmlab.tune.sketch_space import SketchSpace
from tvmlab.tune.sketches import sketches, sketches_for

KINDS = {"cpu": "store", "cuda": "threads", "opencl": "threads"}
"""What a model sees of programs, by target."""

WORKLOADS: dict[str, Callable[[], Sequence[Tensor]]] = {
    "matmul": lambda: ops.matmul(512, 512, 512).tensors,
    "conv2d": lambda: ops.named("C6").tensors,
    "softmax": lambda: ops.softmax(1024, 1024).tensors,
    "layer_norm": lambda: ops.layer_norm(1024, 1024).tensors,
    "matmul.cuda": lambda: ops.matmul(512, 512, 512).tensors,
    "matmul_f16.cuda": lambda: ops.matmul(512, 512, 512, dtype="float16").tensors,
    "conv2d.opencl": lambda: ops.named("C6").tensors,
    "softmax.cuda": lambda: ops.softmax(1024, 1024).tensors,
}
"""By name, the target behind a dot."""


def space_of(name: str) -> tuple[SketchSpace, str]:
    """The sketches of a workload, anew, and the kind of features."""
    target, outputs = name.partition(".")[2] or "cpu", WORKLOADS[name]()
    found = sketches(outputs) if target == "cpu" else sketches_for(target, outputs)
    return SketchSpace(found, outputs), KINDS[target]


def scheduled(space: SketchSpace, kind: str, rows: np.ndarray) -> np.ndarray:
    """The features of legal configurations, each scheduled; rows of NaN for the others."""
    found = np.full((len(rows), len(FEATURES[kind](space).columns)), np.nan, dtype=np.float32)
    for n, row in enumerate(rows):
        try:
            found[n] = program_features(kind, [space.program(space.config(row))])[0]
        except ScheduleError:
            continue
    return found


def differing(space: SketchSpace, kind: str, rows: np.ndarray) -> int:
    """How many of the rows' features differ, scheduled and drafted."""
    wanted = scheduled(space, kind, rows)
    is_legal = ~np.isnan(wanted).any(axis=1)
    return int((FEATURES[kind](space)(rows) != wanted)[is_legal].any(axis=1).sum())


def rate(count: int, began: float) -> float:
    """A second of processor time."""
    return count / (time.process_time() - began)


def evolved(space: SketchSpace, kind: str, population: int) -> tuple[float, int]:
    """Candidates a second that evolution scores for the first time, and how many there were."""
    features, rng = FEATURES[kind](space), np.random.default_rng(0)
    rows = space.draw(200, rng)
    model = MODELS["xgboost-rank"](0)
    model.fit(features(rows), rng.random(len(rows)))
    met = set(space.indices(rows))
    before = len(met)

    def score(digits: np.ndarray) -> np.ndarray:
        met.update(space.indices(digits))
        return model.predict(features(digits))

    search = Evolution(space, rng, population=population)
    search.restart_at(rows[: search.restarts])
    began = time.process_time()
    for _ in range(2):
        search.search(score, 64, frozenset())
    return rate(len(met) - before, began), len(met) - before


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--population", type=int, default=512)
    parser.add_argument("--judged", type=int, default=200)
    given = parser.parse_args()
    print(
        f"{'workload':16} {'size':>10} {'scheduled':>10} {'drafted':>10} {'evolved':>10}  a second"
    )
    for name in given.workloads:
        space, kind = space_of(name)
        rows = space.draw(given.judged, np.random.default_rng(1))
        wrong = differing(space, kind, rows)
        if wrong:
            print(f"{name:16} {wrong} of {given.judged} differ")
            continue
        forget()
        began = time.process_time()
        scheduled(space, kind, rows[:50])
        slow = rate(50, began)
        fresh = FEATURES[kind](space_of(name)[0])
        began = time.process_time()
        fresh(rows)
        fast = rate(len(rows), began)
        bred, count = evolved(space_of(name)[0], kind, given.population)
        print(f"{name:16} {space.size:>10} {slow:>10,.0f} {fast:>10,.0f} {bred:>10,.0f}  "
              f"({count} met)", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
