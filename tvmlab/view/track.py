"""One run as the charts show it: points that each travel once, and how well batches were foreseen.

Everything is kept as far as it was worked out, so that ten thousand trials cost no more at each
refresh than ten.
"""

from __future__ import annotations

from collections import Counter

from tvmlab.analysis.work import Work
from tvmlab.tune.quality import batch_quality
from tvmlab.view.choice_codes import ChoiceCodes
from tvmlab.view.engine import ShownRun, Trial
from tvmlab.view.schema import BatchPoint, Point


class Track:
    """The trials of `run`, which may go on, in the unit of `work`.

    Attributes:
        failures: how many trials failed, by status.
        best: the trial that the run takes for its best, which is the fastest of those whose result
            was found right, had the machine kept its first pace; None before the first.
    """

    def __init__(self, run: ShownRun, work: Work) -> None:
        self.run = run
        self.codes = ChoiceCodes()
        self.failures: Counter[str] = Counter()
        self.best: Trial | None = None
        self.points: list[Point] = []
        self.batches: list[BatchPoint] = []
        self._scale = rate_scale(work)
        self._pairs: dict[int, tuple[float, float] | None] = {}

    def follow(self) -> None:
        """Take in what the run did since."""
        for trial in self.run.trials(len(self.points)):
            self.points.append(self._point(trial))
            self._pairs[trial.number] = _pair(trial)
            if trial.time_s is None:
                self.failures[trial.status] += 1
            elif trial.is_verified and (self.best is None or _rank(trial) < _rank(self.best)):
                self.best = trial
        self._judge()

    def _point(self, trial: Trial) -> Point:
        low, high = trial.interval_s or (None, None)
        return (
            trial.number,
            self.rate(trial.time_s),
            self.rate(high),
            self.rate(low),
            self.rate(trial.predicted_s),
            trial.status,
            round(trial.at_s, 1),
            self.codes.code(trial.choices),
        )

    def rate(self, time_s: float | None) -> float | None:
        """A time as a rate, to four digits."""
        return float(f"{self._scale / time_s:.4g}") if time_s else None

    def _judge(self) -> None:
        """Work out the batches that were measured whole since."""
        size = self.run.batch
        while size:
            batch = len(self.batches)
            numbers = range(batch * size, (batch + 1) * size)
            if not all(number in self._pairs for number in numbers):
                return
            pairs = [pair for n in numbers if (pair := self._pairs.pop(n)) is not None]
            predicted = [predicted_s for predicted_s, _ in pairs]
            found = batch_quality(batch, predicted, [measured_s for _, measured_s in pairs])
            self.batches.append(
                (
                    batch,
                    found.compared,
                    found.distinct,
                    _short(found.spearman),
                    _short(found.kendall),
                    found.top,
                    _short(found.recall),
                    _short(found.regret),
                )
            )


def rate_scale(work: Work) -> float:
    """What a time in seconds divides to give a rate: in GFLOP/s, or in calls a second where nothing
    is computed."""
    return work.flops / 1e9 if work.flops else 1.0


def rate_unit(work: Work) -> str:
    """The unit of rates."""
    return "GFLOP/s" if work.flops else "calls/s"


def _pair(trial: Trial) -> tuple[float, float] | None:
    return (trial.predicted_s, trial.time_s) if trial.predicted_s and trial.time_s else None


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _rank(trial: Trial) -> tuple[float, int]:
    return ((trial.time_s or float("inf")) / trial.slowdown, trial.number)
