"""The handle on a tuner that runs in a process of its own.

A thread reads what the process tells and keeps it; another tells listeners, at most five times a
second. Nothing here waits for the process except `wait`, and nothing breaks when it dies: the run
is then `failed`, says why, and keeps every record it was told.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tvmlab.errors import TvmlabError
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup
from tvmlab.tune.store import shown
from tvmlab.tune.table import table

if TYPE_CHECKING:
    import pandas

Message = dict[str, Any]
Listener = Callable[[Sequence[Message]], None]
"""Takes the messages since its last call, as `tvmlab.tune.process` describes them."""

PROGRAM = ["-m", "tvmlab.tune.process"]
"""What Python runs in the process."""

FLUSH_S = 0.2
"""Listeners are told at most this often."""

_LOG = logging.getLogger(__name__)

_STARTED: weakref.WeakSet[Run] = weakref.WeakSet()


def live_runs() -> list[Run]:
    """The runs of this process that are not over, the earliest first."""
    return sorted((run for run in set(_STARTED) if not run.is_over), key=lambda run: run.begun)


class Run:
    """A tuning run. Safe to use from any thread.

    Attributes:
        setup: what was asked for.
        database: the file or address that keeps the trials, without a password; or None.
        status: `starting`, `running`, `paused`, `done` or `failed`.
        reason: why it is done, or what failed, in a sentence.
        begun: when it was started, on the clock `time.monotonic`.
        trials: the records told so far, in order of arrival.
        moments: when each of them was stored, in seconds since 1970.
        best: the fastest verified record so far.
        started: the process's first message (space, knobs, ...), empty before.
        progress: the last progress message, empty before the first.
        model: the last message about how well the cost model foresaw, empty before the first.
        explained: the last message of what the model goes by, empty before the first.
        drifts: how many times as slow as at first the machine became, one figure for each change
            of its pace; times of trials are brought to its first pace.
    """

    def __init__(
        self,
        setup: Setup,
        db: str | Path | None = None,
        resume: bool = False,
        attach_to: int | None = None,
    ) -> None:
        self.setup = setup
        self.database = None if db is None else shown(db)
        self.status = "starting"
        self.reason = ""
        self.begun = time.monotonic()
        self.trials: list[Record] = []
        self.moments: list[float] = []
        self.best: Record | None = None
        self.started: Message = {}
        self.progress: Message = {}
        self.model: Message = {}
        self.explained: Message = {}
        self.drifts: list[float] = []
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._news = threading.Event()
        self._unheard: list[Message] = []
        self._listeners: list[Listener] = []
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, lives as long as the run
        self._process = subprocess.Popen(
            [sys.executable, *self._program()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # an interrupt of the notebook is none of its business
            text=True,
            encoding="utf-8",
        )
        place = {"db": None if db is None else str(db)}
        if attach_to is None:
            self._send({**self._asked(), **place, "resume": resume})
        else:
            asked = {"session": attach_to, "trials": setup.trials}
            self._send({"type": "attach", **place, **asked})
        _STARTED.add(self)
        threading.Thread(target=self._read, name="tvmlab-tune-read", daemon=True).start()
        threading.Thread(target=self._flush, name="tvmlab-tune-flush", daemon=True).start()

    def __repr__(self) -> str:
        best = "nothing verified yet" if self.best is None else f"best {self.best.median_s:.3g} s"
        constants = [e["name"] for e in self.setup.workload["tensors"] if e.get("constant")]
        best += f" with {' and '.join(constants)} prepared" if constants and self.best else ""
        reason = f": {self.reason}" if self.reason else ""
        return (
            f"Run({len(self.trials)} of {self.setup.trials} trials, {best}, {self.status}{reason})"
        )

    # ---- commands

    def pause(self) -> Run:
        """Begin no further trial until resumed."""
        self._send({"type": "pause"})
        return self

    def resume(self) -> Run:
        """Go on after a pause."""
        self._send({"type": "resume"})
        return self

    def stop(self) -> Run:
        """End the run; what was measured is kept. Does not wait."""
        self._send({"type": "stop"})
        return self

    def wait(self, timeout_s: float | None = None) -> Run:
        """Wait until the run is done or failed, or `timeout_s` is over; an interrupt ends the
        waiting and not the run."""
        self._over.wait(timeout_s)
        return self

    def close(self) -> None:
        """Stop, and end the process if it does not do so itself within a second."""
        with suppress(OSError, ValueError):
            self._input.close()
        if not self._over.wait(1.0):
            self._process.kill()
            self._over.wait(5.0)

    # ---- what is known

    @property
    def is_over(self) -> bool:
        """Whether the run is done or failed."""
        return self._over.is_set()

    @property
    def records(self) -> pandas.DataFrame:
        """Every trial so far, one row each: see `tvmlab.tune.table`."""
        with self._lock:
            return table(self.trials)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` told, from a thread, of everything from now on; returns what ends that.

        A listener that raises is logged and told again the next time.
        """
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return leave

    # ---- inside

    def _program(self) -> list[str]:
        """What Python runs in the process."""
        return PROGRAM

    def _asked(self) -> Message:
        """The process's first message, but for where trials are kept."""
        return {"type": "start", "setup": self.setup.to_json()}

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _send(self, message: Message) -> None:
        """Say something to the process; a dead one is found out by the reader."""
        with self._lock, suppress(OSError, ValueError):
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()

    def _read(self) -> None:
        """Take in what the process tells, until it ends."""
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                self._take(json.loads(line))
        except (ValueError, KeyError, TypeError, TvmlabError) as error:
            self._process.kill()
            self._fail(f"the tuner's process said something that makes no sense ({error!r})")
        code = self._process.wait()
        if self.status not in ("done", "failed"):
            self._fail(f"the tuner's process {_ended(code)}{self._last_words()}")
        self._over.set()
        self._news.set()

    def _take(self, message: Message) -> None:
        kind = message["type"]
        with self._lock:
            if kind == "record":
                self.moments.append(float(message["at"]))
                record = Record.from_json(message["record"])
                self.trials.append(record)
                if record.is_better_than(self.best):
                    self.best = record
            elif kind == "progress":
                self.progress = message
            elif kind == "model":
                self.model = message
            elif kind == "explained":
                self.explained = message
            elif kind == "drift":
                self.drifts.append(float(message["slowdown"]))
            elif kind == "started":
                self.started = message
            elif kind == "state":
                self.status = message["state"]
            elif kind == "done":
                self.status, self.reason = "done", message["reason"]
            elif kind == "error":
                self.status, self.reason = "failed", message["message"]
            self._unheard.append(message)
        self._news.set()

    def _fail(self, reason: str) -> None:
        message = {"type": "error", "message": f"{reason}; the trials told so far are kept."}
        self._take(message)

    def _last_words(self) -> str:
        """The last line of the process's standard error, if it said anything there."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f" and last said: {lines[-1][:300]}" if lines else ""

    def _flush(self) -> None:
        """Tell listeners what they have not heard, until the run is over."""
        while True:
            self._news.wait()
            is_last = self._over.is_set()
            self._news.clear()
            with self._lock:
                unheard, self._unheard = self._unheard, []
                listeners = tuple(self._listeners)
            for listener in listeners if unheard else ():
                try:
                    listener(unheard)
                except Exception:
                    _LOG.exception("a listener of a tuning run failed")
            if is_last:
                return
            time.sleep(FLUSH_S)


def _ended(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
