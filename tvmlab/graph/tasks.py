"""What there is to tune in a graph: the anchors of its kernels, and how often each is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tvmlab.errors import UsageError, brief
from tvmlab.graph.fusion import fuse
from tvmlab.graph.lowering import express
from tvmlab.graph.node import Graph, Node
from tvmlab.graph.tuned import expression_of
from tvmlab.ops.workload import Workload
from tvmlab.te import Tensor
from tvmlab.te.serial import to_json, workload_hash
from tvmlab.tune.model_client import ModelRun, start_tasks

Weighted = tuple[Tensor | Sequence[Tensor], float]
Tunable = Workload | Tensor | Sequence[Tensor]


def tasks_of(graph: Graph | Node) -> list[Weighted]:
    """The expressions whose schedules decide how fast a graph is, each with the number of kernels
    that it anchors, in order of their first use.

    They are what `tvmlab.graph.tuned.best_steps` looks up when the graph is compiled.
    """
    whole = Graph(graph) if isinstance(graph, Node) else graph
    found: dict[str, Weighted] = {}
    for group in fuse(whole):
        alone = express([group.anchor], [group.anchor], group.anchor).outputs[0]
        expression = expression_of(alone)
        key = workload_hash(to_json(expression))
        found[key] = (expression, found[key][1] + 1 if key in found else 1)
    return list(found.values())


def tune_model(
    model: Graph | Node | Sequence[tuple[Tunable, float]],
    target: str = "cpu",
    trials: int = 64,
    seed: int = 0,
    db: str | Path | None = None,
    resume: bool = False,
    **options: Any,
) -> ModelRun:
    """Search for fast schedules of all operators of a model, in a process of its own.

    A scheduler shares out the trials: each turn goes to the operator that promises to take most
    off a run of the model. Returns at once; the run has `wait()`, `pause()`, `resume()`, `stop()`,
    `tasks` and `total_s`. `tvmlab.graph.compile_graph(model, choose=best_steps(database))` then
    takes what was found.

    Args:
        model: a graph, or workloads each with its weight, how often it is run.
        trials: how many candidates are tried, of all operators together.
        target, seed, db, resume, options: as for `t.tune`.

    Raises:
        UsageError: nothing to tune, a weight that is not above 0, or no such option.
    """
    if isinstance(model, Graph | Node):
        weighted = tasks_of(model)
    else:
        if not isinstance(model, Sequence) or not all(_is_pair(each) for each in model):
            raise UsageError(
                f"{brief(model)} is no model; give a graph, or a list of expressions, each with "
                "its weight: [(C, 1.0), (D, 3.0)]."
            )
        weighted = [(v.tensors if isinstance(v, Workload) else v, w) for v, w in model]
    return start_tasks(weighted, target, trials, seed, db, resume, **options)


def _is_pair(each: object) -> bool:
    return isinstance(each, Sequence) and not isinstance(each, str) and len(each) == 2
