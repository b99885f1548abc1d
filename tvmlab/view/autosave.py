"""Where a lab keeps its trace between runs of the notebook: one small file for each expression.

The file is `.tvmlab/<name>-<digest>.trace.json` in the working directory, which for a notebook is
its own folder. The digest is of the expression and of the steps the lab was given, so that running
the same cell again finds what was done in it, and any other expression finds nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from tvmlab.errors import TraceError, TvmlabError
from tvmlab.schedule import State, Step, Trace, parse_document, step_from_json, steps_of
from tvmlab.targets.whole_file import written_whole

FOLDER = ".tvmlab"


class Autosave:
    """The trace file of one lab in `folder`, and the file of its branches beside it."""

    def __init__(self, start: State, folder: Path | None = None) -> None:
        document = Trace(start).to_json()
        name = re.sub(r"\W+", "_", start.program.name)[:40]
        digest = sha256(document.encode()).hexdigest()[:10]
        self._start = start
        self._document = document
        self.path = (folder or Path.cwd() / FOLDER) / f"{name}-{digest}.trace.json"
        self.branches_path = self.path.with_name(f"{name}-{digest}.branches.json")

    def load(self) -> list[Step]:
        """The steps saved last, after those the lab was given; none if there is no good file."""
        try:
            document = parse_document(self.path.read_text(encoding="utf-8"))
            steps = steps_of(document)
        except (OSError, UnicodeDecodeError, TraceError):
            return []
        given = self._start.steps
        same = document["workload"] == parse_document(self._document)["workload"]
        return steps[len(given) :] if same and tuple(steps[: len(given)]) == given else []

    def load_branches(self) -> tuple[str, list[tuple[str, list[Step]]]]:
        """The name of the branch that `load` gives, and the other branches by name, with the steps
        after those the lab was given; nothing where there is no good file."""
        try:
            data = json.loads(self.branches_path.read_text(encoding="utf-8"))
            name, others = data["current"], data["others"]
            given = len(self._start.steps)
            read = [
                (str(other["name"]), [step_from_json(step) for step in other["steps"]][given:])
                for other in others
            ]
        except (OSError, ValueError, RecursionError, TypeError, KeyError, TvmlabError):
            return "", []
        return str(name), read

    def save_branches(self, current: str, others: Sequence[tuple[str, State]]) -> bool:
        """Keep the name of the branch that `save` keeps, and the others; whether that worked."""
        if not others:
            return self._removed(self.branches_path)
        document = {
            "current": current,
            "others": [
                {"name": name, "steps": [step.to_json() for step in tip.steps]}
                for name, tip in others
            ],
        }
        return self._written(self.branches_path, json.dumps(document))

    def save(self, state: State) -> bool:
        """Keep the steps of `state`, or nothing if it is the beginning; whether that worked.

        The file is replaced whole, so an interrupted save leaves the one before it.
        """
        if state is self._start:
            return self._removed(self.path)
        return self._written(self.path, Trace(state).to_json())

    def _removed(self, path: Path) -> bool:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _written(self, path: Path, text: str) -> bool:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as part:
                part.write_text(text, encoding="utf-8")
        except OSError:
            return False
        return True
