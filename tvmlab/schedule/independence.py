"""The shared requirement of vectorize and parallel: iterations that may run in any order."""

from __future__ import annotations

from collections.abc import Iterable

from tvmlab.analysis.parallelism import conflict
from tvmlab.ir.program import For, Program
from tvmlab.schedule.step import Step


def require_independent(step: Step, program: Program, loop: For, around: Iterable[For]) -> None:
    """Refuse `step` unless the iterations of `loop`, one of `around` the block, are independent.

    Raises:
        ScheduleError: with two iterations that conflict as its witness.
    """
    found = conflict(program, loop)
    if found is None:
        return
    name = loop.var.name
    free = [other.var.name for other in around if conflict(program, other) is None]
    instead = f"choose an independent loop: {', '.join(free)}" if free else "keep the loop serial"
    if found.why == "reduction":
        raise step.refuse(
            name,
            f"iterations {name}={found.first} and {name}={found.second} "
            f"both add to {found.element} of block {found.block}",
            instead,
        )
    if found.why == "repetition":
        raise step.refuse(
            name,
            f"several iterations of {name} compute the same elements of {found.element}",
            instead,
        )
    if found.why == "meeting":
        raise step.refuse(
            name,
            f"iterations {name}={found.first} and {name}={found.second} both touch "
            f"{found.element}, which block {found.block} writes",
            instead,
        )
    raise step.refuse(
        name,
        f"cannot prove its iterations independent: block {found.block} writes {found.element}, "
        "which another block uses",
        instead,
    )
