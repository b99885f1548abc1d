"""What a log tells of a run, whoever wrote it: enough to draw it and to compare it with others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from tvmlab.tune.logs.lines import Complaint

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class LoggedTrial:
    """One trial.

    Attributes:
        number: its place in the run, from 0.
        times_s: seconds a call took, one for each repeat; empty for a failure.
        failure: what went wrong, in the writer's own terms; empty where nothing did.
        choices: the decisions, by name.
        at: seconds since 1970 when it was measured; None where the log does not say.
    """

    number: int
    times_s: tuple[float, ...]
    failure: str
    choices: Mapping[str, Any]
    at: float | None = None

    @property
    def median_s(self) -> float | None:
        """Median seconds of a call; None for a failure."""
        return median(self.times_s) if self.times_s else None


@dataclass
class LoggedRun:
    """The trials of one task on one target, in the order of the log.

    Attributes:
        source: the program that wrote them.
        title: the task and its arguments.
        target: as the writer names it.
    """

    source: str
    title: str
    target: str
    trials: list[LoggedTrial] = field(default_factory=list)

    @property
    def best(self) -> LoggedTrial | None:
        """The trial with the least median time."""
        good = [t for t in self.trials if t.times_s]
        return min(good, key=lambda t: median(t.times_s), default=None)

    def add(
        self, times_s: tuple[float, ...], failure: str, choices: Mapping[str, Any], at: float | None
    ) -> None:
        """Append the next trial."""
        self.trials.append(LoggedTrial(len(self.trials), times_s, failure, choices, at))

    def table(self) -> pandas.DataFrame:
        """The trials as a DataFrame, indexed by `number`: median_s and min_s in seconds (NaN for a
        failure), failure, at, and one column for each decision, named `choice <name>`."""
        # Half a second to import, and most logs are only summed up.
        import pandas

        rows = [
            {
                "number": t.number,
                "median_s": t.median_s,
                "min_s": min(t.times_s, default=None),
                "failure": t.failure,
                "at": t.at,
                **{f"choice {name}": value for name, value in t.choices.items()},
            }
            for t in self.trials
        ]
        columns = None if rows else ["number", "median_s", "min_s", "failure", "at"]
        frame = pandas.DataFrame(rows, columns=columns).set_index("number")
        return frame.astype(dict.fromkeys(("median_s", "min_s", "at"), float))


@dataclass
class Log:
    """A file's runs, in order of first appearance, and the lines that were left out and why."""

    runs: list[LoggedRun] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [_said(run) for run in self.runs] or ["no runs"]
        if self.complaints:
            lines.append(f"{len(self.complaints)} line(s) left out")
        return "\n".join(lines)


def _said(run: LoggedRun) -> str:
    """A run in one line."""
    failed = sum(bool(t.failure) for t in run.trials)
    best = run.best
    found = "nothing ran" if best is None else f"best {(best.median_s or 0) * 1e6:.4g} us"
    return (
        f"{run.title} on {run.target} ({run.source}): {len(run.trials)} trials, {failed} failed, "
        f"{found}" + (f" at trial {best.number}" if best is not None else "")
    )
