"""A tuner killed (SIGKILL) at random points of its run, again and again.

    .venv/bin/python benchmarks/kills.py [--kills 100] [--seed 0] [--real] [--db PLACE]

Each time the run is attached to again, and four things are looked at: what it had told of is
stored as it was told; no trial is stored twice; what it measures next is what a session fed with
the stored outcomes would have measured; and, where times are made up, the whole run is in the end
the one that was never interrupted. `--real` builds and measures kernels instead, so that the last
of these says nothing. Kills fall while the process starts, replays, thinks, measures and writes.
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tvmlab import ops
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.synthetic import SyntheticRunner
from tvmlab.targets.cpu.host_vectors import host_vectors
from tvmlab.te.serial import to_json
from tvmlab.tune import process
from tvmlab.tune.beginning import search_of
from tvmlab.tune.database import Database
from tvmlab.tune.record import Record
from tvmlab.tune.setup import Setup

WORKLOAD = ops.matmul(64, 64, 64)
TOLD_MOST = 6
"""A process is killed after at most so many trials of its own."""

MADE_UP = "--made-up-times"


class MadeUp(SyntheticRunner):
    """Answers as a device would whose times follow from the candidate."""

    def __init__(self, **_: Any) -> None:
        super().__init__(self._time_s, slots=4)

    def __enter__(self) -> MadeUp:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _time_s(request: Request) -> float | Outcome:
        return 1e-6 * (1 + int(request.key[1][:6], 16))


@dataclass
class Found:
    """What was seen over all kills; the lists hold numbers of trials."""

    kills: int = 0
    runs: int = 0
    told: int = 0
    lost: list[int] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    other_next: list[int] = field(default_factory=list)
    other_runs: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found that should not be."""
        return not (self.lost or self.twice or self.other_next or self.other_runs)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills over {self.runs} runs, {self.told} trials told: "
            f"{len(self.lost)} lost, {len(self.twice)} stored twice, "
            f"{len(self.other_next)} not those that were to come next, "
            f"{self.other_runs} runs that ended otherwise"
        )


def setup_of(seed: int, trials: int) -> Setup:
    """A run whose explorer decides by what it has seen, and quickly."""
    tensors = WORKLOAD.tensors
    template = ops.template_for(tensors, "cpu", host_vectors()).name
    return Setup(
        to_json(tensors), template, explorer="genetic", trials=trials, seed=seed, batch=8, ahead=4
    )


class Tuner:
    """A tuner's process, and the messages it told."""

    def __init__(self, first: dict[str, Any], is_real: bool) -> None:
        words = ["-m", "tvmlab.tune.process"] if is_real else [__file__, MADE_UP]
        self._process = subprocess.Popen(
            [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(first) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def messages(self, wait_s: float | None = None) -> Iterator[dict[str, Any]]:
        """What it tells, until its end or, for `wait_s`, nothing comes."""
        while True:
            try:
                line = self._lines.get(timeout=wait_s)
            except queue.Empty:
                return
            if line is None:
                return
            if line.endswith("\n"):  # the last one may be cut: then nobody was told
                yield json.loads(line)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


def to_come(database: Database, session: int, setup: Setup) -> dict[int, int]:
    """Number and configuration of the trials that come next, of a session fed with the records."""
    fed = search_of(setup.going_on(database.session(session).setup), database).session
    fed.restore(database.records(session))
    return {candidate.number: candidate.index for candidate in fed.next(setup.trials)}


def run_and_kill(place: str, seed: int, trials: int, rng: random.Random, is_real: bool) -> Found:
    """One run of `trials` trials, killed until it is whole."""
    found, setup = Found(runs=1), setup_of(seed, trials)
    first: dict[str, Any] = {"type": "start", "setup": setup.to_json(), "db": place}
    told: dict[int, Record] = {}
    expected: dict[int, int] = {}
    while True:
        tuner = Tuner(first, is_real)
        patience = rng.randint(1, TOLD_MOST)
        is_done, session, fresh = False, None, 0
        if first["type"] == "attach" and rng.random() < 0.1:
            time.sleep(rng.random())  # blindly, while it starts or replays
            patience = 0
        for message in tuner.messages(wait_s=None if patience else 0.0):
            if message["type"] == "error":
                raise SystemExit(f"the tuner failed: {message['message']}")
            if message["type"] == "started":
                session = message["session"]
            if message["type"] == "record":
                record = Record.from_json(message["record"])
                if record.number not in told:
                    fresh += 1
                    if expected.get(record.number, record.index) != record.index:
                        found.other_next.append(record.number)
                told[record.number] = record
            is_done = message["type"] == "done"
            if is_done or (session is not None and fresh >= patience):
                break
        time.sleep(rng.random() * 0.03)
        tuner.kill()
        found.kills += not is_done
        for message in tuner.messages(wait_s=1.0):  # told before it died
            if message["type"] == "record":
                record = Record.from_json(message["record"])
                told[record.number] = record
        with Database.open(place, create=False) as database:
            number = database.session().id
            stored = database.records(number)
            expected = {} if is_done else to_come(database, number, setup)
            kept = {record.number: record for record in stored}
            found.lost += [n for n, record in told.items() if kept.get(n) != record]
            found.twice += [record.number for record in stored if stored.count(record) > 1]
        if is_done:
            found.told = len(told)
            found.other_runs = int(sorted(told) != list(range(trials)))
            if not is_real:
                found.other_runs |= int(indices(told) != indices(uninterrupted(setup)))
            return found
        first = {"type": "attach", "db": place, "session": number, "trials": trials}


def uninterrupted(setup: Setup) -> dict[int, Record]:
    """The records of the same run without a kill."""
    tuner = Tuner({"type": "start", "setup": setup.to_json(), "db": None}, is_real=False)
    records = [m["record"] for m in tuner.messages() if m["type"] == "record"]
    tuner.kill()
    return {record.number: record for record in map(Record.from_json, records)}


def indices(records: dict[int, Record]) -> list[int]:
    """The configurations tried, in order of trial."""
    return [records[number].index for number in sorted(records)]


def kill_often(kills: int, seed: int, is_real: bool, place: str | None) -> Found:
    """Whole runs, one after the other, until there were `kills` kills."""
    rng, total = random.Random(seed), Found()
    while total.kills < kills:
        with tempfile.TemporaryDirectory() as folder:
            where = place or str(Path(folder) / "run.db")
            trials = max(8, min(120, 3 * (kills - total.kills)))
            one = run_and_kill(where, seed + total.runs, trials, rng, is_real)
        total = Found(
            total.kills + one.kills,
            total.runs + 1,
            total.told + one.told,
            total.lost + one.lost,
            total.twice + one.twice,
            total.other_next + one.other_next,
            total.other_runs + one.other_runs,
        )
        print(total, flush=True)
    return total


def main(words: list[str]) -> int:
    """Kill, and say what was found; 1 where it is not clean."""
    if words == [MADE_UP]:
        process.LocalRunner = MadeUp  # type: ignore[misc, assignment]
        return process.main()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--db", help="a PostgreSQL address; a file of its own if left out")
    given = parser.parse_args(words)
    return 0 if kill_often(given.kills, given.seed, given.real, given.db).is_clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
