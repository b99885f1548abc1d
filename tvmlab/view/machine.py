"""The engine of a lab on this machine: its compiler, its clock and its tuner."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

from tvmlab import api, targets
from tvmlab.analysis.constant_part import timed_part
from tvmlab.analysis.estimate import (
    GPUS,
    Estimate,
    GpuFacts,
    MachineFacts,
    estimate,
)
from tvmlab.analysis.work import Work, work_of
from tvmlab.errors import TargetError, TvmlabError
from tvmlab.ir.printer import print_program
from tvmlab.learn import Exercise, Grade, judge
from tvmlab.learn.answer import Answer
from tvmlab.learn.bench import MachineBench
from tvmlab.lower.pipeline import lower
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.counters import why_not
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.request import Request
from tvmlab.measure.timing import QUICK, Protocol
from tvmlab.schedule import State
from tvmlab.targets.cpu.limits import CpuPeaks, cpu_features, cpu_peaks, machine_facts
from tvmlab.targets.cpu.target import report
from tvmlab.targets.cuda.target import CudaTarget
from tvmlab.te import Tensor, compute, placeholder
from tvmlab.te.serial import to_json
from tvmlab.view.autosave import FOLDER
from tvmlab.view.engine import (
    Allotted,
    Ceiling,
    LinkedLines,
    MachineCaches,
    Peaks,
    RecordedRun,
    TuningRun,
    never,
)
from tvmlab.view.kernels import estimate_of
from tvmlab.view.machine_run import MachineRun
from tvmlab.view.recorded_run import runs_in
from tvmlab.view.schema import CodeKind, CodeLoop, TargetView

TITLES = {
    "llvm": "LLVM IR",
    "llvm-optimised": "Optimised LLVM IR",
    "asm": "Assembly",
    "asm-intel": "Intel assembly",
    "opencl": "OpenCL C",
    "cuda": "CUDA C",
    "ptx": "PTX",
    "sass": "SASS",
}
"""Kinds of code as people say them."""

TARGET_TITLES = {"cpu": "Processor", "cuda": "CUDA", "opencl": "OpenCL"}
"""Targets as people say them."""

CPU = "cpu"

USUAL_GPU = next(iter(GPUS.values()))
"""The GPU that is told of where a lab is for one, until another is chosen."""

DATABASE = "tuning.db"
POLL_S = 0.2
LIMITS = Limits(build_s=90.0, run_s=120.0)
"""A user may wait for what a tuner gives up: three plain loops can take seconds, three times. A
compilation is stopped before, with words that say what to change."""
_MEASURING = threading.Lock()
_ready = threading.Event()

ONCE = Protocol(warmup_s=0.0, min_repeats=1, limit_s=0.0, patience_s=0.0)
"""For programs whose time is nobody's concern."""


@cache
def _runner() -> LocalRunner:
    """The one process in which labs measure, so that no schedule can harm the notebook."""
    runner = LocalRunner(workers=1, limits=LIMITS)
    atexit.register(runner.close)
    return runner


