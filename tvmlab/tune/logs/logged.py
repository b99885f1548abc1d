"""What a log tells of a run, whoever wrote it: enough to draw it and to compare it with others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tvmlab.measure.canonical import canonical
from tvmlab.tune.logs.lines import Complaint
from tvmlab.tune.logs.parquet import write_parquet

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
        line: that of the log, from 1; 0 where it is from no log.
    """

    number: int
    times_s: tuple[float, ...]
    failure: str
    choices: Mapping[str, Any]
    at: float | None = None
    line: int = field(default=0, compare=False)

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
        self,
        times_s: tuple[float, ...],
        failure: str,
        choices: Mapping[str, Any],
        at: float | None,
        line: int = 0,
    ) -> None:
        """Append the next trial."""
        self.trials.append(LoggedTrial(len(self.trials), times_s, failure, choices, at, line))

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

    def columns(self) -> dict[str, list[Any]]:
        """All trials of all runs, one entry each.

        run (the position in `runs`), source, title, target, number, median_s (None for a failure)
        and times_s in seconds, failure, choices (as JSON), and at (seconds since 1970, or None).
        """
        every = [(n, run, trial) for n, run in enumerate(self.runs) for trial in run.trials]
        return {
            "run": [n for n, _, _ in every],
            "source": [run.source for _, run, _ in every],
            "title": [run.title for _, run, _ in every],
            "target": [run.target for _, run, _ in every],
            "number": [trial.number for _, _, trial in every],
            "median_s": [trial.median_s for _, _, trial in every],
            "times_s": [list(trial.times_s) for _, _, trial in every],
            "failure": [trial.failure for _, _, trial in every],
            "choices": [canonical(trial.choices) for _, _, trial in every],
            "at": [trial.at for _, _, trial in every],
        }

    def table(self) -> pandas.DataFrame:
        """`columns` as a DataFrame: every trial of every run. `LoggedRun.table` has a column for
        each of one run's choices."""
        # Half a second to import, and most logs are only summed up.
        import pandas

        frame = pandas.DataFrame(self.columns())
        return frame.astype({"median_s": float, "at": float})

    def to_parquet(self, path: str | Path) -> int:
        """Write `columns` to a Parquet file; how many trials. Needs the extra `tvmlab[parquet]`.

        Raises:
            UsageError: pyarrow is not installed, or the file cannot be written.
        """
        columns = self.columns()
        write_parquet(columns, Path(path))
        return len(columns["run"])

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
