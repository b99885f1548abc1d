"""Hardware counters: what is asked of the system, what is made of its answers, and its refusals."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import pytest

from tvmlab.measure import counters
from tvmlab.measure.counters import ATTRIBUTES, EVENTS, counted, open_counter, why_not


class Counters:
    """Counters that a test makes up: a file each, whose reading is given by event."""

    def __init__(self, tmp_path: Path, readings: dict[int, tuple[int, int, int]]) -> None:
        self.folder, self.readings = tmp_path, readings
        self.threads: list[int] = []
        self.switched: list[int] = []

    def open(self, event: int, thread: int) -> int:
        self.threads.append(thread)
        path = self.folder / f"{event}-{thread}"
        path.write_bytes(struct.pack("<QQQ", *self.readings[event]))
        return os.open(path, os.O_RDONLY)

    def switch(self, file: int, request: int) -> None:
        self.switched.append(request)


def test_counts_are_per_call_over_all_threads_and_scaled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = {0: (4000, 10, 10), 1: (9000, 10, 10), 3: (50, 10, 5)}
    made = Counters(tmp_path, readings)
    monkeypatch.setattr(counters, "ioctl", made.switch)
    calls: list[int] = []
    found = counted(lambda: calls.append(1), 10, made.open)
    threads = len(set(made.threads))
    assert threads == len(list(Path("/proc/self/task").iterdir()))
    assert len(calls) == 10
    assert found == {
        "cycles": 400.0 * threads,
        "instructions": 900.0 * threads,
        "cache misses": 10.0 * threads,  # counted half of the time
    }
    on, off = made.switched[: 3 * threads], made.switched[3 * threads :]
    assert set(on) == {0x2400}
    assert set(off) == {0x2401}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "perf_event_paranoid"),
        (errno.EPERM, "PERFMON"),
        (errno.ENOENT, "virtual"),
        (errno.ENOSYS, "Linux alone"),
    ],
)
def test_refusals_are_told_with_what_would_allow_it(code: int, words: str) -> None:
    def refuse(event: int, thread: int) -> int:
        raise OSError(code, "no")

    told = why_not(refuse)
    assert words in told
    assert told.endswith(".")
    assert counted(lambda: None, 3, refuse) == {}


def test_this_machine_counts_or_says_why_not() -> None:
    assert ATTRIBUTES.size == 64
    told, found = why_not(), counted(lambda: sum(range(20_000)), 5)
    if told:
        assert found == {}
        with pytest.raises(OSError):
            open_counter(EVENTS["cycles"], 0)
    else:
        assert found["instructions"] > 20_000
