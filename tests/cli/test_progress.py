from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from tvmlab.cli import progress
from tvmlab.cli.progress import Bar, Lines, failures, progress_on
from tvmlab.cli.tune import drift
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.tune.record import Record


def record(number: int, time_s: float | None) -> Record:
    outcome = failure("wrong_answer", "compare", "off by one")
    if time_s is not None:
        outcome = Outcome("ok", "time", times_s=(time_s,), verified=True)
    return Record(number, number, {}, [], None, outcome)


def tuning(*times_s: float | None, restored: int = 0) -> Any:
    """A run of 8 trials after trials of these times; None stands for a failure."""
    trials = [record(n, time_s) for n, time_s in enumerate(times_s)]
    good = [r for r in trials if r.median_s is not None]
    return SimpleNamespace(
        started={"trials": 8, "restored": restored},
        trials=trials,
        best=min(good, key=lambda r: r.median_s or 0.0, default=None),
        drifts=[],
        progress={"trials_per_s": 2.0, "left_s": 3.0, "device_share": 0.256},
    )


def rate(time_s: float) -> str:
    return f"{1 / time_s:.0f} GFLOP/s"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines() -> None:
    assert isinstance(progress_on(Terminal(), rate), Bar)
    assert isinstance(progress_on(io.StringIO(), rate), Lines)


def test_the_bar_shows_how_far_how_long_and_the_best() -> None:
    screen = Terminal()
    bar = progress_on(screen, rate)
    bar.show(SimpleNamespace(started={}))  # type: ignore[arg-type]
    assert screen.getvalue() == ""
    bar.show(tuning(0.1, None, 0.02))
    bar.close(tuning(0.1, None, 0.02, 0.05))
    last = screen.getvalue().split("\r")[-1]
    assert "| 4/8 [" in last
    assert (
        "best 50 GFLOP/s (trial 2), now 20 GFLOP/s, 1 wrong answer, measuring 26 % of the time"
        in last
    )


def test_restored_trials_do_not_count_for_the_pace() -> None:
    bar = Bar(Terminal(), rate)
    bar.show(tuning(0.1, 0.1, 0.1, restored=3))
    assert bar._bar is not None
    assert (bar._bar.initial, bar._bar.n) == (3, 3)


def test_lines_come_at_intervals_and_at_the_end() -> None:
    log, now = io.StringIO(), 0.0
    lines = Lines(log, rate, clock=lambda: now)
    for trials, seconds in ((1, 1.0), (2, 5.5), (3, 6.0), (4, 10.6)):
        now = seconds
        lines.show(tuning(*[0.1] * trials))
    lines.close(tuning(0.1, 0.1, 0.1, 0.1))  # no fifth trial: nothing new to say
    lines.close(tuning(0.1, 0.1, 0.1, 0.1, 0.05))
    ahead = "2 a second, 3 s left, measuring 26 % of the time; best"
    assert log.getvalue().splitlines() == [
        f"2 of 8 trials, {ahead} 10 GFLOP/s (trial 0), now 10 GFLOP/s",
        f"4 of 8 trials, {ahead} 10 GFLOP/s (trial 0), now 10 GFLOP/s",
        f"5 of 8 trials, {ahead} 20 GFLOP/s (trial 4)",
    ]
    assert progress.INTERVAL_S == 5.0


def test_failures_are_counted_by_kind() -> None:
    assert failures(tuning(None, 0.1, None)) == "2 wrong answer"
    assert failures(tuning(0.1)) == ""
    assert progress.words(tuning(None), rate) == "no verified result yet, 1 wrong answer"


def test_a_machine_that_changed_its_pace_is_told() -> None:
    run = tuning(0.1)
    run.drifts = [2.0, 1.25]
    assert progress.words(run, rate) == (
        "best 10 GFLOP/s (trial 0), the machine at 80 % of its first pace"
    )
    [line] = drift(run)
    assert line.startswith(
        "the machine changed its pace 2 times, to 50 % at the slowest and 80 % at the fastest;"
    )
    run.drifts = [1 / 1.83]
    assert drift(run) == [
        "the machine changed its pace once, to 183 % of what it was; "
        "times are brought to the pace of the beginning"
    ]
    run.drifts.append(1.0)
    assert progress.words(run, rate) == "best 10 GFLOP/s (trial 0)"
    assert drift(tuning(0.1)) == []


def test_speeds_are_those_measured_at_whatever_pace() -> None:
    """A trial that took 0.1 s while the machine was twice as slow counts as one of 0.05 s."""
    run = tuning(0.08, 0.05, 0.06)
    slow = [replace(r, outcome=replace(r.outcome, slowdown=2.0)) for r in run.trials[1:]]
    run.trials[1:], run.best, run.drifts = slow, slow[0], [2.0]
    assert progress.words(run, rate) == (
        "best 10 GFLOP/s (trial 1, the machine at 50 % of its first pace), now 8 GFLOP/s, "
        "the machine at 50 % of its first pace"
    )
