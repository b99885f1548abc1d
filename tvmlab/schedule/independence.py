"""The shared requirement of vectorize and parallel: iterations that may run in any order."""

from __future__ import annotations

from tvmlab.analysis.parallelism import conflict
from tvmlab.ir.program import For
from tvmlab.schedule.step import Step


def require_independent(step: Step, loop: For) -> None:
    """Refuse `step` unless the iterations of `loop` are independent.

    Raises:
        ScheduleError: with two iterations that conflict as its witness.
    """
    found = conflict(loop)
    if found is None:
        return
    name = loop.var.name
    if found.why == "reduction":
        raise step.refuse(
            name,
            f"iterations {name}={found.first} and {name}={found.second} "
            f"both add to {found.element} of block {found.block}",
            f"{step.name} a spatial loop instead",
        )
    raise step.refuse(
        name,
        f"cannot prove its iterations independent: block {found.block} writes {found.element}, "
        "which another block uses",
        "choose a loop around one block",
    )
