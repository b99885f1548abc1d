"""One bug, one process: a wrong kernel may crash or never end, and takes nobody with it.

Processes are forked from one that has imported what tvmlab needs of others, but nothing of it.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from zlib import crc32

from tests.patience import PATIENCE_S
from tests.power.planting import ROOT, Bug, Room, plant
from tests.power.remembered import remembered

FUZZED_PAIRS = 40
"""Pairs that each bug meets: the first of those that every run of the suite meets."""

LIMIT_CPU_S = 60
"""What hangs in a loop is given so much of a processor; the slowest check needs a sixth of it."""

_PRELOADED = ("numpy", "llvmlite.binding", "pytest", "hypothesis")


@dataclass(frozen=True)
class Verdict:
    """How a trial ended.

    Attributes:
        room, bug: what was planted; None: nothing.
        check: the check that failed, crashed or hung; empty if nothing noticed.
        found_by: the same in words; empty if nothing noticed.
        broken: why the trial proves nothing; empty if it does.
    """

    room: Room
    bug: Bug | None
    check: str
    found_by: str
    broken: str = ""

    def __str__(self) -> str:
        name = self.bug.name if self.bug is not None else "no bug"
        words = self.broken or self.found_by or "SURVIVED"
        return f"{self.room.name:12} {name:52} {words}"


def try_all(bugs: Sequence[tuple[Room, Bug]], is_anew: bool = False) -> Iterator[Verdict]:
    """Every bug's verdict, in order, as many trials at once as there are processors.

    What found a bug the last time is tried first, and what a room's tests say in full only of a bug
    that it does not find. What nothing found the last time counts as surviving, without a trial
    unless `is_anew`: to search in vain takes longest, and cannot make the suite look stronger.
    """
    known = remembered()

    def verdict(each: tuple[Room, Bug]) -> Verdict:
        room, bug = each
        likely = known.get(bug.name)
        if likely == "" and not is_anew:
            return Verdict(room, bug, "", "")
        return try_one(room, bug, likely or "")

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(verdict, bugs)


def every_bug(rooms: Sequence[Room]) -> list[tuple[Room, Bug]]:
    """The bugs of all rooms, each with its room."""
    return [(room, bug) for room in rooms for bug in room.bugs]


def one_in(share: int, rooms: Sequence[Room]) -> list[tuple[Room, Bug]]:
    """One bug in so many of each room, at least one; they stay the same where others are added."""
    return [
        (room, bug)
        for room in rooms
        for bug in sorted(room.bugs, key=lambda bug: crc32(bug.name.encode()))[::share]
    ]


def try_one(room: Room, bug: Bug, likely: str = "") -> Verdict:
    """Plant a bug in a new process and let the judge look for it there, first by a likely check."""
    named = f"test_{bug.module.rpartition('.')[2]}.py"
    near = [path for test in room.tests for path in sorted((ROOT / test).rglob(named))]
    seeds = [f"seed {seed}" for seed in range(FUZZED_PAIRS)]
    tests = [*(str(path.relative_to(ROOT)) for path in near), *room.tests]
    return _tried(room, bug, [[likely] if likely else [], seeds, tests])


def try_without_a_bug(checks: Sequence[str]) -> Verdict:
    """What the checks say of the program as it is; they should find nothing."""
    return _tried(Room("as it is", (), ()), None, [checks])


def _tried(room: Room, bug: Bug | None, checks: Sequence[Sequence[str]]) -> Verdict:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    here, there = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_judge_alone, args=(bug, checks, folder, there))
        process.start()
        there.close()
        check = ""
        try:
            while here.poll(PATIENCE_S):
                word, *said = here.recv()
                if word == "begin":
                    [check] = said
                    continue
                return Verdict(room, bug, *said)
            return Verdict(room, bug, check, f"hangs: {check}")
        except EOFError:
            process.join()
            hangs = process.exitcode == -signal.SIGXCPU
            how = "hangs" if hangs else f"crash, status {process.exitcode}"
            if not check:
                return Verdict(room, bug, "", "", f"{how}, before the first check")
            return Verdict(room, bug, check, f"{how}: {check}")
        finally:
            process.kill()
            process.join()
            here.close()


def _judge_alone(
    bug: Bug | None, checks: Sequence[Sequence[str]], folder: str, answer: Connection
) -> None:
    """In the new process: plant, judge, and send what was found.

    Args:
        folder: where to work; OpenCL's compiler leaves files where it fails.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(folder)

    def begin(check: str) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = int(used.ru_utime + used.ru_stime) + LIMIT_CPU_S
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, most))
        answer.send(("begin", check))

    try:
        import_module("tests.conftest")  # which keeps caches inside the checkout
        if bug is not None:
            plant(bug)
        judge = import_module("tests.power.judge")  # and with it tvmlab, bug and all
        check, said = judge.first_complaint(checks, begin)
        answer.send(("end", check, f"{check}: {said}" if said else check))
    except Exception as error:
        answer.send(("end", "", "", f"broken patch: {type(error).__name__}: {error}"))
