"""How many candidates a second TVM's MetaSchedule builds and measures, as plain data.

    python benchmarks/metaschedule.py M N K TRIALS CPU

Run by the Python that has TVM (0.20 or newer). Prints one JSON object: trials, good, elapsed_s;
`good` are those that were built and measured. A float32 product C[y, x] = sum_k A[y, k] * B[k, x]
is tuned on every core with MetaSchedule's own settings, for the processor that LLVM calls CPU.

TVM 0.27 needs apache-tvm-ffi 0.1.14: with 0.1.15, which its requirements admit too, every run ends
in a segmentation fault of `ToJSONGraph`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import Any

import tvm
from tvm import te

try:
    from tvm.s_tir import meta_schedule
except ImportError:
    from tvm import meta_schedule

FAILED_S = 1e10
"""The time MetaSchedule writes down for a candidate that was not built or did not run."""


def product(m: int, n: int, k: int) -> Any:
    a = te.placeholder((m, k), name="A")
    b = te.placeholder((k, n), name="B")
    depth = te.reduce_axis((0, k), name="k")
    c = te.compute((m, n), lambda y, x: te.sum(a[y, depth] * b[depth, x], axis=depth), name="C")
    return te.create_prim_func([a, b, c])


def main() -> None:
    m, n, k, trials = map(int, sys.argv[1:5])
    cores, cpu = os.cpu_count() or 1, sys.argv[5]
    target = tvm.target.Target({"kind": "llvm", "mcpu": cpu, "num-cores": cores})
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        database = meta_schedule.tune_tir(
            mod=product(m, n, k),
            target=target,
            work_dir=folder,
            max_trials_global=trials,
            num_trials_per_iter=trials,
            num_tuning_cores=cores,
        )
        elapsed_s = time.monotonic() - began
        times = [record.run_secs for record in database.get_all_tuning_records()]
    good = sum(bool(runs) and all(float(s) < FAILED_S for s in runs) for runs in times)
    print(json.dumps({"trials": len(times), "good": good, "elapsed_s": elapsed_s}))


if __name__ == "__main__":
    main()
