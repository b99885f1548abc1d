"""Tuning runs: begun, held, ended, compared, and their trials opened as schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.ir.printer import print_program
from tvmlab.schedule import State
from tvmlab.view.arguments import as_count, as_position, as_text
from tvmlab.view.contributions import trial_contributions
from tvmlab.view.desk import Desk
from tvmlab.view.engine import TuningRun
from tvmlab.view.inspection import failed_view, logged_view, trial_view
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import TrialView, TunerView
from tvmlab.view.timeline import replayed
from tvmlab.view.tuning_news import Message, Sent, news


class TunerPart(Part):
    """Shows a `TunerView`; points, batches and single trials travel as messages."""

    name = "tuner"
    slow = frozenset(
        {"tune_list", "tune_load", "tune_show", "tune_paint", "tune_code", "tune_contributions"}
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tuning = desk.tuning

    def view(self) -> TunerView:
        """How the runs stand."""
        return self._tuning.view(self.desk.refusal("tuner"))

    def news(self, sent: Sent) -> list[Message]:
        """What a screen that has `sent` lacks."""
        return news(self._tuning, sent)

    def attach(self, begin: Callable[[Callable[[], None]], TuningRun]) -> None:
        """Show a run begun elsewhere: `begin` makes it of what it calls when it moved on."""
        self._tuning.begin(begin(self._moved_on))

    @property
    def run(self) -> TuningRun | None:
        """The run in front."""
        return self._tuning.run

    def close(self) -> None:
        """End the run; what it measured is kept."""
        if self._tuning.run is not None and self._tuning.is_on:
            self._tuning.run.stop()

    def intents(self) -> Mapping[str, Handler]:
        """The run's buttons, the list of runs, and looking at candidates."""
        return {
            "tune_start": self._start,
            "tune_pause": self._pause,
            "tune_resume": self._resume,
            "tune_stop": self._stop,
            "tune_continue": self._continue,
            "tune_list": self._list,
            "tune_load": self._load,
            "tune_show": self._show,
            "tune_hide": self._hide,
            "tune_paint": self._paint,
            "tune_inspect": self._inspect,
            "tune_code": self._code,
            "tune_contributions": self._contributions,
            "open_candidate": self._open,
        }

    def _moved_on(self) -> None:
        self.desk.changed("tuning")

    # ---- the current run

    def _start(self, intent: Intent) -> None:
        if self._tuning.why_not:
            raise UsageError(self._tuning.why_not)
        self._refuse_two()
        trials = as_count(intent, "trials")
        self._tuning.begin(self.desk.engine.tune(self.desk.state, trials, self._moved_on))

    def _continue(self, intent: Intent) -> None:
        self._refuse_two()
        run, more = self._current(), as_count(intent, "trials")
        self._tuning.begin(run.extended(len(run.trials(0)) + more, self._moved_on))

    def _refuse_two(self) -> None:
        if self._tuning.is_on:
            raise UsageError("a tuning run is on already; stop it before starting another.")

    def _current(self) -> TuningRun:
        if self._tuning.run is None:
            raise UsageError("there is no tuning run yet; start one first.")
        return self._tuning.run

    def _pause(self, intent: Intent) -> None:
        self._current().pause()

    def _resume(self, intent: Intent) -> None:
        self._current().resume()

    def _stop(self, intent: Intent) -> None:
        self._current().stop()

    # ---- runs beside it

    def _list(self, intent: Intent) -> None:
        self._read("", "the runs of this folder")

    def _load(self, intent: Intent) -> None:
        place = as_text(intent, "path").strip()
        if not place:
            raise UsageError("no file was named; give the path of a database or a tuning log.")
        self._read(place, place)

    def _read(self, place: str, words: str) -> None:
        desk = self.desk
        with desk.lock:
            desk.refusing = None
            self._tuning.loading = words
            start = desk.start.first
        desk.changed()
        try:
            runs = desk.engine.recorded_runs(start, place)
            with desk.lock:
                self._tuning.enlist(runs)
        finally:
            with desk.lock:
                self._tuning.loading = ""

    def _show(self, intent: Intent) -> None:
        each = as_position(intent, "run")
        with self.desk.lock:
            entry = self._tuning.recorded(each)
        track = self._tuning.track(entry.open())
        with self.desk.lock:
            self._tuning.show(each, track)

    def _hide(self, intent: Intent) -> None:
        self._tuning.hide(as_position(intent, "run"))

    # ---- candidates

    def _paint(self, intent: Intent) -> None:
        with self.desk.lock:
            run, explanation = self._tuning.run, self._tuning.explanation
        if run is None or explanation is None:
            return
        names = [reason["name"] for reason in explanation["reasons"]]
        loops = run.loops_of(explanation["trial"], names)
        with self.desk.lock:
            if self._tuning.run is run:
                found = {name: list(refs) for name, refs in loops.items()}
                self._tuning.paint(explanation["trial"], found)

    def _chosen(self, intent: Intent) -> tuple[int, int]:
        """The run and the trial that are meant; without a run, the current one."""
        run = as_position(intent, "run") if "run" in intent else self._tuning.live
        if not run:
            raise UsageError("there is no tuning run to open a trial of; start one first.")
        return run, as_position(intent, "number")

    def _candidate(self, run: int, number: int) -> State:
        steps = self._tuning.shown(run).steps(number)
        return replayed(self.desk.start.first, steps)

    def _inspect(self, intent: Intent) -> None:
        run, number = self._chosen(intent)
        try:
            told = self._tuning.shown(run).told(number)
            if told is not None:
                self._tuning.inspected = logged_view(run, number, told)
                return
            state = self._candidate(run, number)
        except TvmlabError as error:
            self._tuning.inspected = failed_view(run, number, str(error))
        else:
            self._tuning.inspected = trial_view(run, number, state, self.desk.state)

    def _code(self, intent: Intent) -> None:
        with self.desk.lock:
            run, number = self._chosen(intent)
            state = self._candidate(run, number)
        try:
            text = "\n".join(line for line, _ in self.desk.engine.code(state, "asm"))
        except TvmlabError as error:
            text = str(error)
        with self.desk.lock:
            seen = self._seen(run, number)
            if seen is not None:
                self._tuning.inspected = {**seen, "code": text}

    def _seen(self, run: int, number: int) -> TrialView | None:
        """The trial looked at, if it is this one still."""
        seen = self._tuning.inspected
        is_it = seen is not None and (seen["run"], seen["number"]) == (run, number)
        return seen if is_it else None

    def _contributions(self, intent: Intent) -> None:
        """What each feature adds to what the run's model makes of a trial."""
        with self.desk.lock:
            each, number = self._chosen(intent)
            run = self._tuning.shown(each)
            lines = print_program(self._candidate(each, number).program).lines
        view, marks = trial_contributions(run, number, lines)
        with self.desk.lock:
            seen = self._seen(each, number)
            if seen is not None:
                self._tuning.inspected = {**seen, "contributions": view, "marks": marks}

    def _open(self, intent: Intent) -> None:
        run, number = self._chosen(intent)
        notice = f"This is trial {number} of the tuning run."
        self.desk.show(self._candidate(run, number), notice=notice)
