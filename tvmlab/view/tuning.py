"""The tuning runs of a lab: the current one, and those looked at beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from string import ascii_uppercase

from tvmlab.analysis.work import Work
from tvmlab.errors import UsageError
from tvmlab.view.engine import RecordedRun, RunFacts, RunState, ShownRun, Trial, TuningRun
from tvmlab.view.model_reasons import explanation_view
from tvmlab.view.run_list import Figures, failure_words, rate_words, run_view
from tvmlab.view.schema import (
    ExplanationView,
    LoopRef,
    RefusalView,
    RunView,
    TrialView,
    TunerView,
)
from tvmlab.view.track import Track, rate_scale, rate_unit
from tvmlab.view.trials import best_words

IDLE = RunState("idle", "", 0, 0.0, None)
ON = ("starting", "running", "paused", "stopping")


class Tuning:
    """The runs of a lab by their ids, which are never used again.

    Attributes:
        run: the current run, if there was one; `live` is its id, or 0.
        tracks: the runs that charts show.
        inspected: the trial looked at closely.
        loading: what is being read, in words.
    """

    def __init__(self, work: Work, why_not: str) -> None:
        self.why_not = why_not
        self.run: TuningRun | None = None
        self.live = 0
        self.tracks: dict[int, Track] = {}
        self.inspected: TrialView | None = None
        self.loading = ""
        self._work = work
        self._recorded: dict[int, RecordedRun] = {}
        self._letters: dict[int, str] = {}
        self._loops: dict[tuple[int, int], dict[str, list[LoopRef]]] = {}
        self._explained: ExplanationView | None = None
        self._ids = count(1)

    @property
    def is_on(self) -> bool:
        """Whether a run is going on, paused included."""
        return self._state().status in ON

    def begin(self, run: TuningRun) -> None:
        """Make `run` the current one."""
        self.tracks.pop(self.live, None)
        self._letters.pop(self.live, None)
        self.run = run
        self.live = next(self._ids)
        self._show(self.live, self.track(run))

    @property
    def learner(self) -> tuple[ShownRun | None, tuple[int, int, bool]]:
        """The current run, whose trials a model may learn from, and how far it is: another figure
        where asking such a model again is worth while."""
        track = self.tracks.get(self.live)
        if track is not None:
            track.follow()
        known = len(track.points) if track is not None else 0
        return self.run, (self.live, known.bit_length(), self.is_on)

    # ---- runs beside it

    def enlist(self, runs: Sequence[RecordedRun]) -> None:
        """Add `runs` to the list; those that are there already, or are the current one, are
        brought up to date."""
        known = {_place(entry.facts): each for each, entry in self._recorded.items()}
        current = _place(self.run.facts) if self.run is not None else None
        for entry in runs:
            place = _place(entry.facts)
            if place != current:
                self._recorded[known.get(place) or next(self._ids)] = entry
        for each, entry in tuple(self._recorded.items()):
            if _place(entry.facts) == current:
                self.hide(each)
                del self._recorded[each]

    def recorded(self, each: int) -> RecordedRun:
        """The run `each` of the list; UsageError where there is none."""
        if each not in self._recorded:
            raise UsageError(f"there is no run {each} in the list; choose one of those listed.")
        return self._recorded[each]

    def track(self, run: ShownRun) -> Track:
        """The trials of `run` up to now, which for thousands takes a second; needs no lock."""
        track = Track(run, self._work)
        track.follow()
        return track

    def show(self, each: int, track: Track) -> None:
        """Show run `each` of the list, which `track` follows, in the charts."""
        self.recorded(each)
        self._show(each, track)

    def hide(self, each: int) -> None:
        """Show run `each` no longer."""
        self.tracks.pop(each, None)
        self._letters.pop(each, None)

    def shown(self, each: int) -> ShownRun:
        """The run `each` of the charts; UsageError where there is none."""
        if each not in self.tracks:
            raise UsageError(f"run {each} is not shown; choose one of those listed.")
        return self.tracks[each].run

    def _show(self, each: int, track: Track) -> None:
        free = [x for x in ascii_uppercase if x not in self._letters.values()]
        if not free:
            raise UsageError(f"{len(ascii_uppercase)} runs are shown; take one away first.")
        self._letters[each] = free[0]
        self.tracks[each] = track

    # ---- what the model goes by

    def paint(self, trial: int, loops: dict[str, list[LoopRef]]) -> None:
        """Know the loops that features speak of in a trial of the current run."""
        self._loops[self.live, trial] = loops

    @property
    def explanation(self) -> ExplanationView | None:
        """What the current run's model goes by; the same object until that changes."""
        said = self.run.explanation if self.run is not None else {}
        if not said:
            return None
        loops = self._loops.get((self.live, said["trial"]), {})
        found = explanation_view(self.live, said, loops)
        if found != self._explained:
            self._explained = found
        return self._explained

    # ---- as plain data

    def _state(self) -> RunState:
        return self.run.state() if self.run is not None else IDLE

    def view(self, refusal: RefusalView | None) -> TunerView:
        """How everything stands."""
        state, track = self._state(), self.tracks.get(self.live)
        if track is not None:
            track.follow()
        best = track.best if track is not None else None
        failures = track.failures if track is not None else Counter[str]()
        is_over = self.run is not None and state.status not in ON
        return {
            "status": state.status,  # type: ignore[typeddict-item]
            "is_available": not self.why_not,
            "reason": state.reason or self.why_not,
            "trials": state.trials,
            "done": len(track.points) if track is not None else 0,
            "failed": failures.total(),
            "failures": failure_words(failures),
            "best": self._best_words(best),
            "best_number": best.number if best is not None else -1,
            "unit": rate_unit(self._work),
            "scale": rate_scale(self._work),
            "elapsed_s": round(state.elapsed_s, 1),
            "eta_s": round(state.eta_s, 1) if state.eta_s is not None else None,
            "device_share": _short(state.device_share),
            "database": self.run.facts.source if self.run is not None else "",
            "can_continue": is_over and track is not None and bool(track.run.facts.source),
            "live": self.live,
            "runs": self._run_views(),
            "loading": self.loading,
            "refusal": refusal,
            "is_read_only": False,
        }

    def _best_words(self, best: Trial | None) -> str:
        """The best trial as a rate and as a time, which is what the status bar says of it."""
        if best is None or not best.time_s:
            return ""
        rate, time = rate_words(best.time_s, self._work), best_words(best.time_s, best.slowdown)
        return f"{rate} ({time})"

    def _run_views(self) -> list[RunView]:
        views = []
        if self.run is not None:
            track = self.tracks[self.live]
            best_s = track.best.time_s if track.best is not None else None
            figures = (len(track.points), track.failures.total(), best_s)
            views.append(self._run_view(self.live, self.run.facts, figures, True))
        for each, entry in reversed(self._recorded.items()):
            figures = (entry.trials, entry.failed, entry.best_s)
            views.append(self._run_view(each, entry.facts, figures, entry.is_of_this))
        return views

    def _run_view(self, each: int, facts: RunFacts, figures: Figures, is_of_this: bool) -> RunView:
        letter, is_shown = self._letters.get(each, ""), each in self.tracks
        is_live = each == self.live
        return run_view(each, facts, figures, self._work, letter, is_live, is_shown, is_of_this)


def _place(facts: RunFacts) -> tuple[str, int]:
    return facts.source, facts.number


def _short(share: float | None) -> float | None:
    return None if share is None else round(share, 2)
