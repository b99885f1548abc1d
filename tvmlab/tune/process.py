"""The tuner in a process of its own: `python -m tvmlab.tune.process`, JSON lines both ways.

In, one object a line:

    {"type": "start", "setup": {...}, "db": "run.db" or null, "resume": false}
    {"type": "attach", "db": "run.db", "session": 1, "trials": null}      in place of start
    {"type": "pause"}    {"type": "resume"}    {"type": "stop"}

Out:

    {"type": "started", "session": 1, "space": "225280", "knobs": [...], "trials": 64, ...}
    {"type": "record", "record": {...}}      a trial, after it was stored
    {"type": "progress", ...}                see `Loop.progress`
    {"type": "model", "rank_correlation": 0.8, ...}
    {"type": "drift", "slowdown": 1.25}      the machine is now so many times as slow as at first;
                                             times are brought to its first pace
    {"type": "state", "state": "running" or "paused"}
    {"type": "done", "reason": "every trial is done"}
    {"type": "error", "message": "one sentence"}

It ignores interrupts, and leaves, with all it started, when its standard input ends.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any, TextIO

from tvmlab import targets
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.lower.pipeline import lower
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.request import Request
from tvmlab.schedule import State, step_from_json
from tvmlab.te.serial import from_json
from tvmlab.tune.beginning import Search, search_of, settled
from tvmlab.tune.database import Database
from tvmlab.tune.loop import Loop
from tvmlab.tune.record import Candidate, Record
from tvmlab.tune.session import Session
from tvmlab.tune.setup import Setup
from tvmlab.version import __version__

Tell = Callable[[dict[str, Any]], None]

CHECKS = 2
"""How often a candidate's result is compared, each time on other inputs."""


def main() -> int:
    """Read a start message, tune, answer; the exit code is 0 unless there was an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tell = _teller(_private_stdout())
    messages = _messages(sys.stdin)
    try:
        start = next(messages, None)
        if start is not None:
            _tune(start, messages, tell)
    except TvmlabError as error:
        tell({"type": "error", "message": str(error)})
        return 2
    except BrokenPipeError:
        return 0  # nobody listens any more; all that was told is stored
    return 0


def _tune(start: dict[str, Any], messages: Iterator[dict[str, Any]], tell: Tell) -> None:
    if start.get("type") not in ("start", "attach"):
        raise UsageError(f"the tuner was told {start.get('type')!r} first; begin with 'start'.")
    with Database.open(start.get("db"), create=start["type"] == "start") as database:
        setup, row = _asked(start, database)
        if row is not None:
            database.hold(row)
        device = targets.get(setup.target).device()
        setup = setup if row is not None else settled(setup, device, database)
        search = search_of(setup, database)
        session = search.session
        if row is None:
            row = database.begin(setup, _environment(), device)
            database.hold(row)
        stored = database.records(row)
        tell(_started(search, row, len(stored)))
        for record in stored:
            tell({"type": "record", "record": record.to_json()})
        session.restore(stored)
        database.reopen(row)
        ending = _search(session, setup, database, row, messages, tell)
        if session.best is not None:
            database.keep(row, session.best.number, _artifacts(setup, session.best))
        tell({"type": "done", "reason": ending})


def _asked(start: Mapping[str, Any], database: Database) -> tuple[Setup, int | None]:
    """What the first message asks for, and the session that it goes on with, if any."""
    if start["type"] == "start":
        setup = Setup.from_json(start["setup"])
        device = targets.get(setup.target).device()
        found = database.resumable(setup, device) if start.get("resume") else None
        return (setup, None) if found is None else (setup.going_on(found.setup), found.id)
    stored = database.session(start.get("session"))
    if stored.device != targets.get(stored.setup.target).device():
        raise UsageError(
            f"run {stored.id} was measured on another machine, or by a version that did not say "
            "where, so its times and those made here do not compare; start a new run."
        )
    setup = replace(stored.setup, trials=start.get("trials") or stored.setup.trials)
    return setup.going_on(stored.setup), stored.id


def _search(
    session: Session,
    setup: Setup,
    database: Database,
    row: int,
    messages: Iterator[dict[str, Any]],
    tell: Tell,
) -> str:
    """Measure what the session wants to know; why it ended."""
    with LocalRunner(limits=Limits(build_s=setup.timeout_s, run_s=setup.timeout_s)) as runner:

        def ask(candidate: Candidate) -> Request:
            return Request(
                setup.workload,
                candidate.trace,
                setup.target,
                setup.seed,
                setup.protocol.against(session.best.median_s if session.best else None),
                threads=setup.threads,
                checks=CHECKS,
                is_watched=True,
            )

        loop = Loop(session, runner, database, row, ask, tell)
        threading.Thread(target=_listen, args=(messages, loop), daemon=True).start()
        return loop.run()


def _artifacts(setup: Setup, record: Record) -> dict[str, str]:
    """The program of a trial, and the code that was made of it."""
    state = State.start(from_json(setup.workload))
    program = state.replay(step_from_json(step) for step in record.trace).program
    return {"program": str(program), "code": targets.get(setup.target).emit(lower(program))}


def _started(search: Search, row: int, restored: int) -> dict[str, Any]:
    session = search.session
    knobs = session.space.knobs
    return {
        "type": "started",
        "session": row,
        "space": str(session.space.size),
        "knobs": [{"name": knob.name, "options": len(knob.options)} for knob in knobs],
        "trials": session.trials,
        "restored": restored,
        "begins_with": search.begins_with,
        "learnt_from": search.learnt_from,
    }


def _environment() -> dict[str, Any]:
    """The programs that make and run kernels."""
    return {
        "tvmlab": __version__,
        "python": platform.python_version(),
        "llvmlite": version("llvmlite"),
        "numpy": version("numpy"),
        "system": platform.platform(),
    }


def _listen(messages: Iterator[dict[str, Any]], loop: Loop) -> None:
    """Pass commands on; the end of the input is a command to stop."""
    for message in messages:
        loop.command(str(message.get("type")))
    loop.command("stop")


def _messages(source: TextIO) -> Iterator[dict[str, Any]]:
    """The JSON objects of `source`, one a line; other lines are not heard."""
    for line in source:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message


def _teller(sink: TextIO) -> Tell:
    lock = threading.Lock()

    def tell(message: dict[str, Any]) -> None:
        with lock:
            sink.write(json.dumps(message) + "\n")
            sink.flush()

    return tell


def _private_stdout() -> TextIO:
    """Standard output for our lines alone; what libraries print there goes to standard error."""
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return private


if __name__ == "__main__":
    sys.exit(main())
