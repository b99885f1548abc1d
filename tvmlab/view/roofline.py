"""The roofline of a workload on this machine, with the measured states of a schedule as a trail.

S. Williams, A. Waterman, D. Patterson, *Roofline: an insightful visual performance model for
multicore architectures*, CACM 52(4), 2009. Every ceiling was measured on this machine. The
intensity counts inputs and outputs once, as runs after the first find in a cache what fits there:
so the memory that counts is the nearest that holds them all.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.analysis.work import Work
from tvmlab.ir.program import For
from tvmlab.ir.walk import stmts
from tvmlab.measure.figures import figure
from tvmlab.schedule import State
from tvmlab.view.engine import Ceiling, Peaks
from tvmlab.view.results import Result
from tvmlab.view.schema import CeilingView, RooflineView, TrailPoint

GIGA = 1e9


class Roofline:
    """The ceilings for `work` on a machine of these `peaks`."""

    def __init__(self, work: Work, peaks: Peaks) -> None:
        self._work = work
        self._ceilings = [
            c for c in peaks.ceilings if work.flops or c.holds_bytes is not None
        ]  # fmt: skip
        self.intensity = work.flops / work.size_bytes if work.size_bytes else 0.0
        self.unit = "GFLOP/s" if work.flops else "GB/s"

    def allows(self, ceiling: Ceiling) -> float:
        """What a ceiling allows the workload, in `unit`."""
        bytes_count = ceiling.holds_bytes is not None and self._work.flops
        return ceiling.rate / GIGA * (self.intensity if bytes_count else 1.0)

    def lowest(self, threads: int) -> Ceiling:
        """The ceiling of a program on `threads` threads that has all data as near as they fit."""
        mine = [c for c in self._ceilings if c.threads == threads and not c.is_scalar]
        memories = [c for c in mine if (c.holds_bytes or 0.0) >= self._work.size_bytes]
        nearest = min(memories, key=lambda c: c.holds_bytes or 0.0)
        return min([nearest, *(c for c in mine if c.holds_bytes is None)], key=self.allows)

    def view(self, trail: Sequence[Result], current: State) -> RooflineView:
        """As plain data; `trail` are the results of the schedule in the order of its steps."""
        most = max(c.threads for c in self._ceilings)
        roof = self.lowest(most)
        binding = self.lowest(most if _is_parallel(current) else 1)
        points = [self._point(result, current, roof) for result in trail]
        return {
            "unit": self.unit,  # type: ignore[typeddict-item]
            "intensity": self.intensity,
            "ceilings": [self._ceiling(c, roof, binding) for c in self._ceilings],
            "points": points,
            "words": self._words(points, roof, binding),
        }

    def rate(self, time_s: float) -> float:
        """The rate of a call that takes `time_s`, in `unit`."""
        amount = self._work.flops or self._work.size_bytes
        return amount / time_s / GIGA if time_s else 0.0

    def _ceiling(self, ceiling: Ceiling, roof: Ceiling, binding: Ceiling) -> CeilingView:
        return {
            "name": ceiling.name,
            "threads": ceiling.threads,
            "kind": "arithmetic" if ceiling.holds_bytes is None else "memory",
            "rate": ceiling.rate / GIGA,
            "allows": self.allows(ceiling),
            "role": "binding" if ceiling is binding else "roof" if ceiling is roof else "",
        }

    def _point(self, result: Result, current: State, roof: Ceiling) -> TrailPoint:
        low_s, high_s, _ = result.interval
        rate = self.rate(result.outcome.median_s or 0.0)
        return {
            "number": result.number,
            "steps": result.state.depth,
            "label": result.state.line or "no step",
            "rate": rate,
            "low": self.rate(high_s),
            "high": self.rate(low_s),
            "share": rate / self.allows(roof),
            "is_current": result.state is current,
        }

    def _words(self, points: Sequence[TrailPoint], roof: Ceiling, binding: Ceiling) -> list[str]:
        at = (
            f"At {figure(self.intensity)} operations a byte" if self._work.flops else "To move data"
        )
        words = [f"{at} the roof is {self._named(roof)}: {figure(self.allows(roof))} {self.unit}."]
        here = next((p for p in points if p["is_current"]), None)
        if here is None:
            words.append("The program shown has not been measured yet.")
        else:
            words.append(f"The program shown reaches {100 * here['share']:.1f} % of it.")
        if binding is not roof:
            share = ""
            if here is not None:
                share = f", of which it has {100 * here['rate'] / self.allows(binding):.1f} %"
            words.append(
                f"No loop of it is parallel, so {self._named(binding)} binds it: "
                f"{figure(self.allows(binding))} {self.unit}{share}."
            )
        scalar = next((c for c in self._ceilings if c.is_scalar and c.threads == 1), None)
        if here is not None and scalar is not None and here["rate"] < self.allows(scalar):
            words.append(
                f"One thread does more without vectors: {figure(self.allows(scalar))} {self.unit}."
            )
        if len(points) > 1:
            gain = points[-1]["rate"] / points[0]["rate"]
            first, last = points[0]["steps"], points[-1]["steps"]
            words.append(
                f"From step {first} to step {last} the rate grew {figure(gain)} times."
                if gain >= 1
                else f"From step {first} to step {last} the rate fell to {100 * gain:.1f} %."
            )
        return words

    def _named(self, ceiling: Ceiling) -> str:
        threads = "one thread" if ceiling.threads == 1 else f"{ceiling.threads} threads"
        if ceiling.holds_bytes is None:
            return f"{ceiling.name} arithmetic on {threads}"
        return f"reading {ceiling.name} on {threads}"


def _is_parallel(state: State) -> bool:
    return any(isinstance(s, For) and s.kind == "parallel" for s in stmts(state.program.body))
