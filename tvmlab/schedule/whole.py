"""The shared requirement of steps that run a block for its whole domain anew."""

from __future__ import annotations

from tvmlab.arith import bounds
from tvmlab.schedule.find import Site, ranges_of
from tvmlab.schedule.step import Step


def require_whole(step: Step, site: Site) -> None:
    """Refuse `step` unless the loops of a block run it for all values of its variables.

    A nest that was cut to what its readers need runs it for some, and what it would read for the
    others may never have been written.

    Raises:
        ScheduleError: naming the variable.
    """
    step.require_domain(site.block)
    ranges = ranges_of(site.loops)
    for it, binding in zip(site.block.iters, site.block.bindings, strict=True):
        low, high = bounds(binding, ranges)
        if low > 0 or not isinstance(it.extent, int) or high < it.extent - 1:
            raise step.refuse(
                "",
                f"cannot prove that {site.block.name} runs for all values of {it.var.name}",
                f"{step.name} before the nest is cut to what is needed of it",
            )
