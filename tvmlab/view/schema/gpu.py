"""How the kernels of a program lie on a GPU: who touches what, how well, and what fits at once."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.explain import ElsewhereView
from tvmlab.view.schema.locality import LoopValue
from tvmlab.view.schema.loop import LoopRef
from tvmlab.view.schema.refusal import RefusalView


class OccupancyRow(TypedDict):
    """Blocks and warps on a multiprocessor for blocks of so many threads; `share` is of the warps
    there may be, `limiting` the resource that allows no more."""

    threads: int
    blocks: int
    warps: int
    share: float
    limiting: str
    is_own: bool


class KernelView(TypedDict):
    """A kernel: its geometry along x, y and z, what a block takes, and what fits.

    `registers` are of a thread, and `registers_words` say where the number is from.
    """

    line: int
    at: LoopRef | None
    grid: list[int]
    threads: list[int]
    virtual: int
    warps: int
    shared_bytes: int
    registers: int
    registers_words: str
    words: str
    occupancy: list[OccupancyRow]


class AccessView(TypedDict):
    """A load or store of a kernel, at the program's line `line` (0: none).

    Of global memory `figure` is sectors a request and `least` what would do; of shared memory turns
    of the slowest lanes and 1; where nothing is known both are 0. `share` is what is used of what
    is handed out, at most 1. `words` say all of it in a sentence.
    """

    number: int
    kernel: int
    name: str
    memory: Literal["global", "shared", "registers"]
    block: str
    line: int
    at: LoopRef | None
    figure: float
    least: float
    share: float
    step: str
    width: int
    words: str


class MappingView(TypedDict):
    """Which threads of a block touch which elements of a buffer at one moment.

    The buffer is a grid: all dimensions but the last are rows, the last are columns. `rows` and
    `columns` are those shown, `threads` has row by row the least thread that touches an element
    (-1: none) and `counts` how many do. `boxes` are what blocks touch in all, and `box` what the
    chosen one does: first row and column, and how many of each.
    """

    access: int
    buffer: str
    facts: str
    grid: list[int]
    block: list[int]
    moment: int
    moments: int
    loops: list[LoopValue]
    rows: list[int]
    columns: list[int]
    threads: list[int]
    counts: list[int]
    all_rows: int
    all_columns: int
    boxes: list[list[int]]
    box: list[int]
    words: str


class BarrierView(TypedDict):
    """Where the threads of a block wait for each other: before the program's line `line`."""

    line: int
    words: str


class GpuMachineView(TypedDict):
    """A GPU to think of: the one it begins with, its multiprocessors, and what each of them has:
    kilobytes of shared memory, and thousands (1024) of registers."""

    gpu: str
    multiprocessors: int
    shared_kb: int
    registers_k: int


class TargetView(TypedDict):
    """A target to make code for: its name, what people call it, and why it cannot run here."""

    name: str
    title: str
    problem: str


class GpuView(TypedDict):
    """What was found of the kernels last; stale where it is of another state.

    `states` are the schedules compared, on the GPU as it is and as it is thought of; `told` says
    why the one shown is not among them, where that is so. `target_told` says what is wrong with the
    schedule on the target, or why that cannot run here.
    """

    status: Literal["idle", "working", "ready", "failed"]
    reason: str
    is_stale: bool
    target: str
    targets: list[TargetView]
    target_told: str
    gpus: list[str]
    machine: GpuMachineView
    this_machine: GpuMachineView
    kernels: list[KernelView]
    accesses: list[AccessView]
    mapping: MappingView | None
    barriers: list[BarrierView]
    states: list[ElsewhereView]
    told: str
    refusal: RefusalView | None
