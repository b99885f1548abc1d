"""What became of one candidate. A failure is data: a status, a stage and a reason.

A candidate passes through the stages in order. `Outcome.stage` is the last one it reached, so a
failure says both what went wrong (`status`) and where (`stage`), and no number stands for an error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from statistics import median
from typing import Any

from tvmlab.errors import MeasureError
from tvmlab.measure.timing import spread

STATUSES = (
    "ok",
    "illegal",  # the trace was refused by the workload's program
    "build_error",  # lowering, emission or compilation failed
    "launch_error",  # the kernel could not be called, or memory did not suffice
    "timeout",  # a stage took longer than its limit
    "crash",  # the process died: a signal or an early exit
    "wrong_answer",  # the result differs from the reference
    "implausible",  # faster than the machine can be
)
"""Every way a candidate can end, the only good one first."""

STAGES = ("submit", "replay", "lower", "build", "prepare", "run", "compare", "time")
"""Where a candidate can be, in order; `time` is where a good one ends."""


@dataclass(frozen=True)
class Outcome:
    """The end of one candidate.

    Attributes:
        status: one of `STATUSES`.
        stage: the last stage reached, one of `STAGES`.
        reason: one sentence that says why; empty when all is well.
        times_s: seconds a call took, one per repeat; empty unless timing took place.
        build_s: seconds from the trace to the built kernel.
        total_s: seconds from the start of the job to its end, waiting for the device left out.
        verified: whether the result was compared with the reference and agreed.
        sentinel_s: seconds a call of the sentinel took beside it, which tell how fast the machine
            was then; 0 where none was timed or the machine did not keep still.
        device_s: seconds for which it held the device; only known when just measured.
        device: the name of the device it held, where there is more than one.
        slowdown: what `times_s` were divided by to bring them to a run's first pace (see
            `tvmlab.measure.drift`); only known when just measured.
        counters: what the processor counted during a call, by name; so too, and empty where it was
            not asked or cannot count.
    """

    status: str
    stage: str
    reason: str = ""
    times_s: tuple[float, ...] = field(default=())
    build_s: float = 0.0
    total_s: float = 0.0
    verified: bool = False
    sentinel_s: float = 0.0
    device_s: float = field(default=0.0, compare=False)
    device: str = field(default="", compare=False)
    slowdown: float = field(default=1.0, compare=False)
    counters: Mapping[str, float] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise MeasureError(
                f"an outcome has the status {self.status!r}, which is not one of "
                f"{', '.join(STATUSES)}; check who wrote it."
            )
        if self.stage not in STAGES:
            raise MeasureError(
                f"an outcome has the stage {self.stage!r}, which is not one of "
                f"{', '.join(STAGES)}; check who wrote it."
            )
        if self.status == "ok" and not self.times_s:
            raise MeasureError("an outcome is ok but holds no time; measure it again.")

    @property
    def is_ok(self) -> bool:
        """Whether the candidate was built, ran and was timed without objection."""
        return self.status == "ok"

    @property
    def median_s(self) -> float | None:
        """Median seconds of a call, None where nothing was timed."""
        return median(self.times_s) if self.times_s else None

    @property
    def min_s(self) -> float | None:
        """Least seconds of a call, None where nothing was timed."""
        return min(self.times_s) if self.times_s else None

    @property
    def spread(self) -> float | None:
        """(90th - 10th percentile) / median of the repeats, None where nothing was timed."""
        return spread(self.times_s) if self.times_s else None

    @property
    def as_measured(self) -> Outcome:
        """This outcome with the times that were measured, at whatever pace the machine had."""
        times_s = tuple(t * self.slowdown for t in self.times_s)
        return replace(self, times_s=times_s, slowdown=1.0)

    def to_json(self) -> dict[str, Any]:
        """This outcome as plain data; `from_json` gives it back."""
        data = asdict(self) | {"times_s": list(self.times_s)}
        # Left out where nothing was read: earlier versions do not know them.
        nothing = {
            "sentinel_s": 0.0,
            "device_s": 0.0,
            "device": "",
            "slowdown": 1.0,
            "counters": {},
        }
        return {k: v for k, v in data.items() if k not in nothing or v != nothing[k]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """The outcome that `to_json` wrote; MeasureError where the data is of another form."""
        unknown = set(data) - {f.name for f in fields(cls)}
        if unknown:
            raise MeasureError(
                f"an outcome has the field {min(unknown)!r}, which this version does not know; "
                "read it with the version that wrote it."
            )
        try:
            return cls(
                status=data["status"],
                stage=data["stage"],
                reason=str(data.get("reason", "")),
                times_s=tuple(_duration(t) for t in data.get("times_s", ())),
                build_s=_duration(data.get("build_s", 0.0)),
                total_s=_duration(data.get("total_s", 0.0)),
                verified=bool(data.get("verified", False)),
                sentinel_s=_duration(data.get("sentinel_s", 0.0)),
                device_s=_duration(data.get("device_s", 0.0)),
                device=str(data.get("device", "")),
                slowdown=_duration(data.get("slowdown", 1.0)),
                counters={str(k): _duration(v) for k, v in data.get("counters", {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MeasureError(
                f"an outcome cannot be read ({error!r}); give one that `to_json` wrote."
            ) from error


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Several measurements of one candidate as one: the first that failed, or all times in order.

    Args:
        outcomes: at least one.
    """
    bad = next((o for o in outcomes if not o.is_ok), None)
    if bad is not None:
        return bad
    times_s = tuple(t for o in outcomes for t in o.times_s)
    total_s = sum(o.total_s for o in outcomes)
    is_verified = all(o.verified for o in outcomes)
    return replace(outcomes[0], times_s=times_s, total_s=total_s, verified=is_verified)


def failure(status: str, stage: str, reason: str, total_s: float = 0.0) -> Outcome:
    """A failed candidate: what went wrong, where, and one sentence of why."""
    return Outcome(status, stage, reason=reason, total_s=total_s)


def _duration(value: Any) -> float:
    seconds = float(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{seconds} is not a duration in seconds")
    return seconds
