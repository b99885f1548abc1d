"""How long each named workload takes from its template to machine code, stage by stage.

    .venv/bin/python benchmarks/compile.py [names] [--rounds 3] [--json FILE]

The default schedule of the operator's template, everything cold but Python itself: no object from a
cache, no memory of an earlier step. The least of some rounds counts. The budget is for the sum.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from itertools import pairwise
from typing import Any

from tvmlab import ops
from tvmlab.api import create_schedule
from tvmlab.lower.pipeline import lower
from tvmlab.ops import VectorUnit
from tvmlab.schedule.caution import ScheduleWarning
from tvmlab.targets.cpu.build import DEFAULT_PRESET
from tvmlab.targets.cpu.build.compile import link
from tvmlab.targets.cpu.build.generate import generate
from tvmlab.targets.cpu.emit import emit
from tvmlab.targets.cpu.limits import cpu_features

BUDGET_S = 0.150
"""From the first step to a kernel that could be called, for any workload."""

STAGES = ("schedule", "lower", "emit", "LLVM", "link")


def stages_s(name: str) -> tuple[list[float], str]:
    """Seconds of each stage for one workload, and the LLVM IR that was compiled."""
    features = cpu_features()
    workload = ops.named(name)
    clock = [time.perf_counter()]
    template = workload.template("cpu", VectorUnit(features.vector_registers, features.vector_bits))
    schedule = create_schedule(workload)
    template.apply(schedule, template.default(workload.tensors))
    clock.append(time.perf_counter())
    program = lower(schedule.mod)
    clock.append(time.perf_counter())
    text = emit(program, features)
    clock.append(time.perf_counter())
    content = generate(text, DEFAULT_PRESET, "object")
    clock.append(time.perf_counter())
    link(content, program.name)
    clock.append(time.perf_counter())
    return [after - before for before, after in pairwise(clock)], text


def main() -> None:
    parser = argparse.ArgumentParser(description="From a template to machine code.")
    parser.add_argument("names", nargs="*", default=list(ops.NAMED), help="of tvmlab.ops.NAMED")
    parser.add_argument("--rounds", type=int, default=3, help="the least of as many counts")
    parser.add_argument("--json", help="also write the figures to this file")
    args = parser.parse_args()
    warnings.simplefilter("ignore", ScheduleWarning)
    stages_s("chain")  # libraries that load when first needed are not what is asked about
    rows: list[dict[str, Any]] = []
    print(f"{'ms':14}" + "".join(f"{stage:>9}" for stage in STAGES) + f"{'sum':>9}{'lines':>8}")
    for name in args.names:
        found = [stages_s(name) for _ in range(args.rounds)]
        best, text = min(found, key=lambda pair: sum(pair[0]))
        total_s = sum(best)
        print(
            f"{name:14}"
            + "".join(f"{taken * 1e3:9.1f}" for taken in (*best, total_s))
            + f"{text.count(chr(10)):8}"
            + ("" if total_s <= BUDGET_S else f"  MISSED {BUDGET_S * 1e3:.0f}"),
            flush=True,
        )
        rows.append({"workload": name, **dict(zip(STAGES, best, strict=True)), "sum_s": total_s})
    missed = [row["workload"] for row in rows if row["sum_s"] > BUDGET_S]
    print(f"{len(rows) - len(missed)} of {len(rows)} within {BUDGET_S * 1e3:.0f} ms")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
