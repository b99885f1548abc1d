"""Where a lab keeps its trace between runs of the notebook: one small file for each expression.

The file is `.tvmlab/<name>-<digest>.trace.json` in the working directory, which for a notebook is
its own folder. The digest is of the expression and of the steps the lab was given, so that running
the same cell again finds what was done in it, and any other expression finds nothing.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from tvmlab.errors import TraceError
from tvmlab.schedule import State, Step, Trace, parse_document, steps_of
from tvmlab.targets.whole_file import written_whole

FOLDER = ".tvmlab"


class Autosave:
    """The trace file of one lab in `folder`."""

    def __init__(self, start: State, folder: Path | None = None) -> None:
        document = Trace(start).to_json()
        name = re.sub(r"\W+", "_", start.program.name)[:40]
        digest = sha256(document.encode()).hexdigest()[:10]
        self._start = start
        self._document = document
        self.path = (folder or Path.cwd() / FOLDER) / f"{name}-{digest}.trace.json"

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

    def save(self, state: State) -> bool:
        """Keep the steps of `state`, or nothing if it is the beginning; whether that worked.

        The file is replaced whole, so an interrupted save leaves the one before it.
        """
        try:
            if state is self._start:
                self.path.unlink(missing_ok=True)
                return True
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self.path) as part:
                part.write_text(Trace(state).to_json(), encoding="utf-8")
        except OSError:
            return False
        return True