class Machine:
    """This machine, as `tvmlab.view.engine.Engine`.

    Args:
        target: the name of the target that code is made for, and that measuring and tuning run on.

    Tuning runs are kept in `.tvmlab/tuning.db` of the working directory, or in memory where that
    cannot be written. Each run of a lab searches with the next seed, the first with 0.
    """

    def __init__(self, target: str = CPU) -> None:
        self._target = targets.get(target)
        self._gpu = USUAL_GPU
        self._seeds = count()

    @property
    def target(self) -> str:
        """What code is made for."""
        return self._target.name

    def targets(self) -> Sequence[TargetView]:
        """Those of the registry; their devices are asked for in the background, once."""
        _DEVICES.ask()
        return [
            {
                "name": name,
                "title": TARGET_TITLES.get(name, name),
                "problem": _DEVICES.why_not(name),
            }
            for name in targets.TARGETS
        ]

    def choose(self, target: str) -> None:
        """From now on."""
        self._target = targets.get(target)

    def why_no_code(self, state: State) -> str:
        """What lowering or printing it for a device ends in; nothing is compiled."""
        if self.target == CPU:
            return ""
        try:
            self._target.emit(self._target.lower(state.program))
        except TvmlabError as error:
            return str(error)
        return ""

    def code_remark(self, state: State) -> str:
        """Instructions that the architecture lacks."""
        return self._target.remark(state.program) if isinstance(self._target, CudaTarget) else ""

    def think_of(self, gpu: GpuFacts) -> bool:
        """In place of the usual one."""
        is_other, self._gpu = gpu != self._gpu, gpu
        return is_other and self.target != CPU

    def work(self, state: State) -> Work:
        """Counted on the naive program."""
        return work_of(state.first.program)

    def code_kinds(self) -> Sequence[CodeKind]:
        """What the target prints, and what becomes of it."""
        return [{"kind": k, "title": TITLES.get(k, k)} for k in self._target.code_kinds]

    def code(self, state: State, kind: str) -> LinkedLines:
        """Generated code, without running anything."""
        return api.Schedule(state).code_lines(kind, target=self._target.name)

    def code_loops(self, state: State, lines: LinkedLines) -> Sequence[CodeLoop]:
        """Read off the text; none where this processor's is not read."""
        found = report(print_program(state.program), lines)
        return [
            {"line": x.line, "place": x.place, "words": x.words, "remarks": list(x.remarks)}
            for x in found.loops
        ]

    def measure(
        self,
        state: State,
        stage: Callable[[str], None],
        protocol: Protocol = QUICK,
        is_cancelled: Callable[[], bool] = never,
    ) -> Outcome | None:
        """Build, compare and time in a child process, one measurement at a time.

        Raises:
            TargetError: there is no device to measure on.
        """
        if self._target.name != CPU:
            self._target.device()  # says in a sentence why there is none
        stage("Waiting for another measurement…" if _MEASURING.locked() else "Starting…")
        while not _MEASURING.acquire(timeout=POLL_S):
            if is_cancelled():
                return None
        try:
            stage("Building, comparing with numpy, timing…")
            trace = [step.to_json() for step in state.steps]
            request = Request(
                to_json(state.outputs),
                trace,
                self._target.name,
                seed=0,
                protocol=protocol,
                is_counted=self._target.name == CPU,
            )
            ticket = _runner().submit(request)
            while not is_cancelled():
                for answered, outcome in _runner().poll(POLL_S):
                    if answered == ticket:
                        return outcome
            _runner().cancel(ticket)
            return None
        finally:
            _MEASURING.release()

    def make_ready(self) -> None:
        """Have the worker measure the smallest of programs, which makes it load all it needs."""
        if _ready.is_set() or not _MEASURING.acquire(blocking=False):
            return
        try:
            _ready.set()
            ticket = _runner().submit(Request(to_json(_smallest()), [], seed=0, protocol=ONCE))
            while all(answered != ticket for answered, _ in _runner().poll(POLL_S)):
                pass
        finally:
            _MEASURING.release()

    def why_not_counted(self) -> str:
        """As the system answers this process, which forks those that measure."""
        return why_not()

    def facts(self) -> MachineFacts | GpuFacts:
        """What was measured of this processor, or of a usual GPU what is published."""
        return machine_facts() if self._target.name == CPU else self._gpu

    def estimate(self, state: State, machine: MachineFacts | GpuFacts | None = None) -> Estimate:
        """Of the program as lowered for the processor; of its kernels on a GPU. What is made of
        constants alone is made once, and is in no time."""
        machine = machine or self.facts()
        if isinstance(machine, GpuFacts):
            return estimate_of(state, machine)
        return estimate(lower(timed_part(state.program)), machine)

    def registers(self, state: State) -> Sequence[Allotted]:
        """Of targets that report what their kernels take."""
        target: Any = self._target
        if not hasattr(target, "resources"):
            return ()
        found = target.resources(target.emit(target.lower(state.program)))
        return [Allotted(r.registers, f"compiled for {r.architecture}") for r in found]

    def peaks(self, state: State) -> Peaks:
        """Remembered for this machine, or measured now, which takes about a second.

        Arithmetic in the first output's dtype; memory as the slowest level, main memory.

        Raises:
            TargetError: kernels run on a device whose peaks nobody has measured.
        """
        if self._target.name != CPU and self._target.device().get("kind") != CPU:
            raise TargetError(
                f"What the device of target {self._target.name} can do at most was not measured; "
                "the tab GPU tells what is published."
            )
        ceilings = _ceilings(cpu_peaks(), state.outputs[0].dtype)
        highest = {ceiling.name: ceiling.rate for ceiling in ceilings}
        return Peaks(highest[ceilings[-1].name], highest["DRAM"], ceilings)

    def caches(self) -> MachineCaches:
        """The machine's caches; the second level is the first where there is no other."""
        features = cpu_features()
        sizes = features.cache_bytes
        first = sizes.get(1, min(sizes.values()))
        return MachineCaches(features.line_bytes, first, sizes.get(2, first))

    def grade(self, exercise: Exercise, answer: Answer) -> Grade:
        """On this machine, while no lab measures."""
        with _MEASURING:
            return judge(exercise, answer, MachineBench())

    def why_no_tuner(self, state: State) -> str:
        """Nothing: every expression has a template, the generic one if no other."""
        return ""

    def tune(self, state: State, trials: int, changed: Callable[[], None]) -> TuningRun:
        """A run in a process of its own."""
        seed = next(self._seeds)
        run = api.tune(
            api.Schedule(state), self._target.name, trials=trials, seed=seed, db=_database()
        )
        return MachineRun(run, changed)

    def recorded_runs(self, state: State, place: str) -> Sequence[RecordedRun]:
        """Those of a file or address; without one, of the lab's own database."""
        workload = to_json(state.outputs)
        if place:
            return runs_in(place, workload)
        own = Path.cwd() / FOLDER / DATABASE
        return [r for r in runs_in(str(own), workload) if r.is_of_this] if own.exists() else ()


