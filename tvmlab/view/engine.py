"""What a lab needs of the engine: code, measurements and tuning runs of a state.

The view talks to this protocol only, so that its tests need neither compiler nor clock. The real
one is `tvmlab.view.machine.Machine`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from typing import Protocol as Interface

from tvmlab.analysis.estimate import Estimate, GpuFacts, MachineFacts
from tvmlab.analysis.work import Work
from tvmlab.ir.program import Program
from tvmlab.learn import Exercise, Grade
from tvmlab.learn.answer import Answer
from tvmlab.measure.outcome import Outcome
from tvmlab.measure.timing import QUICK, Protocol
from tvmlab.schedule import State, Step
from tvmlab.tune.contributions import Contributions
from tvmlab.tune.logs import Told
from tvmlab.view.schema import CodeKind, CodeLoop, LoopRef, TargetView

LinkedLines = Sequence[tuple[str, int]]
"""Lines of code, each with the line of the program that it comes from (0: none)."""


def never() -> bool:
    """Nothing is cancelled."""
    return False


@dataclass(frozen=True)
class Ceiling:
    """A rate that the machine was measured to reach and no program exceeds.

    Attributes:
        name: the memory that is read, or the dtype computed with.
        threads: how many work.
        rate: operations or, of a memory, bytes a second.
        holds_bytes: what the memory holds, infinite for main memory; None of arithmetic.
        is_scalar: whether it is of arithmetic on one number at a time, which vectors go beyond.
    """

    name: str
    threads: int
    rate: float
    holds_bytes: float | None = None
    is_scalar: bool = False


@dataclass(frozen=True)
class Peaks:
    """What the machine was measured to do at most, on all threads that kernels use.

    `ceilings` has arithmetic and every memory, the nearest first, each on one thread and on all.
    """

    flop_per_s: float
    byte_per_s: float
    ceilings: tuple[Ceiling, ...] = ()


class Allotted(NamedTuple):
    """Registers of a thread of a kernel, and who says so."""

    registers: int
    by: str


@dataclass(frozen=True)
class MachineCaches:
    """The data caches that a core sees, in bytes."""

    line_bytes: int
    l1_bytes: int
    l2_bytes: int


@dataclass(frozen=True)
class Trial:
    """One trial of a tuning run.

    Attributes:
        number: its place in the run, from 0.
        status: a status of `tvmlab.measure.outcome.STATUSES`.
        reason: why it failed, in a sentence; empty where it did not.
        time_s: median seconds of a call; None where it failed.
        predicted_s: what the cost model expected before it was measured; None without a model.
        is_verified: whether its result was compared with the reference and agreed.
        interval_s: the least and most that the median may truly be; None where it failed.
        at_s: seconds into the run at which it was known, long pauses left out.
        choices: what was decided, as text by name.
        slowdown: how many times as long everything took as at the run's first pace.
    """

    number: int
    status: str
    reason: str
    time_s: float | None
    predicted_s: float | None
    is_verified: bool
    interval_s: tuple[float, float] | None = None
    at_s: float = 0.0
    choices: Mapping[str, str] = field(default_factory=dict)
    slowdown: float = 1.0


@dataclass(frozen=True)
class RunState:
    """How a tuning run stands: `status` as in `TunerView`, `reason` where it failed."""

    status: str
    reason: str
    trials: int
    elapsed_s: float
    eta_s: float | None
    device_share: float | None = None


class RunFacts(NamedTuple):
    """What a run is, in words.

    Attributes:
        title: what it tunes.
        source: the database or file that keeps it; empty for memory alone.
        number: its number there.
        explorer, model: their names; empty where the source does not say.
    """

    title: str
    source: str
    number: int
    explorer: str
    model: str


class ShownRun(Interface):
    """A run whose trials can be looked at."""

    @property
    def facts(self) -> RunFacts:
        """What it is."""

    @property
    def batch(self) -> int:
        """Trials between two fits of its model; 0 where that is not known yet or at all."""

    def trials(self, start: int) -> Sequence[Trial]:
        """The trials from position `start` on, in order of arrival."""

    def steps(self, number: int) -> Sequence[Step]:
        """The schedule of trial `number`; TvmlabError where there is none."""

    def loops_of(self, number: int, columns: Sequence[str]) -> Mapping[str, Sequence[LoopRef]]:
        """The loops of trial `number` that features speak of; TvmlabError where nobody knows."""

    def contributions(self, of: int | Program) -> Contributions:
        """What each feature adds to what a model makes of a trial by its number, or of another
        program of the same expression; takes seconds the first time.

        Raises:
            TvmlabError: there is too little to learn from.
        """

    def told(self, number: int) -> Told | None:
        """What a log tells of trial `number` where it has no schedule; else None."""


class RecordedRun(NamedTuple):
    """A run that is over, as a list shows it; `open` reads its trials, which may take long."""

    facts: RunFacts
    trials: int
    failed: int
    best_s: float | None
    is_of_this: bool
    open: Callable[[], ShownRun]


class TuningRun(ShownRun, Interface):
    """A tuning run in another process."""

    @property
    def explanation(self) -> Mapping[str, Any]:
        """What its model goes by, as `tvmlab.tune.explanation` writes it; empty where unknown."""

    def state(self) -> RunState:
        """How it stands now."""

    def extended(self, trials: int, changed: Callable[[], None]) -> TuningRun:
        """This run, which is over, going on until it has so many trials.

        Raises:
            TvmlabError: it is kept nowhere, or cannot go on.
        """

    def pause(self) -> None:
        """Begin no further trial until resumed."""

    def resume(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """End the run; what was measured is kept."""


class Engine(Interface):
    """Makes code, times and tuning runs of states."""

    def work(self, state: State) -> Work:
        """What the workload does at least."""

    @property
    def target(self) -> str:
        """The name of the target that code is made for."""

    def targets(self) -> Sequence[TargetView]:
        """The targets there are, and why those that cannot run here cannot, as far as that is known
        yet; quick."""

    def choose(self, target: str) -> None:
        """Make code for another target, and measure and tune on it.

        Raises:
            TvmlabError: there is none of that name.
        """

    def why_no_code(self, state: State) -> str:
        """Why the target makes no code of a state, in a sentence; empty where it does."""

    def code_remark(self, state: State) -> str:
        """What of a state the target has to do without, in a sentence; empty if nothing."""

    def think_of(self, gpu: GpuFacts) -> bool:
        """Tell of this GPU where code is made for one; whether what is told of states changes."""

    def code_kinds(self) -> Sequence[CodeKind]:
        """The kinds of text that `code` makes."""

    def code(self, state: State, kind: str) -> LinkedLines:
        """Generated code; TvmlabError where there is none."""

    def code_loops(self, state: State, lines: LinkedLines) -> Sequence[CodeLoop]:
        """What the innermost loops of assembly `lines` do, those that do most first."""

    def measure(
        self,
        state: State,
        stage: Callable[[str], None],
        protocol: Protocol = QUICK,
        is_cancelled: Callable[[], bool] = never,
    ) -> Outcome | None:
        """Build, compare with numpy and time as `protocol` says; None where it was cancelled.

        `stage` is told in words what is going on, and `is_cancelled` asked again and again.
        """

    def facts(self) -> MachineFacts | GpuFacts:
        """This machine, as estimates see it; the first time of all it may take a second. Where code
        is made for a GPU, one that is published."""

    def estimate(self, state: State, machine: MachineFacts | GpuFacts | None = None) -> Estimate:
        """How long a state takes, told from its program in milliseconds, here or on `machine`; the
        first time of all it may measure this machine, which takes a second.

        Raises:
            TvmlabError: nothing can be told.
        """

    def why_not_counted(self) -> str:
        """Why measurements come without the processor's counters, in a sentence; empty where they
        come with them."""

    def make_ready(self) -> None:
        """Get ready to measure: what the first measurement would wait for is done, which may take a
        second, and nothing where it was done before."""

    def registers(self, state: State) -> Sequence[Allotted]:
        """What the target's compiler allots to each kernel of a state, in order; none where it does
        not say. May take as long as it compiles.

        Raises:
            TvmlabError: it refuses the state.
        """

    def peaks(self, state: State) -> Peaks:
        """The machine's measured peaks for what the state computes with; may take a second."""

    def caches(self) -> MachineCaches:
        """The machine's caches; nothing is measured."""

    def grade(self, exercise: Exercise, answer: Answer) -> Grade:
        """Judge an answer as `tvmlab grade` does; TvmlabError where it cannot be read."""

    def why_no_tuner(self, state: State) -> str:
        """Why the workload cannot be tuned, in a sentence; empty where it can."""

    def tune(self, state: State, trials: int, changed: Callable[[], None]) -> TuningRun:
        """Start a tuning run; `changed` is called from any thread when it moved on.

        Raises:
            TvmlabError: the run cannot begin.
        """

    def recorded_runs(self, state: State, place: str) -> Sequence[RecordedRun]:
        """The runs in the database or log `place`; those of the workload in the lab's own database
        where `place` is empty.

        Raises:
            TvmlabError: it cannot be read.
        """
