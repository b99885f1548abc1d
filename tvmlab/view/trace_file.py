"""A file of a trace as the program after each of its steps, without a lab around it."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from tvmlab.analysis.work import Work, work_of
from tvmlab.errors import ScheduleError, TraceError, UsageError
from tvmlab.schedule import State, parse_document, step_from_json
from tvmlab.te.serial import from_json
from tvmlab.tune.contributions import features_of
from tvmlab.view.contributions import NOTHING, contributions_view
from tvmlab.view.moves import refusal_view
from tvmlab.view.overlays import KINDS, overlay_marks
from tvmlab.view.parts.program import workload_words
from tvmlab.view.program import ProgramLines, gone_views
from tvmlab.view.schema import ProgramView, RefusalView


class StepView(TypedDict):
    """A step of the file as Python, and in sentences what it made slow."""

    text: str
    cautions: list[str]


class TraceFileView(TypedDict):
    """The program after `position` steps. A step that is refused ends the list, with the reason.

    `edition` is another one when the file has changed.
    """

    edition: str
    head: str
    steps: list[StepView]
    position: int
    program: ProgramView
    refusal: RefusalView | None
    refused: int


class TraceFile:
    """The trace in the file `path`, which sentences call `name`; for one thread."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._signature: tuple[int, ...] = ()
        self._states: list[State] = []
        self._refusal: RefusalView | None = None
        self._refused = 0
        self._printed = ProgramLines()
        self._work = Work(0.0, 0.0)

    def look(self, position: int | None = None, overlay: str = "none") -> TraceFileView:
        """The program after so many steps, after the last where none or too many are asked for.

        Raises:
            UsageError, TraceError, ExpressionError: the file cannot be read, or is no trace; there
                is no such overlay.
        """
        self._read()
        if overlay not in KINDS:
            raise UsageError(f"there is no overlay {overlay!r}; use one of {', '.join(KINDS)}.")
        last = len(self._states) - 1
        position = last if position is None else min(max(position, 0), last)
        state = self._states[position]
        return {
            "edition": "-".join(f"{part:x}" for part in self._signature),
            "head": f"s = t.create_schedule({', '.join(t.name for t in state.outputs)})",
            "steps": [
                {"text": each.line, "cautions": [str(caution) for caution in each.cautions]}
                for each in self._states[1:]
            ],
            "position": position,
            "program": self._program(state, overlay),
            "refusal": self._refusal,
            "refused": self._refused,
        }

    def _read(self) -> None:
        """Replay the file, if it changed, as far as its steps are legal."""
        try:
            found = self._path.stat()
            signature = (found.st_ino, found.st_mtime_ns, found.st_size)
            if signature == self._signature:
                return
            text = self._path.read_bytes()
        except OSError as error:
            raise UsageError(f"{self._name} cannot be read ({error.strerror}).") from error
        document = parse_document(text)
        if not isinstance(document.get("workload"), dict):
            raise TraceError(f"{self._name} does not say what it schedules; save the trace anew.")
        state = State.start(from_json(document["workload"]))
        self._refusal, self._refused = None, 0
        for number, written in enumerate(document["steps"], 1):
            try:
                state = state.apply(step_from_json(written))
            except (ScheduleError, TraceError) as error:
                self._refusal, self._refused = _refusal(error), number
                break
        self._states = state.states()
        self._work = _work(state)
        self._printed = ProgramLines()
        self._signature = signature

    def _program(self, state: State, overlay: str) -> ProgramView:
        printed = self._printed.of(state)
        told = NOTHING
        if overlay == "model":
            told = contributions_view(features_of(state.program), None)
        return {
            "title": state.program.name,
            "subtitle": workload_words(state, self._work),
            "lines": printed.views,
            "missing": 0,
            "new": printed.new,
            "gone": gone_views(printed),
            "selection": None,
            "notice": "",
            "can_start_over": False,
            "compared": "previous",
            "can_compare": False,
            "overlay": overlay,  # type: ignore[typeddict-item]
            "marks": overlay_marks(overlay, state.program, printed.lines),
            "contributions": told,
        }


def _refusal(error: ScheduleError | TraceError) -> RefusalView:
    """Why a step is not legal, or no step."""
    if isinstance(error, ScheduleError):
        return refusal_view(error.refusal)
    why, _, instead = str(error).partition("; ")
    return {"asked": "", "where": "trace", "why": why, "instead": instead}


def _work(state: State) -> Work:
    """Of the expression; nothing where its sizes are known only at a call."""
    try:
        return work_of(state.first.program)
    except UsageError:
        return Work(0.0, 0.0)
