"""How a tuning run is going: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol, TextIO

from tqdm import tqdm

from tvmlab.tune.record import Record
from tvmlab.tune.run import Run

INTERVAL_S = 5.0
"""Seconds between two lines where there is no terminal."""

Rate = Callable[[float], str]
"""A time in seconds as a speed in words."""


class Progress(Protocol):
    """Shows a run; `show` may be called as often as one likes."""

    def show(self, run: Run) -> None:
        """Show how the run stands now."""

    def close(self, run: Run) -> None:
        """Show how it ended, and show nothing more."""


def progress_on(stream: TextIO, rate: Rate) -> Progress:
    """The progress that suits `stream`."""
    return Bar(stream, rate) if stream.isatty() else Lines(stream, rate)


class Bar:
    """tqdm's bar, with the time left, the best so far and the failures."""

    def __init__(self, stream: TextIO, rate: Rate) -> None:
        self._stream = stream
        self._rate = rate
        self._bar: tqdm | None = None

    def show(self, run: Run) -> None:
        """Draw the bar anew; it appears when the run has said how long it is."""
        if not run.started:
            return
        done = len(run.trials)
        if self._bar is None:
            self._bar = tqdm(
                total=run.started["trials"],
                initial=run.started["restored"],  # they took no time now, so no share in the pace
                unit="trial",
                file=self._stream,
                dynamic_ncols=True,
                smoothing=0.1,
            )
        said = ", ".join([words(run, self._rate), *measuring(run)])
        self._bar.set_postfix_str(said, refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()

    def close(self, run: Run) -> None:
        """Leave the finished bar on the screen."""
        self.show(run)
        if self._bar is not None:
            self._bar.close()


class Lines:
    """A line every `INTERVAL_S` seconds, for logs and pipes."""

    def __init__(
        self, stream: TextIO, rate: Rate, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._rate = rate
        self._clock = clock
        self._next_s = clock() + INTERVAL_S
        self._shown = -1

    def show(self, run: Run) -> None:
        """Print a line if it is time for one."""
        if run.started and self._clock() >= self._next_s:
            self._next_s = self._clock() + INTERVAL_S
            self._print(run)

    def close(self, run: Run) -> None:
        """Print the last line, unless it was the last one printed."""
        if run.started and len(run.trials) != self._shown:
            self._print(run)

    def _print(self, run: Run) -> None:
        self._shown = len(run.trials)
        parts = [f"{self._shown} of {run.started['trials']} trials"]
        pace, left_s = run.progress.get("trials_per_s"), run.progress.get("left_s")
        if pace:
            parts.append(f"{pace:.2g} a second")
        if left_s:
            parts.append(f"{left_s:.0f} s left")
        parts += measuring(run)
        print("; ".join([", ".join(parts), words(run, self._rate)]), file=self._stream, flush=True)


def measuring(run: Run) -> list[str]:
    """The share of the time in which the device measures, once it is known."""
    share = run.progress.get("device_share")
    return [] if share is None else [f"measuring {100 * share:.0f} % of the time"]


def words(run: Run, rate: Rate) -> str:
    """The best verified so far, the latest, failures by kind, the machine's pace if it changed."""
    best = run.best
    found = "no verified result yet"
    if best is not None and best.median_s:
        trial = ", ".join([f"trial {best.number}", *_pace(best.outcome.slowdown)])
        found = f"best {_speed(best, rate)} ({trial})"
    last = next((r for r in reversed(list(run.trials)) if r.median_s), None)
    now = f"now {_speed(last, rate)}" if last is not best and last else ""
    pace = _pace(run.drifts[-1]) if run.drifts else []
    return ", ".join(part for part in (found, now, failures(run), *pace) if part)


def _speed(record: Record, rate: Rate) -> str:
    """As it was measured: times at the first pace are estimates, to rank by."""
    return rate(record.outcome.as_measured.median_s or 0.0)


def _pace(slowdown: float) -> list[str]:
    return [] if slowdown == 1 else [f"the machine at {100 * 1 / slowdown:.0f} % of its first pace"]


def failures(run: Run) -> str:
    """The kinds of failure with their counts, the commonest first; empty where there are none."""
    kinds = Counter(r.outcome.status for r in list(run.trials) if not r.outcome.is_ok)
    return ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in kinds.most_common())
