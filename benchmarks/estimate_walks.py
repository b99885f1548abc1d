"""How well told times agree with measured ones on schedules drawn at random, built as users build.

    .venv/bin/python benchmarks/estimate_walks.py [--seconds 25] [--seed 0]

Each schedule is a walk of up to six legal moves on a product or a sum with a transpose; its last
two states are built with LLVM's O3 and timed. For each workload: rank correlation, the median of
told over measured, the share of measurements inside the interval; and in the end the share of
ratios of neighbouring states inside theirs. Give one thread: `TVMLAB_NUM_THREADS=1`.
"""

from __future__ import annotations

import argparse
import random
import time
from typing import NamedTuple

import numpy as np

from tvmlab import api, te
from tvmlab.analysis.estimate import Estimate, estimate, ratio
from tvmlab.errors import TvmlabError
from tvmlab.ir.walk import blocks
from tvmlab.lower.pipeline import lower
from tvmlab.measure.timing import Protocol, time_callable
from tvmlab.schedule import STEPS, State
from tvmlab.schedule.find import find_site
from tvmlab.targets.cpu.limits import machine_facts
from tvmlab.tune.quality import rank_correlation

MOVES = ("split", "reorder", "vectorize", "unroll", "tile", "fuse", "parallel", "cache_write",
         "cache_read", "partition")  # fmt: skip
PROTOCOL = Protocol(warmup_s=0.001, limit_s=0.02, patience_s=0.3)


class Seen(NamedTuple):
    """A state of a walk: what was told of it, and the least seconds it took."""

    told: Estimate
    time_s: float


def product(n: int) -> te.Tensor:
    a, b = (te.placeholder((n, n), name=name) for name in "AB")
    k = te.reduce_axis((0, n), name="k")
    return te.compute((n, n), lambda y, x: te.sum(a[y, k] * b[k, x], axis=k), name="C")


def with_transpose(n: int) -> te.Tensor:
    a = te.placeholder((n, n), name="A")
    return te.compute((n, n), lambda y, x: a[x, y] * 2.0 + a[y, x], name="C")


WORKLOADS = {
    "product of 160": product(160),
    "product of 256": product(256),
    "transpose of 1024": with_transpose(1024),
}


def walk(start: State, rng: random.Random) -> list[State]:
    """The states of a walk of legal moves."""
    states = [start]
    for _ in range(rng.randint(1, 6)):
        program = states[-1].program
        site = find_site(program, rng.choice([block.name for block in blocks(program.body)]))
        if site is None or not site.loops:
            continue
        found = STEPS[rng.choice(MOVES)].candidates(program, site, rng.choice(site.loops))
        legal = [step for step in found if step.check(program) is None]
        if legal:
            states.append(states[-1].apply(rng.choice(legal)))
    return states


def seen(state: State) -> Seen:
    """What is told of a state, and what is measured."""
    told = estimate(lower(state.program), machine_facts())
    kernel = api.Schedule(state).build()
    arrays = [np.ones(p.shape, p.dtype) for p in kernel.signature.params]
    return Seen(told, min(time_callable(lambda: kernel(*arrays), PROTOCOL).times_s))


def main() -> None:
    parser = argparse.ArgumentParser(description="How good estimates of random schedules are.")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    found: dict[str, list[Seen]] = {name: [] for name in WORKLOADS}
    held: list[bool] = []
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        name = rng.choice(list(WORKLOADS))
        try:
            pair = [seen(state) for state in walk(State.start(WORKLOADS[name]), rng)[-2:]]
        except TvmlabError:
            continue  # too large to build, or the like
        found[name] += pair
        if len(pair) == 2:
            told = ratio(pair[1].told, pair[0].told)
            held.append(told.low <= pair[1].time_s / pair[0].time_s <= told.high)
    for name, every in found.items():
        expected = np.array([s.told.time_s for s in every])
        measured = np.array([s.time_s for s in every])
        rho = rank_correlation(expected, measured)
        inside = np.mean([s.told.low_s <= s.time_s <= s.told.high_s for s in every])
        bias = np.median(expected / measured)
        print(f"{name:18} {len(every):4} states, rank {rho:.2f}, median {bias:.2f}, "
              f"inside {100 * inside:.0f} %")  # fmt: skip
    print(f"ratios inside {100 * np.mean(held):.0f} % of {len(held)}")


if __name__ == "__main__":
    main()
