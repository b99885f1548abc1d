"""Sketches beside templates: what a search finds without a template, and what one offers at once.

    python benchmarks/sketches.py [NAME ...] [--trials 200] [--threads 1] [--keep FILE]

Each workload is tuned over its sketches; the fastest few are then timed in turn with the default
of the operator's template (of `norm`, which has none, the generic one), round after round in one
process, and minima are compared. With `--keep`, what was found is written to FILE, and what FILE
has is not searched again: so searches, which take minutes, and the final comparison, which wants a
quiet machine, can be run apart.

Of workloads whose names end in `w` the weights are constant: both sides have them prepared, and the
template packs them where that is a choice.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from prepared import with_packing

import tvmlab as t
from tvmlab import ops, te
from tvmlab.schedule import State, step_from_json
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.te import Tensor, graph
from tvmlab.te.evaluate import random_inputs
from tvmlab.te.graph import as_outputs
from tvmlab.te.promise import promise_constants
from tvmlab.tune.finals import finalists

ROUNDS = 40


def norm(batch: int, size: int) -> Tensor:
    """Ansor's NRM: the length of each matrix of a batch, taken as a vector."""
    matrices = t.placeholder((batch, size, size), name="A")
    i, j = t.reduce_axis((0, size), "i"), t.reduce_axis((0, size), "j")
    squares = t.compute(
        (batch,), lambda b: t.sum(matrices[b, i, j] * matrices[b, i, j], axis=[i, j]), name="S"
    )
    return t.compute((batch,), lambda b: te.sqrt(squares[b]), name="N")


WORKLOADS: dict[str, Callable[[], Any]] = {
    "matmul512": lambda: ops.matmul(512, 512, 512).tensors,
    "matmul1024": lambda: ops.matmul(1024, 1024, 1024).tensors,
    **{name: lambda name=name: ops.named(name).tensors for name in ("C6", "C9", "D1", "D7")},
    "softmax": lambda: ops.softmax(1024, 1024).tensors,
    "layer_norm": lambda: ops.layer_norm(1024, 1024).tensors,
    "norm": lambda: norm(1, 512),
}
WORKLOADS |= {
    f"{name}w": lambda name=name, weights=weights: promise_constants(WORKLOADS[name](), [weights])
    for name, weights in (("matmul512", "B"), ("matmul1024", "B"), ("C6", "W"), ("C9", "W"))
}
"""Name -> what is computed."""


def searched(outputs: Sequence[Tensor], options: argparse.Namespace) -> dict[str, Any]:
    """The fastest few of a search, as steps, with what it took."""
    began = time.perf_counter()
    run = t.tune(
        outputs, trials=options.trials, space="sketch", seed=options.seed, explorer=options.explorer
    ).wait()
    took_s = time.perf_counter() - began
    run.close()
    best = finalists(run.trials)
    return {
        "trials": len(run.trials),
        "failed": sum(not record.outcome.is_ok for record in run.trials),
        "trials_per_s": len(run.trials) / took_s,
        "sketch": [record.config["sketch"] for record in best],
        "config": [record.config for record in best],
        "traces": [record.trace for record in best],
    }


def compared(outputs: Sequence[Tensor], traces: Sequence[Any]) -> list[float]:
    """Least seconds of the template's default, then of each trace, in turn."""
    template = ops.template_for(outputs, "cpu", host_vectors())
    hand, config = t.create_schedule(outputs), template.default(outputs)
    constants = [each.name for each in graph.inputs(outputs) if each.constant]
    if constants:
        options = {knob.name: knob.options for knob in template.knobs(outputs)}
        config = with_packing(config, options)
    template.apply(hand, config)
    start = State.start(outputs)
    states = [start.replay(step_from_json(step) for step in trace) for trace in traces]
    kernels = [t.build(hand), *(t.build(type(hand)(state)) for state in states)]
    given = random_inputs(tuple(outputs), 0)
    if constants:
        kernels = [k.prepare(**{name: given[name] for name in constants}) for k in kernels]
    inputs = [array for name, array in given.items() if name not in constants]
    results = [np.empty(out.extents, out.dtype) for out in outputs]
    least = [float("inf")] * len(kernels)
    for _ in range(ROUNDS):
        for number, kernel in enumerate(kernels):
            kernel(*inputs, *results)  # its own data are in the caches, not another's
            began = time.perf_counter()
            kernel(*inputs, *results)
            least[number] = min(least[number], time.perf_counter() - began)
    return least


def main() -> None:
    """Search what is not kept, compare, and print a line for each workload."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--explorer", default="model")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    t.set_num_threads(options.threads)
    kept: dict[str, Any] = {}
    if options.keep is not None and options.keep.exists():
        kept = json.loads(options.keep.read_text())
    print(f"{'workload':12} {'template':>10} {'sketches':>10} ratio  trials/s failed")
    for name in options.names:
        outputs = as_outputs(WORKLOADS[name]())
        if name not in kept:
            kept[name] = searched(outputs, options)
            if options.keep is not None:
                options.keep.write_text(json.dumps(kept))
        found = kept[name]
        hand_s, *own_s = compared(outputs, found["traces"])
        best = int(np.argmin(own_s))
        print(
            f"{name:12} {hand_s * 1e6:7.1f} us {own_s[best] * 1e6:7.1f} us "
            f"{own_s[best] / hand_s:5.2f} {found['trials_per_s']:9.1f} {found['failed']:6} "
            f"{found['sketch'][best]}",
            flush=True,
        )


if __name__ == "__main__":
    main()