class _Devices:
    """What devices of targets answer, who may take seconds to do so."""

    def __init__(self) -> None:
        self._problems: dict[str, str] = {}
        self._is_asked = False

    def ask(self) -> None:
        """Ask each, in a thread of its own, the first time of all."""
        if not self._is_asked:
            self._is_asked = True
            threading.Thread(target=self._ask, name="tvmlab-devices", daemon=True).start()

    def why_not(self, target: str) -> str:
        """Why a target cannot run here; empty if it can, or has not answered yet."""
        return self._problems.get(target, "")

    def _ask(self) -> None:
        for name in targets.TARGETS:
            try:
                targets.get(name).device()
            except TargetError as error:
                self._problems[name] = str(error)


_DEVICES = _Devices()


def _smallest() -> Tensor:
    number = placeholder((1,), name="number")
    return compute((1,), lambda i: number[i] + 1.0, name="next")


def _database() -> str | None:
    folder = Path.cwd() / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return str(folder / DATABASE)


def _ceilings(peaks: CpuPeaks, dtype: str) -> tuple[Ceiling, ...]:
    """Each of `peaks` on one thread and then on all, arithmetic with vectors last: in `dtype`, or
    in float32 where that was not measured.

    The first two levels of cache belong to a core each. All threads are no slower than one, even
    where they were measured on a busy machine.
    """
    computed = dtype if dtype in peaks.flop_per_s else "float32"
    caches = cpu_features().cache_bytes
    found = []
    for threads in sorted({1, peaks.threads}):
        for memory, rates in peaks.read_bytes_per_s.items():
            level = int(memory[1:]) if memory != "DRAM" else 0
            cores = threads if level < 3 else 1
            holds = float(caches.get(level, 0) * cores) if level else inf
            found.append(Ceiling(memory, threads, max(rates[: 1 + (threads > 1)]), holds))
        if computed in peaks.scalar_flop_per_s:
            rates = peaks.scalar_flop_per_s[computed]
            name = f"{computed} without vectors"
            found.append(Ceiling(name, threads, max(rates[: 1 + (threads > 1)]), is_scalar=True))
        rates = peaks.flop_per_s[computed]
        found.append(Ceiling(computed, threads, max(rates[: 1 + (threads > 1)])))
    return tuple(found)
