"""One bug, one process: a wrong kernel may crash or never end, and takes nobody with it.

Processes are forked from one that has imported what tvmlab needs of others, but nothing of it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection

from tests.power.planting import Bug, Room, plant

FUZZED_PAIRS = 40
"""Pairs that each bug meets: the first of those that every run of the suite meets."""

LIMIT_S = 150.0
"""A judge without a bug needs a tenth of it; what takes longer hangs."""

_PRELOADED = ("numpy", "llvmlite.binding", "pytest", "hypothesis")


@dataclass(frozen=True)
class Verdict:
    """How a trial ended.

    Attributes:
        room, bug: what was planted; None: nothing.
        found_by: the check that failed, a crash or a hang; empty if nothing noticed.
        broken: why the trial proves nothing; empty if it does.
    """

    room: Room
    bug: Bug | None
    found_by: str
    broken: str = ""

    def __str__(self) -> str:
        name = self.bug.name if self.bug is not None else "no bug"
        words = self.broken or self.found_by or "SURVIVED"
        return f"{self.room.name:12} {name:52} {words}"


def try_all(
    bugs: Sequence[tuple[Room, Bug | None]], pairs: int = FUZZED_PAIRS
) -> Iterator[Verdict]:
    """Every bug's verdict, in order, as many trials at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(lambda each: try_one(*each, pairs), bugs)


def every_bug(rooms: Sequence[Room]) -> list[tuple[Room, Bug]]:
    """The bugs of all rooms, each with its room."""
    return [(room, bug) for room in rooms for bug in room.bugs]


def try_one(room: Room, bug: Bug | None, pairs: int = FUZZED_PAIRS) -> Verdict:
    """Plant a bug (None: nothing) in a new process and let the judge look for it there."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_judge_alone, args=(bug, room.tests, pairs, there))
    process.start()
    there.close()
    try:
        if not here.poll(LIMIT_S):
            return Verdict(room, bug, f"hangs for {LIMIT_S:.0f} s")
        found_by, broken = here.recv()
        return Verdict(room, bug, found_by, broken)
    except EOFError:
        process.join()
        return Verdict(room, bug, f"crash, status {process.exitcode}")
    finally:
        process.kill()
        process.join()
        here.close()


def _judge_alone(bug: Bug | None, tests: tuple[str, ...], pairs: int, answer: Connection) -> None:
    """In the new process: plant, judge, and send (found_by, broken)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        import_module("tests.conftest")  # which keeps caches inside the checkout
        if bug is not None:
            plant(bug)
        judge = import_module("tests.power.judge")  # and with it tvmlab, bug and all
        answer.send((judge.first_complaint(range(pairs), tests), ""))
    except Exception as error:
        answer.send(("", f"broken patch: {type(error).__name__}: {error}"))
