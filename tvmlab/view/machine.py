"""The engine of a lab on this machine: its compiler, its clock and its tuner."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path

from tvmlab import api
from tvmlab.analysis.work import Work, work_of
from tvmlab.ir.printer import print_program
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.schedule import State
from tvmlab.targets.cpu.limits import cpu_peaks
from tvmlab.targets.cpu.target import report
from tvmlab.te.serial import to_json
from tvmlab.view.autosave import FOLDER
from tvmlab.view.engine import LinkedLines, Peaks, TuningRun
from tvmlab.view.machine_run import MachineRun
from tvmlab.view.schema import CodeKind, CodeLoop

CODE_KINDS: list[CodeKind] = [
    {"kind": "llvm", "title": "LLVM IR"},
    {"kind": "llvm-optimised", "title": "Optimised LLVM IR"},
    {"kind": "asm", "title": "Assembly"},
]

POLL_S = 0.2
LIMITS = Limits(build_s=90.0, run_s=120.0)
"""A user may wait for what a tuner gives up: three plain loops can take seconds, three times. A
compilation is stopped before, with words that say what to change."""
_MEASURING = threading.Lock()


@cache
def _runner() -> LocalRunner:
    """The one process in which labs measure, so that no schedule can harm the notebook."""
    runner = LocalRunner(workers=1, limits=LIMITS)
    atexit.register(runner.close)
    return runner


class Machine:
    """The processor, as `tvmlab.view.engine.Engine`.

    Tuning runs are kept in `.tvmlab/tuning.db` of the working directory, or in memory where that
    cannot be written. Each run of a lab searches with the next seed, the first with 0.
    """

    def __init__(self) -> None:
        self._seeds = count()

    def work(self, state: State) -> Work:
        """Counted on the naive program."""
        return work_of(state.first.program)

    def code_kinds(self) -> Sequence[CodeKind]:
        """LLVM IR as printed, as LLVM leaves it, and assembly."""
        return CODE_KINDS

    def code(self, state: State, kind: str) -> LinkedLines:
        """Generated code, without running anything."""
        return api.Schedule(state).code_lines(kind, target="cpu")

    def code_loops(self, state: State, lines: LinkedLines) -> Sequence[CodeLoop]:
        """Read off the text; none where this processor's is not read."""
        found = report(print_program(state.program), lines)
        return [
            {"line": x.line, "place": x.place, "words": x.words, "remarks": list(x.remarks)}
            for x in found.loops
        ]

    def measure(self, state: State, stage: Callable[[str], None]) -> Outcome:
        """Build, compare and time in a child process, one measurement at a time."""
        stage("Waiting for another measurement…" if _MEASURING.locked() else "Starting…")
        with _MEASURING:
            stage("Building, comparing with numpy, timing…")
            trace = [step.to_json() for step in state.steps]
            ticket = _runner().submit(Request(to_json(state.outputs), trace, seed=0))
            while True:
                for answered, outcome in _runner().poll(POLL_S):
                    if answered == ticket:
                        return outcome

    def peaks(self, state: State) -> Peaks:
        """Remembered for this machine, or measured now, which takes about a second.

        Arithmetic in the first output's dtype; memory as the slowest level, main memory.
        """
        peaks = cpu_peaks()
        flop_per_s = peaks.peak_flop_per_s(state.outputs[0].dtype)
        return Peaks(flop_per_s, peaks.peak_bytes_per_s("DRAM"))

    def why_no_tuner(self, state: State) -> str:
        """Nothing: every expression has a template, the generic one if no other."""
        return ""

    def tune(self, state: State, trials: int, changed: Callable[[], None]) -> TuningRun:
        """A run in a process of its own."""
        seed = next(self._seeds)
        run = api.tune(api.Schedule(state), trials=trials, seed=seed, db=_database())
        return MachineRun(run, changed)


def _database() -> str | None:
    folder = Path.cwd() / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return str(folder / "tuning.db")
