"""How many candidates a second a tuning run builds, checks and measures, and what the device does.

    python benchmarks/tuning_rate.py [WORKLOAD ...] [--trials 64] [--tvm PYTHON]

A workload is the name of one of the literature (`D7`, `C6`) or an operator with its numbers
(`matmul:256,256,256`). With `--tvm`, the Python of an environment that has TVM, its MetaSchedule
then tunes the same products on the same machine, one after the other.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
from pathlib import Path

from tvmlab import api, ops
from tvmlab.targets.cpu.limits import cpu_features

SMALL = ["matmul:128,128,128", "matmul:256,256,256", "matmul:1024,1024,1024", "D7", "chain"]
PEER = Path(__file__).with_name("metaschedule.py")
PATIENCE_S = 900.0


def ours(workload: ops.Workload, trials: int, seed: int) -> str:
    """One line about a whole run of the tuner, its process included."""
    run = api.tune(workload, trials=trials, seed=seed)
    run.wait()
    outcomes = [record.outcome for record in run.trials]
    count = max(1, len(outcomes))
    build_s = sum(o.build_s for o in outcomes) / count
    device_s = sum(o.device_s for o in outcomes) / count
    progress = run.progress
    run.close()
    if run.status != "done":
        return run.reason
    return (
        f"{progress['trials_per_s']:5.1f} a second, measuring "
        f"{100 * progress['device_share']:2.0f} % of the time; "
        f"a candidate builds for {build_s * 1e3:.0f} ms and is measured for "
        f"{device_s * 1e3:.0f} ms; {sum(o.is_ok for o in outcomes)} of {len(outcomes)} good"
    )


def metaschedule(python: str, extents: list[int], trials: int) -> str:
    """The same of TVM's MetaSchedule, or why there is nothing to tell."""
    command = [python, str(PEER), *map(str, extents), str(trials), cpu_features().llvm_cpu]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    except FileNotFoundError:
        return f"{python} is not there"
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE_S:.0f} s"
    if done.returncode < 0:
        return f"its process was killed by {signal.Signals(-done.returncode).name}"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it failed and said nothing"])[-1]
    said = json.loads(done.stdout.strip().splitlines()[-1])
    pace = said["trials"] / said["elapsed_s"]
    return (
        f"{pace:5.2f} a second: {said['trials']} trials in {said['elapsed_s']:.0f} s; "
        f"{said['good']} of {said['trials']} good"
    )


def workload_of(text: str) -> ops.Workload:
    name, _, numbers = text.partition(":")
    if not numbers:
        return ops.named(name)
    return ops.from_shape(name, tuple(map(int, numbers.split(","))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=SMALL)
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tvm", default="", help="the Python of an environment with TVM")
    given = parser.parse_args()
    for text in given.workloads:
        print(f"{text:24} tvmlab        {ours(workload_of(text), given.trials, given.seed)}")
        name, _, numbers = text.partition(":")
        if name == "matmul":
            peer = "no TVM was given (--tvm)"
            if given.tvm:
                extents = [int(number) for number in numbers.split(",")]
                peer = metaschedule(given.tvm, extents, given.trials)
            print(f"{text:24} MetaSchedule  {peer}", flush=True)


if __name__ == "__main__":
    main()
