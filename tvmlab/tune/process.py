"""The tuner in a process of its own: `python -m tvmlab.tune.process`, JSON lines both ways.

In, one object a line:

    {"type": "start", "setup": {...}, "db": "run.db" or null, "resume": false}
    {"type": "pause"}    {"type": "resume"}    {"type": "stop"}

Out:

    {"type": "started", "session": 1, "space": "225280", "knobs": [...], "trials": 64, ...}
    {"type": "record", "record": {...}}      a trial, after it was stored
    {"type": "progress", ...}                see `Loop.progress`
    {"type": "model", "rank_correlation": 0.8, ...}
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
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TextIO

from tvmlab import ops
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.request import Request
from tvmlab.te.serial import from_json
from tvmlab.tune.choice import explorer_named
from tvmlab.tune.database import Database
from tvmlab.tune.loop import Loop
from tvmlab.tune.record import Candidate
from tvmlab.tune.session import Session, batch_size, thinking_ahead
from tvmlab.tune.setup import Setup
from tvmlab.tune.template_space import template_space
from tvmlab.version import __version__

Tell = Callable[[dict[str, Any]], None]


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
    if start.get("type") != "start":
        raise UsageError(f"the tuner was told {start.get('type')!r} first; begin with 'start'.")
    setup = Setup.from_json(start["setup"])
    with (
        Database.open(start.get("db")) as database,
        LocalRunner(limits=Limits(build_s=setup.timeout_s, run_s=setup.timeout_s)) as runner,
    ):
        found = database.resumable(setup) if start.get("resume") else None
        session = _session(setup.going_on(found.setup) if found else setup)
        settled = replace(setup, batch=session.batch, ahead=session.ahead)
        row = found.id if found else database.begin(settled, _environment())
        restored = database.records(row)
        session.restore(restored)
        tell(_started(session, row))
        for record in restored:
            tell({"type": "record", "record": record.to_json()})

        def ask(candidate: Candidate) -> Request:
            return Request(
                setup.workload,
                candidate.trace,
                setup.target,
                setup.seed,
                setup.protocol,
                threads=setup.threads,
            )

        loop = Loop(session, runner, database, row, ask, tell)
        threading.Thread(target=_listen, args=(messages, loop), daemon=True).start()
        tell({"type": "done", "reason": loop.run()})


def _session(setup: Setup) -> Session:
    """The search that a setup asks for."""
    outputs = from_json(setup.workload)
    template = (
        ops.template_named(setup.template)
        if setup.steps is None
        else ops.HoleTemplate.from_json(setup.steps)
    )
    space = template_space(template, outputs)
    explorer = explorer_named(
        setup.explorer, space, setup.seed, setup.model, setup.diversity, setup.features
    )
    first = [template.default(outputs)]
    batch = setup.batch or batch_size(min(setup.trials, space.size))
    ahead = thinking_ahead(batch) if setup.ahead is None else setup.ahead
    return Session(space, explorer, setup.trials, batch, first, setup.early_stop, ahead)


def _started(session: Session, row: int) -> dict[str, Any]:
    knobs = session.space.knobs
    return {
        "type": "started",
        "session": row,
        "space": str(session.space.size),
        "knobs": [{"name": knob.name, "options": len(knob.options)} for knob in knobs],
        "trials": session.trials,
        "restored": len(session.records),
    }


def _environment() -> dict[str, Any]:
    """What a time depends on beside the candidate."""
    return {
        "tvmlab": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
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
