"""The doing: has a session's candidates measured, stores their outcomes, tells what happened.

It decides nothing. A trial is told only after it is stored, so what anyone has seen survives. The
session thinks about its next batch in a thread while candidates are being measured; the thread
stands back for them, so that a timing that needs every core is not disturbed.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from tvmlab.measure.drift import Drift
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.runner import Runner
from tvmlab.tune.database import Database
from tvmlab.tune.explanation import Explanation
from tvmlab.tune.explorer import Proposal
from tvmlab.tune.quality import foresight
from tvmlab.tune.record import Candidate, Record
from tvmlab.tune.session import Session

Tell = Callable[[dict[str, Any]], None]
"""Takes messages, plain data with a `type`: `record`, `progress`, `model`, `explained`, `drift` or
`state`."""

Commands = queue.SimpleQueue[str]
"""What was asked for and not yet heard; loops that take turns share one."""

POLL_S = 0.1
"""How long a command may wait while candidates are being measured."""

THINKING_POLL_S = 0.01
"""How long a batch may wait that was chosen while candidates are being measured."""


class Loop:
    """Runs `session` to its end, or until told to stop.

    `ask` makes the request of a candidate; outcomes are stored as trials of row `row`; `commands`
    are heard from where `command` puts them, or whoever else shares them.
    """

    def __init__(
        self,
        session: Session,
        runner: Runner,
        database: Database,
        row: int,
        ask: Callable[[Candidate], Request],
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
        commands: Commands | None = None,
    ) -> None:
        self._session = session
        self._runner = runner
        self._database = database
        self._row = row
        self._ask = ask
        self._tell = tell
        self._clock = clock
        self._commands = queue.SimpleQueue() if commands is None else commands
        self._left = 0
        self._tickets: dict[int, Candidate] = {}
        self._thinker = ThreadPoolExecutor(1, "tvmlab-tune-think", _stand_back)
        self._thought: Future[Sequence[Proposal]] | None = None
        self._explained: Explanation | None = None
        self._is_paused = False
        self._is_stopped = False
        self._restored = len(session.records)
        self._active_s = 0.0
        self._device_s = 0.0
        self._drifts: defaultdict[str, Drift] = defaultdict(Drift)
        for _, record in sorted(session.records.items()):
            self._drifts[record.outcome.device].recalled(record.outcome)
        self._failures = Counter(
            r.outcome.status for r in session.records.values() if not r.outcome.is_ok
        )

    def command(self, word: str) -> None:
        """`pause`, `resume` or `stop`; from any thread. Other words are not heard."""
        self._commands.put(word)

    @property
    def is_stopped(self) -> bool:
        """Whether a stop was asked for."""
        return self._is_stopped

    def run(self) -> str:
        """Measure until the session is finished; returns why it is. Blocks."""
        self._tell({"type": "state", "state": "running"})
        self._tell(self.progress())
        self.take_turn(self._session.trials)
        return self.end()

    def take_turn(self, trials: int) -> None:
        """Measure so many candidates more, or fewer where the session ends before. Blocks until
        nothing is being measured."""
        self._left = trials
        while not self._is_over() and (self._left > 0 or self._tickets):
            began = self._clock()
            self._obey(wait=self._is_paused and not self._tickets)
            self._think()
            if not self._is_paused and not self._is_stopped:
                self._submit()
            if self._tickets:
                answered = self._runner.poll(THINKING_POLL_S if self._thought else POLL_S)
                self._settle([(self._tickets.pop(t), outcome) for t, outcome in answered])
            elif self._thought:
                wait([self._thought], POLL_S)
            if not self._is_paused:
                self._active_s += self._clock() - began

    def end(self) -> str:
        """Store why it ended, and return that."""
        self._thinker.shutdown(wait=False, cancel_futures=True)
        ending = self._session.finished or "stopped"
        self._database.end(self._row, ending)
        return ending

    def progress(self) -> dict[str, Any]:
        """Where the run stands: trials done and planned, failures by status, pace, time left, and
        the share of the time in which the devices measured."""
        done, best = len(self._session.records), self._session.best
        fresh = done - self._restored
        pace = fresh / self._active_s if fresh and self._active_s > 0 else None
        left = self._session.trials - done
        return {
            "type": "progress",
            "done": done,
            "trials": self._session.trials,
            "failures": dict(self._failures),
            "best": None if best is None else best.number,
            "best_s": None if best is None else best.median_s,
            "elapsed_s": self._active_s,
            "trials_per_s": pace,
            "left_s": None if pace is None else left / pace,
            "device_share": None if pace is None else self._device_share(),
        }

    # ---- inside

    def _steadied(self, outcome: Outcome) -> Outcome:
        """`outcome` at the first pace of its device; a change of pace is told."""
        drift = self._drifts[outcome.device]
        before = drift.slowdown
        steadied = drift.steadied(outcome)
        if drift.slowdown != before:
            device = {"device": outcome.device} if outcome.device else {}
            self._tell({"type": "drift", "slowdown": drift.slowdown, **device})
        return steadied

    def _device_share(self) -> float:
        return min(1.0, self._device_s / (self._active_s * self._runner.devices))

    def _is_over(self) -> bool:
        finished = self._session.finished is not None
        return self._is_stopped or (finished and not self._session.outstanding)

    def _obey(self, wait: bool) -> None:
        """Hear the commands given; with `wait`, at least one."""
        while wait or not self._commands.empty():
            word = self._commands.get()
            if word == "stop":
                self._session.stop()
                self._is_stopped = True
                return
            if word in ("pause", "resume") and self._is_paused != (word == "pause"):
                self._is_paused = word == "pause"
                state = "paused" if self._is_paused else "running"
                self._tell({"type": "state", "state": state})
            wait = wait and self._is_paused

    def _think(self) -> None:
        """Have the next batch chosen as soon as what it is chosen from is known."""
        if self._thought is not None and self._thought.done():
            self._session.plan(self._thought.result())
            self._thought = None
        explanation = self._session.explanation
        if explanation is not None and explanation is not self._explained:
            self._explained = explanation
            self._tell({"type": "explained", **explanation.to_json()})
        if self._thought is None and self._session.can_prepare:
            self._thought = self._thinker.submit(self._session.prepare())

    def _submit(self) -> None:
        """Keep the runner busy; what is refused outright needs no runner. One at a time: making a
        candidate's trace takes a moment, in which the one before can be built."""
        while self._left > 0 and self._runner.slots > self._runner.pending:
            candidates = self._session.next(1)
            self._left -= len(candidates)
            for candidate in candidates:
                if candidate.refused is not None:
                    self._settle([(candidate, candidate.refused)])
                else:
                    self._tickets[self._runner.submit(self._asked(candidate))] = candidate
            if not candidates:
                return

    def _asked(self, candidate: Candidate) -> Request:
        """The request of a candidate, which is held against the best one at the pace of now."""
        request, best = self._ask(candidate), self._session.best
        slowdown = max((drift.slowdown for drift in self._drifts.values()), default=1.0)
        best_s = best.median_s * slowdown if best is not None and best.median_s else None
        return replace(request, protocol=request.protocol.against(best_s))

    def _settle(self, answered: Iterable[tuple[Candidate, Outcome]]) -> None:
        """Store outcomes, then take them in, then tell them."""
        records = [Record.of(candidate, self._steadied(outcome)) for candidate, outcome in answered]
        if not records:
            return
        self._database.append(self._row, records)
        batches = self._session.batches
        for record in records:
            self._session.observe(record.number, record.outcome)
            self._device_s += record.outcome.device_s
            if not record.outcome.is_ok:
                self._failures[record.outcome.status] += 1
            self._tell({"type": "record", "record": record.to_json(), "at": time.time()})
        self._tell(self.progress())
        if self._session.batches != batches:
            compared, correlation = foresight(self._session.records.values())
            self._tell(
                {
                    "type": "model",
                    "batches": self._session.batches,
                    "learnt_from": len(self._session.records),
                    "compared": compared,
                    "rank_correlation": correlation,
                }
            )


def _stand_back() -> None:
    """Let every process that builds or measures go before the calling thread."""
    if sys.platform == "linux":  # elsewhere priority belongs to whole processes
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
