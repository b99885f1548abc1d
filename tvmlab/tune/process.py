"""The tuner in a process of its own: `python -m tvmlab.tune.process`, JSON lines both ways.

In, one object a line:

    {"type": "start", "setup": {...}, "db": "run.db" or null, "resume": false}
    {"type": "attach", "db": "run.db", "session": 1, "trials": null}      in place of start
    {"type": "pause"}    {"type": "resume"}    {"type": "stop"}

Out:

    {"type": "started", "session": 1, "space": "225280", "knobs": [...], "trials": 64, ...}
    {"type": "record", "record": {...}, "at": 1.8e9}
                                             a trial, after it was stored, and when that was
    {"type": "progress", ...}                see `Loop.progress`
    {"type": "model", "rank_correlation": 0.8, ...}
    {"type": "explained", "importances": [...], ...}    see `Explanation`
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
import queue
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NamedTuple, TextIO

from tvmlab import targets
from tvmlab.errors import DatabaseError, TvmlabError, UsageError
from tvmlab.measure.cassette import Cassette
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.cluster import ClusterRunner
from tvmlab.measure.drift import Drift
from tvmlab.measure.replay import ReplayRunner
from tvmlab.measure.request import CHECKS, Request
from tvmlab.measure.runner import Runner
from tvmlab.schedule import State, step_from_json
from tvmlab.te.serial import from_json
from tvmlab.tune.beginning import Search, search_of, settled
from tvmlab.tune.database import Database
from tvmlab.tune.loop import Commands, Loop, Tell
from tvmlab.tune.record import Candidate, Record
from tvmlab.tune.setup import Setup
from tvmlab.version import __version__

NICENESS = 5
"""A third of the weight of an ordinary process; the model's training, at 19, has less."""
HANDOVER_S = 10.0
"""How long a run that goes on waits for the one who wrote to it before."""

Tune = Callable[[dict[str, Any], Iterator[dict[str, Any]], Tell], None]
"""Does what a first message asks for; takes further ones, and what tells."""


class Begun(NamedTuple):
    """A run that is ready to measure: its search, what it was asked for, and its session's row."""

    search: Search
    setup: Setup
    row: int


