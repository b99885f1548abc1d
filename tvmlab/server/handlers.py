"""What the viewers may ask: GET requests of users that Jupyter knows and lets read contents.

    tvmlab/records   ?path= [&front=3] [&beside=1,2] [&edition=] [&had={"3": [40, 7, 31, 2]}]
    tvmlab/trial     ?path= &run=3 &number=17 [&code=1] [&features=1]
    tvmlab/explanation  ?path= &run=3
    tvmlab/workspace
    tvmlab/trace     ?path= [&position=4] [&overlay=cost]

The answers are those of `tvmlab.view.record_file` and `tvmlab.view.trace_file`; `had` counts the
points, names, labels and batches of each run. Where there is no answer: {"message": a sentence}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated

from tvmlab.server.places import place_of
from tvmlab.server.readers import Readers
from tvmlab.server.workspace import workspace

SETTING = "tvmlab_readers"


class _ReadHandler(APIHandler):
    """Answers with what a reader says of the file `path`."""

    auth_resource = "contents"
    # A viewer asks again and again; that is no sign of a user.
    _track_activity = False

    async def answer(self, kind: str, question: dict[str, Any]) -> None:
        """Ask the reader of the file, and hand on what it says."""
        path = self.get_query_argument("path", strip=False)
        place = await place_of(self.contents_manager, path)
        readers: Readers = self.settings[SETTING]
        answer = await readers.ask(kind, place, path.strip("/"), question)
        self.set_header("Cache-Control", "no-store")
        self.finish(answer)

    def number(self, name: str) -> int | None:
        """A number that may be left out."""
        text = self.get_query_argument(name, "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise HTTPError(400, f"{name} is {text[:20]!r}; give a number.")
        return int(text)

    def needed_number(self, name: str) -> int:
        """A number that must be given."""
        number = self.number(name)
        if number is None:
            raise HTTPError(400, f"{name} is missing; give a number.")
        return number

    def had(self) -> dict[str, list[int]]:
        """What the viewer has of each run."""
        text = self.get_query_argument("had", "{}")
        try:
            had = json.loads(text)
            is_good = all(
                run.isdecimal() and len(counts) == 4 and all(type(n) is int for n in counts)
                for run, counts in had.items()
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            is_good = False
        if not is_good:
            raise HTTPError(400, "had is no object of four numbers for each run.")
        return had  # type: ignore[no-any-return]


class RecordsHandler(_ReadHandler):
    """The runs in a file, and what of their trials the viewer lacks."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `tvmlab.view.record_file.RecordsView`."""
        beside = self.get_query_argument("beside", "")
        question = {
            "front": self.number("front"),
            "beside": [int(n) for n in beside.split(",") if n.isdecimal() and len(n) < 10],
            "edition": self.get_query_argument("edition", ""),
            "had": self.had(),
        }
        await self.answer("records", question)


class TrialHandler(_ReadHandler):
    """One trial with its program, and its code and features where these are asked."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `tvmlab.view.schema.TrialView`."""
        run, number = self.needed_number("run"), self.needed_number("number")
        more = {f"with_{k}": self.get_query_argument(k, "") == "1" for k in ("code", "features")}
        await self.answer("records", {"run": run, "number": number, **more})


class ExplanationHandler(_ReadHandler):
    """What a cost model goes by that learnt from the trials of a run."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `tvmlab.view.schema.ExplanationView`."""
        await self.answer("records", {"run": self.needed_number("run")})


class TraceHandler(_ReadHandler):
    """The program at a step of a trace."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `tvmlab.view.trace_file.TraceFileView`."""
        overlay = self.get_query_argument("overlay", "none")
        await self.answer("trace", {"position": self.number("position"), "overlay": overlay})


class WorkspaceHandler(APIHandler):
    """What there is to open in the server's folder."""

    auth_resource = "contents"

    @authenticated
    @authorized
    async def get(self) -> None:
        """A `tvmlab.server.workspace.workspace`; nothing where files are kept elsewhere."""
        contents = self.contents_manager
        if not isinstance(contents, FileContentsManager):
            raise HTTPError(501, "this server keeps its files elsewhere than on its disk.")
        root = Path(contents.root_dir).resolve()
        answer = await IOLoop.current().run_in_executor(None, workspace, root)
        self.set_header("Cache-Control", "no-store")
        self.finish(answer)


HANDLERS = [
    (r"/tvmlab/workspace", WorkspaceHandler),
    (r"/tvmlab/records", RecordsHandler),
    (r"/tvmlab/trial", TrialHandler),
    (r"/tvmlab/explanation", ExplanationHandler),
    (r"/tvmlab/trace", TraceHandler),
]
