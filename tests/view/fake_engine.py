"""An engine without compiler, clock or processes: every answer is at hand, and can be held back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from tests.learn.bench import FakeBench
from tests.patience import PATIENCE_S
from tvmlab.analysis.estimate import Estimate, GpuFacts, MachineFacts, Memory
from tvmlab.analysis.work import Work
from tvmlab.errors import TargetError, UsageError
from tvmlab.ir.program import Program
from tvmlab.learn import Exercise, Grade, judge
from tvmlab.learn.answer import Answer
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import QUICK, Protocol
from tvmlab.schedule import State, Step, step_from_json
from tvmlab.tune.contributions import Contribution, Contributions
from tvmlab.tune.logs import Told
from tvmlab.tune.painting import Place
from tvmlab.view.engine import (
    Allotted,
    Ceiling,
    LinkedLines,
    MachineCaches,
    Peaks,
    RecordedRun,
    RunFacts,
    RunState,
    Trial,
    never,
)
from tvmlab.view.schema import CodeKind, CodeLoop, LoopRef, TargetView

CEILINGS = (
    Ceiling("L2", 1, 100e9, 1e6),
    Ceiling("DRAM", 1, 15e9, inf),
    Ceiling("float32 without vectors", 1, 30e9, is_scalar=True),
    Ceiling("float32", 1, 200e9),
    Ceiling("L2", 2, 200e9, 2e6),
    Ceiling("DRAM", 2, 20e9, inf),
    Ceiling("float32", 2, 400e9),
)
OK = Outcome("ok", "time", times_s=(0.010, 0.011, 0.012), verified=True)


class FakeRun:
    """A tuning run that moves when told to."""

    facts = RunFacts("matmul", "/tmp/run.db", 7, "model", "xgboost-rank")
    batch = 4

    def __init__(self, trials: int, changed: Callable[[], None]) -> None:
        self.asked = trials
        self.status = "running"
        self.done: list[Trial] = []
        self.schedules: dict[int, list[Step]] = {}
        self.explanation: dict[str, Any] = {}
        self.logged: Told | None = None
        self._changed = changed

    def add(self, time_s: float | None, *steps: dict[str, object], status: str = "ok") -> None:
        """One more trial."""
        number = len(self.done)
        self.schedules[number] = [step_from_json(s) for s in steps]
        predicted_s = 0.02 if number > 1 else None
        interval = (time_s * 0.9, time_s * 1.1) if time_s else None
        choices = {"tile": str(number % 3), "order": "k, x"}
        facts = (number, status, "", time_s, predicted_s, time_s is not None)
        self.done.append(Trial(*facts, interval, 2.0 * number, choices))
        self._changed()

    def state(self) -> RunState:
        return RunState(self.status, "", self.asked, 1.5, 2.5, 0.8)

    def trials(self, start: int) -> Sequence[Trial]:
        return self.done[start:]

    def steps(self, number: int) -> Sequence[Step]:
        if number not in self.schedules:
            raise UsageError(f"there is no trial {number}; open one that was tried.")
        return self.schedules[number]

    def loops_of(self, number: int, columns: Sequence[str]) -> Mapping[str, Sequence[LoopRef]]:
        return {name: [{"block": "C", "loop": "y"}] for name in columns}

    def contributions(self, of: int | Program) -> Contributions:
        if isinstance(of, int) and of not in self.schedules:
            raise UsageError(f"there is no trial {of}; open one that was tried.")
        if not self.done:
            raise UsageError("the 0 trials of this run are too few; go on with it.")
        parts = (
            Contribution("tile", Place("tile", (("C", "y"), ("C", "x")), (0,)), 8.0, "rows", 0.5),
            Contribution("order", Place("order", (("C", "x"),)), 1.0, "0 or 1", -0.75),
            Contribution("pack", Place("pack"), 0.0, "0 or 1", 0.25),
        )
        is_own = isinstance(of, int)
        return Contributions("xgboost-rank", is_own, len(self.done), "points", 0.1, parts)

    def told(self, number: int) -> Told | None:
        return self.logged

    def extended(self, trials: int, changed: Callable[[], None]) -> FakeRun:
        longer = FakeRun(trials, changed)
        longer.done, longer.schedules = list(self.done), dict(self.schedules)
        return longer

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
        self.target = "cpu"
        self.gpu: GpuFacts | None = None
        self.no_tuner = ""
        self.allotted: Sequence[Allotted] = ()
        self.made_ready = 0
        self.gate = threading.Event()
        self.gate.set()
        self.run: FakeRun | None = None
        self.measured: list[State] = []
        self.told: list[State] = []
        self.protocols: list[Protocol] = []

    def work(self, state: State) -> Work:
        return Work(2e9, 12e6)

    def targets(self) -> Sequence[TargetView]:
        return [
            {"name": "cpu", "title": "Processor", "problem": ""},
            {"name": "cuda", "title": "CUDA", "problem": "No driver is installed; install one."},
        ]

    def choose(self, target: str) -> None:
        if target not in ("cpu", "cuda"):
            raise TargetError(f"Target {target!r} is not known; use 'cpu' or 'cuda'.")
        self.target = target

    def code_remark(self, state: State) -> str:
        return ""

    def why_no_code(self, state: State) -> str:
        is_bound = "blockIdx" in str(state.program) or self.target == "cpu"
        return "" if is_bound else "No loop is bound; bind one."

    def think_of(self, gpu: GpuFacts) -> bool:
        is_other, self.gpu = gpu != self.gpu, gpu
        return is_other and self.target != "cpu"

    def code_kinds(self) -> Sequence[CodeKind]:
        if self.target == "cuda":
            return [{"kind": "cuda", "title": "CUDA C"}]
        return [{"kind": "llvm", "title": "LLVM IR"}, {"kind": "asm", "title": "Assembly"}]

    def code(self, state: State, kind: str) -> LinkedLines:
        self.gate.wait(2 * PATIENCE_S)
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

    def facts(self) -> MachineFacts:
        return MachineFacts(2, 3e9, 512, 32, (Memory("L1", 32e3, 4e11, 8e11),))

    def estimate(self, state: State, machine: MachineFacts | None = None) -> Estimate:
        self.told.append(state)
        self.gate.wait(2 * PATIENCE_S)
        if "unroll" in state.line:
            raise TargetError("nothing can be told of this one; take another.")
        time_s = 0.01 if "parallel" in state.line else 0.02
        return Estimate(time_s, time_s / 2, time_s * 2, {}, (), 0.0)

    def why_not_counted(self) -> str:
        return "" if self.outcome.counters else "This machine cannot count."

    def make_ready(self) -> None:
        self.made_ready += 1

    def registers(self, state: State) -> Sequence[Allotted]:
        return self.allotted

    def peaks(self, state: State) -> Peaks:
        return Peaks(400e9, 20e9, CEILINGS)

    def caches(self) -> MachineCaches:
        return MachineCaches(64, 32 << 10, 1 << 20)

    def grade(self, exercise: Exercise, answer: Answer) -> Grade:
        self.gate.wait(2 * PATIENCE_S)
        return judge(exercise, answer, FakeBench(), seed=1)

    def why_no_tuner(self, state: State) -> str:
        return self.no_tuner

    def tune(self, state: State, trials: int, changed: Callable[[], None]) -> FakeRun:
        self.run = FakeRun(trials, changed)
        return self.run

    def recorded_runs(self, state: State, place: str) -> Sequence[RecordedRun]:
        if place.endswith("missing"):
            raise UsageError("there is no file of that name; give another.")
        older = FakeRun(4, lambda: None)
        for time_s in (0.04, None, 0.02, 0.03):
            older.add(time_s, status="ok" if time_s else "crash")
        facts = RunFacts("matmul", place or "/tmp/run.db", 3, "genetic", "")
        older.facts = facts
        current = RecordedRun(FakeRun.facts, 0, 0, None, True, lambda: older)
        return [RecordedRun(facts, 4, 1, 0.02, not place, lambda: older), current]
