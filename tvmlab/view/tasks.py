"""Exercises as a lab shows them: the list, the one that is open, the answer judged last."""

from __future__ import annotations

from tvmlab.learn import KINDS, Exercise, Grade, exercise, exercise_names
from tvmlab.learn.progress import Progress
from tvmlab.view.schema import ExerciseView, GradeView, QuestionView, TaskView

ASKED = {
    "choice": "Your guess",
    "features": "Features",
    "model": "Model",
}


def exercise_views(progress: Progress) -> list[ExerciseView]:
    """The list, with what was reached so far."""
    views: list[ExerciseView] = []
    for name in exercise_names():
        found = exercise(name)
        tried = "tried" if name in progress.points else "new"
        views.append(
            {
                "name": name,
                "title": found.title,
                "kind": KINDS[found.kind].title,
                "status": "passed" if name in progress.passed else tried,  # type: ignore[typeddict-item]
                "reached": progress.points.get(name, 0.0),
                "points": found.points,
            }
        )
    return views


class Task:
    """An open exercise: the hints seen of it, and the answer judged last."""

    def __init__(self, found: Exercise, is_here: bool) -> None:
        self.exercise = found
        self.is_here = is_here
        self.hints = 0
        self.grade: Grade | None = None
        self.judged: object = None

    @property
    def asks_for_schedule(self) -> bool:
        """Whether a schedule is handed in."""
        return not KINDS[self.exercise.kind].settings(self.exercise)

    def view(self) -> TaskView:
        """As plain data."""
        found = self.exercise
        kind = KINDS[found.kind]
        settings = kind.settings(found)
        questions: list[QuestionView] = [
            {"name": name, "asked": ASKED[name], "options": list(options)}
            for name, options in settings.items()
        ]
        return {
            "name": found.name,
            "title": found.title,
            "kind": kind.title,
            "points": found.points,
            "text": [" ".join(part.split()) for part in found.text.strip().split("\n\n")],
            "start": found.start.strip(),
            "shown": kind.shown(found),
            "refused": found.refused,
            "workload": found.subject.line,
            "is_here": self.is_here,
            "has_start": bool(found.start.strip()),
            "code": f't.Lab.exercise("{found.name}")',
            "questions": questions,
            "is_guess": "choice" in settings,
            "hints": list(found.hints[: self.hints]),
            "hints_left": len(found.hints) - self.hints,
        }

    def grade_view(self, shown: object) -> GradeView | None:
        """The answer judged last; `shown` is the state shown now."""
        grade = self.grade
        if grade is None:
            return None
        return {
            "is_passed": grade.is_passed,
            "points": grade.points,
            "of": grade.exercise.points,
            "marks": [
                {"what": m.what, "is_passed": m.is_passed, "share": m.share, "words": m.words}
                for m in grade.marks
            ],
            "is_current": self.judged is None or self.judged is shown,
        }
