"""An engine without compiler, clock or processes: every answer is at hand, and can be held back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import inf

from tvmlab.analysis.work import Work
from tvmlab.errors import TargetError, UsageError
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import QUICK, Protocol
from tvmlab.schedule import State, Step, step_from_json
from tvmlab.view.engine import (
    Ceiling,
    LinkedLines,
    MachineCaches,
    Peaks,
    RunState,
    Trial,
    never,
)
from tvmlab.view.schema import CodeKind, CodeLoop

CEILINGS = (
    Ceiling("L2", 1, 100e9, 1e6),
    Ceiling("DRAM", 1, 15e9, inf),
    Ceiling("float32", 1, 200e9),
    Ceiling("L2", 2, 200e9, 2e6),
    Ceiling("DRAM", 2, 20e9, inf),
    Ceiling("float32", 2, 400e9),
)
OK = Outcome("ok", "time", times_s=(0.010, 0.011, 0.012), verified=True)


class FakeRun:
    """A tuning run that moves when told to."""

    database = "/tmp/run.db"

    def __init__(self, trials: int, changed: Callable[[], None]) -> None:
        self.asked = trials
        self.status = "running"
        self.done: list[Trial] = []
        self.schedules: dict[int, list[Step]] = {}
        self._changed = changed

    def add(self, time_s: float | None, *steps: dict[str, object], status: str = "ok") -> None:
        """One more trial."""
        number = len(self.done)
        self.schedules[number] = [step_from_json(s) for s in steps]
        predicted_s = 0.02 if number > 1 else None
        self.done.append(Trial(number, status, "", time_s, predicted_s, time_s is not None))
        self._changed()

    def state(self) -> RunState:
        return RunState(self.status, "", self.asked, 1.5, 2.5)

    def trials(self, start: int) -> Sequence[Trial]:
        return self.done[start:]

    def steps(self, number: int) -> Sequence[Step]:
        if number not in self.schedules:
            raise UsageError(f"there is no trial {number}; open one that was tried.")
        return self.schedules[number]

    def pause(self) -> None:
        self.status = "paused"

    def resume(self) -> None:
        self.status = "running"

    def stop(self) -> None:
        self.status = "done"


class FakeEngine:
    """`outcome` is what every measurement ends in; `gate` holds code and measurements back."""

    def __init__(self) -> None:
        self.outcome: Outcome = OK
        self.no_tuner = ""
        self.gate = threading.Event()
        self.gate.set()
        self.run: FakeRun | None = None
        self.measured: list[State] = []
        self.protocols: list[Protocol] = []

    def work(self, state: State) -> Work:
        return Work(2e9, 12e6)

    def code_kinds(self) -> Sequence[CodeKind]:
        return [{"kind": "llvm", "title": "LLVM IR"}, {"kind": "asm", "title": "Assembly"}]

    def code(self, state: State, kind: str) -> LinkedLines:
        self.gate.wait(10)
        if "parallel" in state.line:
            raise TargetError("this target has no threads; use another.")
        comment = f"; {kind} after {state.depth} step(s)"
        return [(comment, 0), ("\tvfmadd231ps\t%ymm0, %ymm1, %ymm2", 4)]

    def code_loops(self, state: State, lines: LinkedLines) -> Sequence[CodeLoop]:
        return [
            {"line": n, "place": f"line {n}, loop y", "words": "1 load", "remarks": ["slow"] * n}
            for n in range(5)
        ]

    def measure(
        self,
        state: State,
        stage: Callable[[str], None],
        protocol: Protocol = QUICK,
        is_cancelled: Callable[[], bool] = never,
    ) -> Outcome | None:
        stage("Comparing with numpy…")
        while not self.gate.wait(0.01) and not is_cancelled():
            pass
        if is_cancelled():
            return None
        self.measured.append(state)
        self.protocols.append(protocol)
        return self.outcomes(state)

    def outcomes(self, state: State) -> Outcome:
        """The outcome of a state; the same for all, unless a test says otherwise."""
        return self.outcome

    def peaks(self, state: State) -> Peaks:
        return Peaks(400e9, 20e9, CEILINGS)

    def caches(self) -> MachineCaches:
        return MachineCaches(64, 32 << 10, 1 << 20)

    def why_no_tuner(self, state: State) -> str:
        return self.no_tuner

    def tune(self, state: State, trials: int, changed: Callable[[], None]) -> FakeRun:
        self.run = FakeRun(trials, changed)
        return self.run
