"""Every kind of fault, many times over: is each told rightly, and is the machine clean afterwards?

    python benchmarks/faults.py [--times 100] [--kinds segfault,abort]

A worker suffers each fault of `tvmlab.measure.faults` in its turn to measure; then a real candidate
is measured. Prints for each kind how many were classified rightly, how long a fault held the runner
and how long the next good measurement took, and how many processes were left over. The exit code is
0 where all is as it should be.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tvmlab import ops
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.faults import FAULTS, FaultyJob, fault_step
from tvmlab.measure.job import CandidateJob
from tvmlab.measure.request import Request
from tvmlab.measure.runner import measure_all
from tvmlab.te.serial import to_json

LIMITS = Limits(run_s=0.8, memory_bytes=2 << 30)
RECOVERY_S = 2.0
"""The next good measurement is done within this time."""

EXPECTED = {
    "segfault": ("crash", "SIGSEGV"),
    "abort": ("crash", "SIGABRT"),
    "floating point exception": ("crash", "SIGFPE"),
    "stack overflow": ("crash", "SIGSEGV"),
    "native loop": ("timeout", "0.8 s"),
    "python loop": ("timeout", "0.8 s"),
    "out of memory": ("launch_error", "2 GiB"),
    "fork flood": ("timeout", "0.8 s"),
    "output flood": ("crash", "code 4"),
    "early exit": ("crash", "code 3"),
    "stopped": ("timeout", "0.8 s"),
    "garbage": ("crash", "garbage"),
}
"""Kind -> status, and words of the reason."""


@dataclass
class Tally:
    """What became of the faults of one kind."""

    right: int = 0
    recovered: int = 0
    left_over: int = 0
    fault_s: list[float] = field(default_factory=list)
    next_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def suffer(kind: str, times: int) -> Tally:
    """Inject `kind` so many times into one runner of one worker."""
    tally, workload = Tally(), to_json(ops.matmul(32, 32, 32).tensors)
    status, words = EXPECTED[kind]
    with LocalRunner(1, LIMITS, FaultyJob(CandidateJob())) as runner:
        measure_all(runner, [Request(workload, [])])  # the reference is made once, before
        for _ in range(times):
            group = runner.process_ids[0]
            begin = time.monotonic()
            (bad,) = measure_all(runner, [Request(workload, [fault_step(kind)])])
            known = time.monotonic()
            (good,) = measure_all(runner, [Request(workload, [])])
            tally.fault_s.append(known - begin)
            tally.next_s.append(time.monotonic() - known)
            is_right = (bad.status, bad.stage) == (status, "run") and words in bad.reason
            tally.right += is_right
            tally.recovered += good.is_ok and tally.next_s[-1] < RECOVERY_S
            if not is_right:
                tally.wrong.append(f"{bad.status} at {bad.stage}: {bad.reason}")
            if runner.process_ids[0] != group:
                tally.left_over += sum(1 for _ in members(group))
        groups = runner.process_ids
    tally.left_over += sum(1 for group in groups for _ in members(group))
    return tally


def members(group: int) -> Iterator[int]:
    """Living processes of a process group."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state not in "ZX":
            yield int(entry.name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(FAULTS))
    given = parser.parse_args()
    print("kind                      right  next within 2 s  left over   fault s   next s (worst)")
    is_clean = True
    for kind in given.kinds:
        tally = suffer(kind, given.times)
        is_whole = tally.right == tally.recovered == given.times and not tally.left_over
        is_clean = is_clean and is_whole
        print(
            f"{kind:24} {tally.right:4}/{given.times} {tally.recovered:11}/{given.times}"
            f" {tally.left_over:10} {median(tally.fault_s):9.3f}"
            f" {median(tally.next_s):8.3f} ({max(tally.next_s):.3f})",
            *sorted(set(tally.wrong)),
            flush=True,
        )
    return 0 if is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
