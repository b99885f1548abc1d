"""How well times told without a compiler agree with the measured ones of the recorded spaces.

    .venv/bin/python benchmarks/estimate.py [NAME ...] [--count 120]

For each space: rank correlation, the median of told over measured, the share of measurements
inside the interval, the share of ratios of two candidates inside theirs, and milliseconds for one
program. They were recorded on one thread of the machine that recorded them, so that figures from
another say how well its facts suit the estimate, not how good it is.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from recording import Recording

from tvmlab.analysis.estimate import Compiler, Estimate, MachineFacts, estimate, ratio
from tvmlab.ir.program import Program
from tvmlab.lower.pipeline import lower
from tvmlab.targets.cpu.limits import machine_facts
from tvmlab.tune.quality import rank_correlation

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "tune" / "recorded"
PLAIN = Compiler(finds_vectors=False)
"""The candidates were built without LLVM's own passes."""


def candidates(recording: Recording, count: int) -> list[tuple[Program, float]]:
    """Lowered programs drawn from a recording, and the seconds each took."""
    good = [n for n, row in enumerate(recording.rows) if row["times_ns"]]
    space = recording.space
    found = []
    for index in np.random.default_rng(0).permutation(good)[:count]:
        program = lower(space.program(space.config(space.digits_at(index))))
        found.append((program, min(recording.rows[index]["times_ns"]) * 1e-9))
    return found


def row_of(name: str, machine: MachineFacts, count: int) -> str:
    """A line of the table."""
    drawn = candidates(Recording.read(FOLDER / f"{name}.parquet"), count)
    began = time.perf_counter()
    told: list[Estimate] = [estimate(program, machine, PLAIN) for program, _ in drawn]
    each_ms = (time.perf_counter() - began) / len(drawn) * 1e3
    measured = np.array([time_s for _, time_s in drawn])
    expected = np.array([each.time_s for each in told])
    rho = rank_correlation(expected, measured)
    bias = np.median(expected / measured)
    inside = np.mean([e.low_s <= t <= e.high_s for e, t in zip(told, measured, strict=True)])
    pairs = np.random.default_rng(1).integers(0, len(drawn), (600, 2))
    ratios = [(ratio(told[a], told[b]), measured[a] / measured[b]) for a, b in pairs if a != b]
    held = np.mean([r.low <= seen <= r.high for r, seen in ratios])
    return (
        f"{name:16} {rho:6.2f} {bias:6.2f} {100 * inside:6.0f} % {100 * held:6.0f} % {each_ms:8.1f}"
    )


def main() -> None:
    names = sorted(path.stem for path in FOLDER.glob("*.parquet"))
    parser = argparse.ArgumentParser(description="How good estimates are.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--count", type=int, default=120, help="candidates of each space")
    args = parser.parse_args()
    machine = replace(machine_facts(), cores=1)
    print(f"{'space':16} {'rank':>6} {'median':>6} {'inside':>8} {'ratios':>8} {'ms':>8}")
    for name in args.names or names:
        print(row_of(name, machine, args.count), flush=True)


if __name__ == "__main__":
    main()