def main(tune: Tune | None = None) -> int:
    """Read a start message, tune, answer; the exit code is 0 unless there was an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _give_way()
    tell = _teller(_private_stdout())
    messages = _messages(sys.stdin)
    try:
        start = next(messages, None)
        if start is not None:
            (tune or _tune)(start, messages, tell)
    except TvmlabError as error:
        tell({"type": "error", "message": str(error)})
        return 2
    except BrokenPipeError:
        return 0  # nobody listens any more; all that was told is stored
    return 0


def _give_way() -> None:
    """Let whoever sits before the machine go first, with all that this process starts.

    Where nothing else wants the cores, times are the same; where a kernel answers a click, it and
    the browser wake at once instead of at the end of a candidate's share.
    """
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _tune(start: dict[str, Any], messages: Iterator[dict[str, Any]], tell: Tell) -> None:
    if start.get("type") not in ("start", "attach"):
        raise UsageError(f"the tuner was told {start.get('type')!r} first; begin with 'start'.")
    with Database.open(start.get("db"), create=start["type"] == "start") as database:
        begun = begin(start, database, tell)
        with runner_for(begun.setup) as runner:
            commands: Commands = queue.SimpleQueue()
            loop = loop_of(begun, runner, database, tell, commands)
            listen(messages, commands)
            ending = loop.run()
        keep_best(begun, database)
        tell({"type": "done", "reason": ending})


def begin(start: Mapping[str, Any], database: Database, tell: Tell) -> Begun:
    """The run that a first message asks for, held, told, and restored where it goes on."""
    setup, row = _asked(start, database)
    if row is not None:
        _take_over(database, row)
    device = device_for(setup)
    setup = setup if row is not None else settled(setup, device, database)
    search = search_of(setup, database)
    if row is None:
        row = database.begin(setup, _environment(), device)
        database.hold(row)
    stored = database.records(row)
    tell(_started(search, row, len(stored)))
    drifts: defaultdict[str, Drift] = defaultdict(Drift)
    moments = database.moments(row)
    for record in stored:
        drift = drifts[record.outcome.device]
        known = replace(record, outcome=drift.recalled(record.outcome))
        tell({"type": "record", "record": known.to_json(), "at": moments[record.number]})
    search.session.restore(stored)
    database.reopen(row)
    return Begun(search, setup, row)


def _asked(start: Mapping[str, Any], database: Database) -> tuple[Setup, int | None]:
    """What the first message asks for, and the session that it goes on with, if any."""
    if start["type"] == "start":
        setup = Setup.from_json(start["setup"])
        device = device_for(setup)
        found = database.resumable(setup, device) if start.get("resume") else None
        return (setup, None) if found is None else (setup.going_on(found.setup), found.id)
    stored = database.session(start.get("session"))
    if stored.device != device_for(stored.setup):
        raise UsageError(
            f"run {stored.id} was measured on another machine, or by a version that did not say "
            "where, so its times and those made here do not compare; start a new run."
        )
    setup = replace(stored.setup, trials=start.get("trials") or stored.setup.trials)
    return setup.going_on(stored.setup), stored.id


def _take_over(database: Database, row: int) -> None:
    """Become the writer of a session; its last one may be about to end with its kernel."""
    end = time.monotonic() + HANDOVER_S
    while True:
        try:
            return database.hold(row)
        except DatabaseError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.1)


def runner_for(setup: Setup) -> LocalRunner | ClusterRunner | ReplayRunner:
    """What measures the candidates of a run: workers of this machine, those of a cluster, or what
    was recorded of a device."""
    if setup.cassette is not None:
        return Cassette.read(setup.cassette).runner()
    limits = Limits(build_s=setup.timeout_s, run_s=setup.timeout_s)
    if setup.cluster is None:
        return LocalRunner(limits=limits)
    return ClusterRunner(setup.cluster, setup.target, limits)


def device_for(setup: Setup) -> Mapping[str, Any]:
    """Where a setup measures: runs of one device have times that compare."""
    if setup.cassette is not None:
        return {"recorded": dict(Cassette.read(setup.cassette).device)}
    if setup.cluster is None:
        return targets.get(setup.target).device()
    return {"cluster": setup.cluster}


def loop_of(
    begun: Begun, runner: Runner, database: Database, tell: Tell, commands: Commands
) -> Loop:
    """What has the run's candidates measured."""
    setup = begun.setup

    def ask(candidate: Candidate) -> Request:
        return Request(
            setup.workload,
            candidate.trace,
            setup.target,
            setup.seed,
            setup.protocol,
            threads=setup.threads,
            checks=CHECKS,
            is_watched=True,
        )

    session = begun.search.session
    return Loop(session, runner, database, begun.row, ask, tell, commands=commands)


def keep_best(begun: Begun, database: Database) -> None:
    """Store the program and the code of the best trial, if there is one."""
    best = begun.search.session.best
    if best is not None:
        database.keep(begun.row, best.number, _artifacts(begun.setup, best))


def _artifacts(setup: Setup, record: Record) -> dict[str, str]:
    """The program of a trial, and the code that was made of it."""
    state = State.start(from_json(setup.workload))
    program = state.replay(step_from_json(step) for step in record.trace).program
    target = targets.get(setup.target)
    return {"program": str(program), "code": target.emit(target.lower(program))}


def _started(search: Search, row: int, restored: int) -> dict[str, Any]:
    session = search.session
    knobs = session.space.knobs
    return {
        "type": "started",
        "session": row,
        "space": str(session.space.size),
        "knobs": [{"name": knob.name, "options": len(knob.options)} for knob in knobs],
        "trials": session.trials,
        "batch": session.batch,
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


def listen(messages: Iterator[dict[str, Any]], commands: Commands) -> None:
    """Pass commands on, in a thread; the end of the input is a command to stop."""

    def hear() -> None:
        for message in messages:
            commands.put(str(message.get("type")))
        commands.put("stop")

    threading.Thread(target=hear, daemon=True).start()


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
