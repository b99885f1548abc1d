"""One workload, by ours and by every peer, in interleaved rounds; the figures as plain data."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np
from accuracy import allowed_error, is_right, relative_error
from goals import OURS, PREPARED, UNFUSED, Row
from inputs import PANELS, arrays_for, arrays_for_peers
from limit import least_time_s
from peers import PEERS, Array, Contender, missing, result_array, threads
from prepared import prepared, weights_of, with_packing
from unfused import unfused

from tvmlab.api import Schedule, create_schedule
from tvmlab.errors import TvmlabError
from tvmlab.measure.timing import Protocol, spread, time_callable
from tvmlab.ops import VectorUnit, Workload
from tvmlab.targets.cpu.limits import cpu_features, cpu_peaks

ROUND = Protocol(warmup_s=0.01, min_repeat_s=0.01, min_repeats=1, max_repeats=1)
"""One contender's turn: warm again, then a mean over at least 10 ms."""

SETTLE_S = 0.2
"""Pause before each turn on several threads: workers of the contender before spin on (OpenBLAS's
for 2**26 cycles and more: 30 ms was too little) and would take a core from the next."""

HOPELESS = 4.0
"""Times the first round's best: who takes longer gets no second turn."""


def our_schedule(workload: Workload, is_packed: bool = False) -> Schedule:
    """The workload under the default knobs of its template; packed where that is a choice."""
    features = cpu_features()
    vectors = VectorUnit(features.vector_registers, features.vector_bits)
    template = workload.template("cpu", vectors)
    schedule = create_schedule(workload)
    config = template.default(workload.tensors)
    if is_packed:
        options = {knob.name: knob.options for knob in template.knobs(workload.tensors)}
        config = with_packing(config, options)
    template.apply(schedule, config)
    return schedule


class Contest:
    """The contenders for one workload.

    All kernels of ours write to one output: which pages of memory an array has decides what its
    lines share places of the cache with, and kernels that differ in nothing else have been 5 to
    16 % apart in arrays of their own.

    Attributes:
        absent: who does not take part -> why, in words.
    """

    def __init__(self, name: str, workload: Workload) -> None:
        self.name, self.workload = name, workload
        self._arrays = arrays_for(workload)
        (self._expected,) = workload.reference(*self._arrays)
        self._out = result_array(workload)
        self.absent: dict[str, str] = {}
        self._contenders: dict[str, Contender] = {}
        self._timed_s: dict[str, Callable[[], float]] = {}
        self.add_schedule(OURS, our_schedule(workload))

    def add_schedule(self, who: str, schedule: Schedule) -> None:
        """Let a kernel of ours take part."""
        function, arrays, out = schedule.build(), self._arrays, self._out
        self.add(
            who,
            Contender(
                lambda: function(*arrays, out),
                "weights" if self.workload.args.get(PANELS) else "",
                lambda _: out,
            ),
            lambda: function.time(*arrays, out, protocol=ROUND).min_s,
        )

    def add_ours_prepared(self) -> None:
        """Ours with the weights laid out before, where the schedule lays them out at all."""
        if not weights_of(self.workload):
            return
        packed = our_schedule(self.workload, is_packed=True)
        found = prepared(packed, self.workload, self._arrays)
        if found is None:
            return
        (kernel, arrays), out = found, self._out
        call = kernel.prepare(*arrays, out)
        self.add(PREPARED, Contender(call, "weights", lambda _: out))

    def add_ours_unfused(self) -> None:
        """Our kernels for the operators that the workload fuses, if it does."""
        found = unfused(self.workload, self._arrays)
        if found is not None:
            self.add(UNFUSED, found)

    def add(
        self, who: str, contender: Contender, timed_s: Callable[[], float] | None = None
    ) -> None:
        """Let it take part; `timed_s` gives the seconds of a call where it can do so itself."""
        self._contenders[who] = contender
        self._timed_s[who] = timed_s or (lambda: time_callable(contender.call, ROUND).min_s)

    def add_peers(self, peers: Mapping[str, object] = PEERS) -> None:
        """Those that are installed and have the workload; who cannot run it says why."""
        lacks = missing()
        arrays = arrays_for_peers(self.workload, self._arrays)
        for who in peers:
            make, _ = PEERS[who]
            if who in lacks:
                self.absent[who] = f"needs the package {lacks[who]}"
                continue
            try:
                contender = make(self.workload, arrays)
                if contender is None:
                    self.absent[who] = f"no {self.workload.name} in this form"
                    continue
                contender.call()
            except Exception as error:
                # Anything may come out of a library that lacks an instruction or a dtype here.
                first = (str(error).splitlines() or [""])[0]
                self.absent[who] = f"{type(error).__name__}: {first[:160]}"
                continue
            self.add(who, contender)

    def rows(self, rounds: int) -> list[Row]:
        """Each contender's figures, from so many turns."""
        checked = {who: self._checked(c) for who, c in self._contenders.items()}
        times_s: dict[str, list[float]] = {who: [] for who in self._contenders}
        for _ in range(rounds):
            best_s = min((t[0] for t in times_s.values() if t), default=float("inf"))
            for who, timed_s in self._timed_s.items():
                if (
                    times_s[who]
                    and not who.startswith(OURS)
                    and times_s[who][0] > HOPELESS * best_s
                ):
                    continue
                time.sleep(SETTLE_S if threads() > 1 else 0.0)
                times_s[who].append(timed_s())
        return [self._row(who, taken, *checked[who]) for who, taken in times_s.items()]

    def _checked(self, contender: Contender) -> tuple[float, float]:
        """The error of its result, and the error allowed; an element left out shows."""
        self._out.fill(1 << 30 if self._out.dtype == np.int32 else np.nan)
        result: Array = contender.result(contender.call())
        allowed = allowed_error(result.dtype, self._expected)
        return relative_error(result, self._expected), allowed

    def _row(self, who: str, times_s: list[float], error: float, allowed: float) -> Row:
        limit_s, bound_by = least_time_s(self.workload, threads(), cpu_features(), cpu_peaks())
        return {
            "workload": self.name,
            "threads": threads(),
            "who": who,
            "ready": self._contenders[who].ready,
            "min_s": min(times_s),
            "median_s": median(times_s),
            "spread": spread(times_s),
            "turns": len(times_s),
            "flops": self.workload.flops,
            "bytes": self.workload.bytes,
            "limit_s": limit_s,
            "bound_by": bound_by,
            "share_of_limit": limit_s / min(times_s),
            "relative_error": error,
            "allowed_error": allowed,
            "is_right": is_right(error, allowed),
        }


def pin(count: int) -> None:
    """Keep this process to its last `count` cores, where the system lets it.

    Libraries that take no number of threads take it from the cores they may use.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def measure(name: str, workload: Workload, rounds: int) -> dict[str, object]:
    """The figures of one workload and who does not take part, as plain data."""
    contest = Contest(name, workload)
    contest.add_ours_prepared()
    contest.add_ours_unfused()
    contest.add_peers()
    return {"rows": contest.rows(rounds), "absent": contest.absent}


def broken(name: str, error: TvmlabError) -> dict[str, object]:
    """What stands in place of the figures where our own kernel could not be made."""
    return {"rows": [], "absent": {OURS: f"{name}: {error}"}}
