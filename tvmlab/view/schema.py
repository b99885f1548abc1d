"""What a lab shows, as plain data: the one description that every screen draws from.

`extension/src/schema.ts` mirrors these classes by name and field. Times are in seconds, rates in
the unit their name says, shares are fractions of 1.
"""

from __future__ import annotations

from typing import Literal, TypedDict

Token = tuple[int, int, str]
"""(start, end, kind): a coloured stretch of a line, in characters."""

Point = tuple[int, float | None, float | None, str]
"""(trial number, measured rate, predicted rate, status): one trial; rates in the run's unit."""


class LoopRef(TypedDict):
    """A loop, named as schedules name it."""

    block: str
    loop: str


class LineView(TypedDict):
    """One line of the program; `id` survives the steps that leave the line in place.

    `origin` is the 1-based line under whose number generated code refers to it: a loop's header
    itself, and for what stands in a block the block's first line.
    """

    id: int
    origin: int
    text: str
    tokens: list[Token]
    loop: LoopRef | None
    mark: Literal["", "new"]


class GoneLine(TypedDict):
    """A line that the last step removed; it stood above line `before` of the program now."""

    before: int
    text: str
    tokens: list[Token]


class ProgramView(TypedDict):
    """The program with what the last step changed."""

    title: str
    subtitle: str
    lines: list[LineView]
    gone: list[GoneLine]
    selection: LoopRef | None
    notice: str
    can_start_over: bool


class RefusalView(TypedDict):
    """Why a request was refused; the fields of `tvmlab.errors.Refusal`."""

    asked: str
    where: str
    why: str
    instead: str


class FieldView(TypedDict):
    """An argument of a step, as an input field holding text."""

    name: str
    label: str
    kind: Literal["loops", "factors", "name", "value"]
    default: str
    hint: str


class MoveView(TypedDict):
    """A legal step: its arguments as field texts, and the line of Python it would append."""

    values: dict[str, str]
    line: str


class StepView(TypedDict):
    """One primitive or recipe at the selected loop; `refusal` where nothing is legal.

    `group` says what it is about, one of `tvmlab.schedule.step.GROUPS`.
    """

    step: str
    group: str
    summary: str
    fields: list[FieldView]
    moves: list[MoveView]
    refusal: RefusalView | None


class PreviewView(TypedDict):
    """What the values typed so far would do; `token` names the request it answers."""

    token: int
    step: str
    line: str
    effect: str
    refusal: RefusalView | None


class MovesView(TypedDict):
    """What can be done at the selection."""

    target: LoopRef | None
    target_facts: str
    steps: list[StepView]
    preview: PreviewView | None
    refusal: RefusalView | None


class HoleView(TypedDict):
    """A decision left open: its value and options as Python, `unlisted` more of which are not sent.

    A frozen one is left to nobody until it is open again.
    """

    name: str
    value: str
    options: list[str]
    unlisted: int
    is_frozen: bool


class TraceLine(TypedDict):
    """One step as Python; `recipe` is its name where the step stands for several.

    `cautions` says in sentences what the step, legal as it is, made slow. `holes` are those that no
    line before has.
    """

    index: int
    text: str
    recipe: str
    cautions: list[str]
    holes: list[HoleView]


class TraceView(TypedDict):
    """The schedule; `position` counts the steps in force, later lines can be redone."""

    head: str
    lines: list[TraceLine]
    position: int
    can_undo: bool
    can_redo: bool
    python: str
    refusal: RefusalView | None
    refused_line: int


class CodeKind(TypedDict):
    """A kind of generated text that the target can show."""

    kind: str
    title: str


class CodeLoop(TypedDict):
    """An innermost loop of the machine code: its line in the program, what a step does, in words.

    `remarks` says in sentences what is slow and what would do better.
    """

    line: int
    place: str
    words: str
    remarks: list[str]


class CodeView(TypedDict):
    """The generated text of one kind; `is_stale` when it belongs to an earlier program.

    `origins` has, for each line of the text, the line of the program that it comes from (0: none).
    `loops` are those of assembly that do most, the first most of all.
    """

    kinds: list[CodeKind]
    kind: str
    status: Literal["idle", "working", "ready", "failed"]
    text: str
    origins: list[int]
    facts: str
    loops: list[CodeLoop]
    reason: str
    is_stale: bool


class ResultView(TypedDict):
    """One measurement, with the state it belongs to; figures are 0 where it failed."""

    number: int
    label: str
    steps: int
    status: str
    reason: str
    median_s: float
    min_s: float
    spread: float
    repeats: int
    gflop_per_s: float
    gb_per_s: float
    share_of_peak: float
    peak_words: str
    agreement: str
    is_current: bool


class MeasureView(TypedDict):
    """The latest measurement and all before it."""

    status: Literal["idle", "working", "ready", "failed"]
    stage: str
    last: ResultView | None
    history: list[ResultView]
    reason: str


class TunerView(TypedDict):
    """A tuning run without its points, which travel as deltas."""

    status: Literal["idle", "starting", "running", "paused", "stopping", "done", "failed"]
    is_available: bool
    reason: str
    trials: int
    done: int
    failed: int
    failures: str
    best: str
    best_number: int
    unit: str
    elapsed_s: float
    eta_s: float | None
    database: str
    refusal: RefusalView | None


class Snapshot(TypedDict):
    """Everything a lab shows; `seq` grows with every change."""

    kind: Literal["snapshot"]
    seq: int
    name: str
    program: ProgramView
    moves: MovesView
    trace: TraceView
    code: CodeView
    measure: MeasureView
    tuner: TunerView


class Refused(RefusalView):
    """The answer to a request that was refused: nothing changed. `place` is the pane that asked."""

    kind: Literal["refusal"]
    place: str
