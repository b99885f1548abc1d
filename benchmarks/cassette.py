"""Record a cassette: some configurations of an operator's template, measured on a device.

    python benchmarks/cassette.py matmul 64,64,64 matmul_64.jsonl --target cuda --count 32

The file plays where the device is not (`tvmlab tune matmul --shape 64,64,64 --cassette FILE`, or
`t.tune(..., cassette="matmul_64.jsonl")`); its format is said in `tvmlab/measure/cassette.py`.
"""

from __future__ import annotations

import argparse
import random
import sys
from typing import Any

from tvmlab import ops
from tvmlab.errors import ScheduleError, TvmlabError
from tvmlab.measure.cassette import Cassette
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.request import CHECKS, Request
from tvmlab.te.serial import to_json
from tvmlab.tune.setup import RANKING
from tvmlab.tune.template_space import template_space


def requests(
    workload: ops.Workload, target: str, count: int
) -> tuple[list[Request], list[dict[str, Any]]]:
    """The template's default and `count` - 1 random configurations that are legal, as requests and
    as choices."""
    template = workload.template(target)
    space = template_space(template, workload.tensors)
    rng = random.Random(0)
    configs: list[dict[str, Any]] = [template.default(workload.tensors)]
    found = [space.trace(configs[0])]
    while len(found) < count:
        config = {k.name: rng.choice(k.options) for k in space.knobs}
        try:
            found.append(space.trace(config))
        except ScheduleError:
            continue
        configs.append(config)
    said = to_json(workload.tensors)
    asked = [Request(said, trace, target, protocol=RANKING, checks=CHECKS) for trace in found]
    return asked, configs


def main() -> int:
    """Measure and write; 2 where there is no device, or nothing to measure."""
    parser = argparse.ArgumentParser(description="Record a cassette.")
    parser.add_argument("operator")
    parser.add_argument("shape", help="numbers between commas")
    parser.add_argument("file")
    parser.add_argument("--target", default="opencl")
    parser.add_argument("--count", type=int, default=8)
    asked = parser.parse_args()
    try:
        workload = ops.from_shape(asked.operator, [int(n) for n in asked.shape.split(",")])
        with LocalRunner(limits=Limits(build_s=60.0, run_s=60.0)) as runner:
            candidates, configs = requests(workload, asked.target, asked.count)
            cassette = Cassette.record(runner, candidates, configs=configs)
    except TvmlabError as error:
        print(error, file=sys.stderr)
        return 2
    cassette.write(asked.file)
    good = sum(take.outcome.status == "ok" for take in cassette.takes)
    print(f"{asked.file}: {good} of {len(cassette.takes)} candidates ran, {cassette.label}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
