"""What lies in a server's folder that tvmlab can open: traces, exercises and tuning runs.

Only names, dates and a few figures are read, with the standard library alone, so that the server
stays light; what a file holds is read by `tvmlab.server.reader` when it is opened.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tomllib
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

from tvmlab.server.places import OWN

TRACE = ".trace.json"
DATABASES = (".db", ".sqlite")
MAGIC = b"SQLite format 3\0"

MOST_ENTRIES = 4000
"""Files and folders looked at; of larger workspaces the folders near the root are."""
MOST_TRACES = 60
MOST_RUNS = 30
MOST_DATABASES = 12
MOST_BYTES = 1 << 20
"""Of a file of our own that is read whole."""
PATIENCE_S = 0.5
"""For a database that is being written."""

RUNS = """SELECT session.id, session.setup, session.began_at, session.ended_at, workload.json,
        (SELECT COUNT(*) FROM trial WHERE trial.session_id = session.id),
        (SELECT MIN(median_s) FROM measurement JOIN trial ON trial.id = measurement.trial_id
            WHERE trial.session_id = session.id AND verified = 1 AND status = 'ok')
    FROM session JOIN workload ON workload.id = session.workload_id
    ORDER BY session.began_at DESC LIMIT ?"""


def workspace(root: Path) -> dict[str, Any]:
    """The traces, exercises and runs below `root`, the latest first.

    Paths are relative to `root`; times are in seconds, dates in seconds since 1970.
    """
    found = list(_files(root))
    traces = sorted((p for p in found if p.name.endswith(TRACE)), key=_changed, reverse=True)
    databases = sorted((p for p in found if _is_database(p)), key=_changed, reverse=True)
    runs = [run for path in databases[:MOST_DATABASES] for run in _runs(path, root)]
    return {
        "traces": [_trace(path, root) for path in traces[:MOST_TRACES]],
        "exercises": exercises(_passed(p for p in found if p.name == "learn.json")),
        "runs": sorted(runs, key=lambda run: -run["began"])[:MOST_RUNS],
    }


def _files(root: Path) -> Iterator[Path]:
    """Plain files below `root`, folders near it first; no link is followed."""
    folders, left = deque([root]), MOST_ENTRIES
    while folders and left > 0:
        try:
            entries = sorted(os.scandir(folders.popleft()), key=lambda entry: entry.name)
        except OSError:
            continue  # not ours to read
        for entry in entries[:left]:
            left -= 1
            is_hidden = entry.name.startswith(".") and entry.name != OWN
            if is_hidden or entry.name == "node_modules":
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _trace(path: Path, root: Path) -> dict[str, Any]:
    name = path.name.removesuffix(TRACE)
    if path.parent.name == OWN:
        name = name.rpartition("-")[0] or name  # what follows is the digest of the expression
    return {"path": str(path.relative_to(root)), "name": name, "changed": _changed(path)}


# ---- exercises


def exercises(passed: set[str]) -> list[dict[str, Any]]:
    """The exercises that come with tvmlab, in the order in which to take them."""
    folder = files("tvmlab") / "learn" / "exercises"
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            data = tomllib.loads(entry.read_text(encoding="utf-8"))
            name = entry.name.removesuffix(".toml").partition("_")[2]
            words = {key: data[key] for key in ("title", "kind", "points")}
            found.append({"name": name, **words, "is_passed": name in passed})
    return found


def _passed(progress: Iterator[Path]) -> set[str]:
    """The exercises passed in any folder of the workspace."""
    names: set[str] = set()
    for path in progress:
        data = _json(path)
        passed = data.get("passed") if isinstance(data, dict) else None
        names |= {str(name) for name in passed} if isinstance(passed, list) else set()
    return names


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


# ---- runs


def _is_database(path: Path) -> bool:
    if path.suffix not in DATABASES:
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _runs(path: Path, root: Path) -> list[dict[str, Any]]:
    """The latest runs that a database keeps; none where it is no database of ours."""
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S)) as connection:
            rows = connection.execute(RUNS, (MOST_RUNS,)).fetchall()
    except sqlite3.Error:
        return []
    return [_run(path, root, row) for row in rows]


def _run(path: Path, root: Path, row: tuple[Any, ...]) -> dict[str, Any]:
    number, setup, began, ended, workload, done, best = row
    asked = _decoded(setup)
    is_on = ended is None and path.with_name(f"{path.name}-run{number}").exists()
    return {
        "path": str(path.relative_to(root)),
        "run": number,
        "title": _title(asked, _decoded(workload)),
        "done": done,
        "trials": asked.get("trials", done),
        "best_s": best,
        "is_on": is_on,
        "began": began,
    }


def _decoded(text: Any) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _title(setup: dict[str, Any], workload: dict[str, Any]) -> str:
    """The operator, where the run used the template of one, else the name of what is computed."""
    operator = str(setup.get("template") or "").partition("/")[0]
    if operator and operator not in ("generic", "sketch"):
        return operator
    tensors = workload.get("tensors")
    last = tensors[-1] if isinstance(tensors, list) and tensors else {}
    return str(last.get("name", "")) if isinstance(last, dict) else ""
