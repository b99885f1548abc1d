"""Exercises and guesses: opening, hints, handing in, guessing before a measurement is shown.

Nobody has to use it, and nothing leaves the machine: what was reached is kept beside the notebook.
"""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import TvmlabError, UsageError
from tvmlab.learn import exercise
from tvmlab.learn.answer import Answer
from tvmlab.learn.calibration import LEAST_SURE, MOST_SURE, Guess, calibration_words
from tvmlab.learn.progress import Progress
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import Protocol
from tvmlab.schedule import State, Trace
from tvmlab.te.serial import to_json
from tvmlab.view.arguments import as_text
from tvmlab.view.desk import Desk
from tvmlab.view.going import Going
from tvmlab.view.guesses import Truth, bound, opponent, questions, speed
from tvmlab.view.measurements import failure_words
from tvmlab.view.parts.part import Handler, Intent, Part
from tvmlab.view.schema import LearnView
from tvmlab.view.tasks import Task, exercise_views
from tvmlab.view.timeline import replayed

FILE = "learn.json"


class LearnPart(Part):
    """Shows a `LearnView`."""

    name = "learn"
    slow = frozenset({"check_exercise", "reveal"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._progress = Progress(desk.folder / FILE)
        self._going = Going(desk)
        self._task: Task | None = None
        self._reason = ""
        self._truth: Truth | None = None
        self._verdict = ""

    def view(self) -> LearnView:
        """The list, the open exercise with the answer judged last, and the card to guess on."""
        desk, task = self.desk, self._task
        return {
            "exercises": exercise_views(self._progress),
            "task": task.view() if task is not None else None,
            "grade": task.grade_view(desk.state) if task is not None else None,
            "guess": {
                "questions": questions(desk.state, desk.pinned),
                "verdict": self._verdict,  # type: ignore[typeddict-item]
                "words": self._truth.words if self._truth is not None else "",
                "calibration": calibration_words(self._progress.guesses),
            },
            "going": self._going.kind,  # type: ignore[typeddict-item]
            "stage": self._going.stage,
            "reason": self._reason,
            "refusal": desk.refusal("learn"),
        }

    def intents(self) -> Mapping[str, Handler]:
        """Opening an exercise and all that is done with it; guessing."""
        return {
            "open_exercise": self._open,
            "close_exercise": self._close,
            "begin_exercise": self._begin,
            "next_hint": self._hint,
            "check_exercise": self._check,
            "reveal": self._reveal,
            "cancel_learning": lambda intent: self._going.cancel(),
        }

    def close(self) -> None:
        """End what goes on."""
        self._going.cancel()

    def _opened(self) -> Task:
        if self._task is None:
            raise UsageError("no exercise is open; open one of the list first.")
        return self._task

    def _open(self, intent: Intent) -> None:
        found = exercise(as_text(intent, "name"))
        is_here = found.workload == to_json(self.desk.start.outputs)
        self._task, self._reason = Task(found, is_here), ""

    def _close(self, intent: Intent) -> None:
        self._task, self._reason = None, ""

    def _begin(self, intent: Intent) -> None:
        task = self._opened()
        if not task.is_here:
            raise UsageError(
                "the exercise is of another expression than this lab; open it in a cell with "
                f't.Lab.exercise("{task.exercise.name}").'
            )
        state = replayed(self.desk.start.first, task.exercise.state.steps)
        self.desk.show(state, notice=f"The exercise {task.exercise.title!r} begins here.")

    def _hint(self, intent: Intent) -> None:
        task = self._opened()
        task.hints = min(task.hints + 1, len(task.exercise.hints))

    def _check(self, intent: Intent) -> None:
        with self.desk.lock:
            task, state = self._opened(), self.desk.state
            if task.asks_for_schedule and not task.is_here:
                raise UsageError(
                    "the schedule shown is of another expression than the exercise; open it in a "
                    f'cell with t.Lab.exercise("{task.exercise.name}").'
                )
        answer = self._answer(task, state, intent)
        with self._going.begin("check") as is_free:
            if not is_free:
                return
            self._going.reach("Applying the steps anew, checking, measuring…")
            try:
                grade = self.desk.engine.grade(task.exercise, answer)
            except TvmlabError as error:
                self._settle(str(error))
                return
            with self.desk.lock:
                task.grade, self._reason = grade, ""
                task.judged = state if task.asks_for_schedule else None
                self._progress.handed_in(task.exercise.name, grade.points, grade.is_passed)

    def _answer(self, task: Task, state: State, intent: Intent) -> Answer:
        if task.asks_for_schedule:
            return Answer((Trace(state).to_json(),))
        settings: dict[str, object] = {}
        for question in task.view()["questions"]:
            name = question["name"]
            if as_text(intent, name) not in question["options"]:
                raise UsageError(f"{question['asked']} is not chosen; choose one first.")
            settings[name] = as_text(intent, name)
        if task.view()["is_guess"]:
            settings["confidence"] = _confidence(intent)
        return Answer(settings=settings)

    def _reveal(self, intent: Intent) -> None:
        with self.desk.lock:
            state, other = self.desk.state, opponent(self.desk.state, self.desk.pinned)
            asked = {q["name"]: q["options"] for q in questions(state, self.desk.pinned)}
        question, choice, sure = as_text(intent, "question"), as_text(intent, "choice"), 0.0
        if choice not in asked.get(question, ()):
            raise UsageError("there is no guess yet; choose an answer first.")
        sure = _confidence(intent)
        with self._going.begin("reveal") as is_free:
            if not is_free:
                return
            try:
                truth = (
                    speed(state, other, self._time)
                    if question == "speed" and other is not None
                    else bound(state, self.desk.engine)
                )
            except TvmlabError as error:
                self._settle(str(error))
                return
            if isinstance(truth, Outcome):
                self._settle(failure_words(truth))
            elif truth is not None:
                self._settle("", truth)
                if truth.option is not None:
                    with self.desk.lock:
                        self._verdict = "right" if choice == truth.option else "wrong"
                        self._progress.guessed(Guess(sure, choice == truth.option))

    def _settle(self, reason: str, truth: Truth | None = None) -> None:
        with self.desk.lock:
            self._reason, self._truth = reason, truth
            self._verdict = "open" if truth is not None else ""

    def _time(self, state: State, said: str, protocol: Protocol) -> Outcome | None:
        self._going.reach(said.replace("the pinned state", "the other one"))
        return self.desk.engine.measure(
            state, lambda stage: None, protocol, self._going.is_cancelled
        )


def _confidence(intent: Intent) -> float:
    """How sure a guess is; UsageError where it is no share from a coin's to certainty."""
    value = intent.get("confidence")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not LEAST_SURE <= float(value) <= MOST_SURE:  # type: ignore[arg-type]
        raise UsageError("how sure a guess is goes from 50 % (a coin) to 100 % (certain).")
    return float(value)  # type: ignore[arg-type]
