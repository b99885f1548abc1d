"""A kernel that never changes, timed beside the candidates: how fast the machine is just now.

Clocks fall with heat and rise with rest, and neighbours come and go; a candidate measured in a slow
hour looks like a slow candidate. The sentinel tells the two apart. It is our own code of the usual
kinds, on as many threads as the candidates run on: some three quarters of its time go to arithmetic
in registers, the rest to a stream through memory. More of that would make it restless where the
outer caches are shared with strangers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tvmlab import te
from tvmlab.measure.timing import Protocol, time_callable
from tvmlab.ops.gpu.unit import UNITS
from tvmlab.schedule.registry import step_from_json
from tvmlab.schedule.state import State
from tvmlab.targets.target import Signature, Target

STEADY = 0.10
"""Two readings this near each other, as a share, found the machine alike: on a shared machine at
rest they vary by half of it."""

ATTEMPTS = 3
"""Times that a candidate is measured where the machine will not keep still."""

STREAMED = 1 << 19
"""Elements that are copied: 2 MiB in, 2 MiB out, beyond the caches of a core."""
COMPUTED, DEGREE = 1 << 19, 32
"""Values of a polynomial and its degree: 34 million flops on 2 MiB."""

READING = Protocol(warmup_s=0.0, min_repeat_s=0.0, min_repeats=12, max_repeats=12)
"""A call to warm up and twelve that count: 3 ms."""

Found = TypeVar("Found")


class Sentinel:
    """The sentinel of one process and target: built once, with arrays of its own."""

    def __init__(self, target: Target) -> None:
        outputs = _outputs()
        steps_of = _bound_steps if target.name in UNITS else _steps
        trace = [*steps_of("copy", "i"), *steps_of("polynomial", "j")]
        steps = [step_from_json(step) for step in trace]
        lowered = target.lower(State.start(outputs).replay(steps).program)
        kernel = target.build(target.emit(lowered), Signature.of(lowered))
        arrays = [np.ones(p.extents, np.float32) for p in kernel.signature.params]
        self._call = kernel.prepare(*arrays)

    def reading_s(self) -> float:
        """Least seconds of a call now: what interrupts some calls is no change of pace."""
        return time_callable(self._call, READING).min_s


def watched(
    measure: Callable[[], Found], reading_s: Callable[[], float], last_s: float
) -> tuple[Found, float, float]:
    """What `measure` found while the machine kept still.

    The machine kept still where readings before and after agree; else it is measured again, up to
    `ATTEMPTS` times.

    Args:
        measure: measures the candidate; its last result is taken.
        reading_s: reads the sentinel.
        last_s: an earlier reading that stands for the one before; 0 where there is none.

    Returns:
        What was found; the sentinel's seconds meanwhile, 0 if the machine never kept still; and the
        last reading.
    """
    before_s = last_s or reading_s()
    for _ in range(ATTEMPTS):
        found = measure()
        after_s = reading_s()
        if agree(before_s, after_s):
            return found, (before_s + after_s) / 2, after_s
        before_s = after_s
    return found, 0.0, after_s


def agree(one_s: float, other_s: float) -> bool:
    """Whether two readings are of a machine in one state."""
    return max(one_s, other_s) <= (1 + STEADY) * min(one_s, other_s)


def _outputs() -> list[te.Tensor]:
    source = te.placeholder((STREAMED,), name="source")
    point = te.placeholder((COMPUTED,), name="point")

    def polynomial(j: Any) -> Any:
        value = point[j]
        for power in range(DEGREE):
            value = value * point[j] + 1.0 / (power + 1)
        return value

    return [
        te.compute((STREAMED,), lambda i: source[i] + 1.0, name="copy"),
        te.compute((COMPUTED,), polynomial, name="polynomial"),
    ]


def _steps(block: str, loop: str) -> list[dict[str, Any]]:
    """Whole vectors, and parts for every thread."""
    return [
        {"step": "split", "block": block, "loop": loop, "factors": [None, 256, 16]},
        {"step": "vectorize", "block": block, "loop": f"{loop}2"},
        {"step": "parallel", "block": block, "loop": f"{loop}0"},
    ]


def _bound_steps(block: str, loop: str) -> list[dict[str, Any]]:
    """An element for each thread, blocks enough for every device."""
    return [
        {"step": "split", "block": block, "loop": loop, "factors": [None, 256]},
        {"step": "bind", "block": block, "loop": f"{loop}o", "thread": "blockIdx.x"},
        {"step": "bind", "block": block, "loop": f"{loop}i", "thread": "threadIdx.x"},
    ]
