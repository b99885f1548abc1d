"""The shared requirement of vectorize and parallel: iterations that may run in any order."""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.analysis.conflicts import Conflict, Unknown
from tvmlab.analysis.parallelism import conflict
from tvmlab.ir.program import For, Program
from tvmlab.schedule.find import find_site
from tvmlab.schedule.step import Step


def require_independent(step: Step, program: Program, loop: For, around: Sequence[For]) -> None:
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
    if isinstance(found, Conflict) and found.why == "reduction":
        instead = f"{instead}; or rfactor {name} first"
    raise step.refuse(name, said(found, [loop]), instead)


def said(found: Conflict | Unknown, loops: Sequence[For]) -> str:
    """Why two iterations of `loops` must keep their order, in one sentence."""
    if isinstance(found, Unknown):
        shares = (
            f"{found.block} and {found.other} share"
            if found.block != found.other
            else f"{found.block} uses"
        )
        return f"cannot prove its iterations independent: {shares} {found.buffer}"
    if found.first == found.second:
        return f"its only iteration folds into {found.element} of block {found.block}"
    first, second = (
        ", ".join(f"{o.var.name}={v}" for o, v in zip(loops, values, strict=True))
        for values in (found.first, found.second)
    )
    both = f"iterations {first} and {second} both"
    if found.why == "reduction":
        return f"{both} add to {found.element} of block {found.block}"
    if found.why == "repetition":
        return f"{both} compute {found.element} of block {found.block}"
    return f"{both} touch {found.element}, in blocks {found.block} and {found.other}"


def require_still_independent(step: Step, after: Program, block: str) -> None:
    """Refuse `step` if what it makes, `after`, hands `block` to iterations that run at once and
    are no longer independent.

    Raises:
        ScheduleError: with two iterations that conflict as its witness.
    """
    site = find_site(after, block)
    assert site is not None, "the block is still there"
    for loop in site.loops:
        if loop.kind in ("parallel", "vectorized", "bound"):
            found = conflict(after, loop)
            if found is not None:
                name = loop.var.name
                raise step.refuse(
                    name,
                    f"{name} is {loop.kind}, and {said(found, [loop])}",
                    f"choose a loop outside {name}, or {step.name} before {name} is annotated",
                )
