"""Our kernel with its weights laid out before: a schedule cut into what is done once and the rest.

Other libraries are given the weights of a layer beforehand and may lay them out outside the timing.
So may we: what a schedule makes of weights alone, as the copies of `cache_read`, becomes a kernel
of its own that runs once. The library's workloads declare no constants, so what is a weight is
said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peers.call import Array, has_weights

from tvmlab import targets
from tvmlab.analysis.constant_part import halves
from tvmlab.api import Schedule
from tvmlab.ir.arrays import empty
from tvmlab.ir.program import Program
from tvmlab.lower.pipeline import lower
from tvmlab.ops import Workload
from tvmlab.targets.target import Kernel, Signature

WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "matmul": (1,),
    "narrow_matmul": (1,),
    "conv2d": (1,),
    "conv2d_bias_relu": (1, 2),
    "depthwise_conv2d": (1,),
    "depthwise_bn_relu": (1, 2, 3),
    "dense": (1, 2),
    "lstm": (1,),
    "gru": (1,),
}
"""Which inputs stay the same from call to call, by operator."""


def weights_of(workload: Workload) -> tuple[int, ...]:
    """The places of the workload's weights among its inputs."""
    if workload.name == "matmul" and not has_weights(workload):
        return ()
    return WEIGHTS.get(workload.name, ())


def with_packing(config: Mapping[str, Any], options: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """A configuration that lays the weights out, where that is a choice: it costs nothing now."""
    found = dict(config)
    if found.get("pack") == "none" and "right" in options["pack"]:
        found["pack"] = "right"
    if "weights" in found:
        found["weights"] = "first"
    return found


def prepared(
    schedule: Schedule, workload: Workload, arrays: Sequence[Array]
) -> tuple[Kernel, list[Array]] | None:
    """A kernel whose weights are laid out, and the arrays it takes but for its output.

    None where the schedule does nothing to its weights alone.
    """
    program = schedule.mod
    parts = halves(program, [program.params[n] for n in weights_of(workload)])
    if parts is None:
        return None
    given = dict(zip(program.params, arrays, strict=False))
    kept = {b: empty(b.extents, b.dtype) for b in parts.kept}
    weights = parts.once.params[: -len(kept)]
    kernel_of(parts.once)(*(given[b] for b in weights), *kept.values())
    given |= kept
    return kernel_of(parts.rest), [given[b] for b in parts.rest.params[: -parts.rest.outputs]]


def kernel_of(program: Program) -> Kernel:
    """The compiled kernel of a scheduled program."""
    machine = targets.get("cpu")
    lowered = lower(program)
    return machine.build(machine.emit(lowered), Signature.of(lowered))
