"""The kernels of a state as a lab shows them: accesses, occupancy, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tvmlab.analysis.bank_conflicts import BankConflicts, bank_conflicts
from tvmlab.analysis.coalescing import Coalescing, coalescing
from tvmlab.analysis.constant_part import timed_part
from tvmlab.analysis.estimate import (
    Estimate,
    GpuFacts,
    estimate_on_gpu,
    shared_bytes,
    told_registers,
)
from tvmlab.analysis.kernel_accesses import REGISTERS, KernelAccess, kernel_accesses
from tvmlab.analysis.launch import Launch, launches
from tvmlab.analysis.occupancy import occupancy
from tvmlab.analysis.thread_places import Unclear
from tvmlab.errors import TvmlabError
from tvmlab.ir.expr import Var
from tvmlab.ir.printer import print_program
from tvmlab.ir.program import Barrier, For, Program, Seq, Store
from tvmlab.ir.walk import blocks_with_loops, stmts
from tvmlab.lower.device_pipeline import device_passes
from tvmlab.lower.storage import shrink_shared
from tvmlab.measure.figures import figure
from tvmlab.schedule import State
from tvmlab.view.engine import Allotted
from tvmlab.view.schema import AccessView, BarrierView, KernelView, LoopRef, OccupancyRow

THREADS = (32, 64, 128, 192, 256, 384, 512, 768, 1024)
"""Threads of a block for which the occupancy is told, beside those there are."""

Told = Coalescing | BankConflicts | Unclear | None


def as_launched(program: Program) -> Program:
    """A scheduled program with what blocks of threads share as small as lowering makes it."""
    return shrink_shared(program)


def estimate_of(state: State, gpu: GpuFacts) -> Estimate:
    """How long the kernels of a call take on a GPU. What is made of constants alone is made once,
    and is in no time.

    Raises:
        TvmlabError: nothing can be told: a nest is bound to no axis.
    """
    return estimate_on_gpu(as_launched(timed_part(state.program)), gpu)


@dataclass(frozen=True)
class Kernels:
    """What was found of the kernels of a state.

    Attributes:
        state: the state.
        program: its program as launched.
        launches: its kernels.
        accesses: their loads and stores, with what is known of each.
        lines: the line of each loop and block in the printed program, from 1.
        barriers: where threads wait for each other: the block before which they do, and what of.
        allotted: registers of a thread of each kernel; none where no compiler says.
    """

    state: State
    program: Program
    launches: tuple[Launch, ...]
    accesses: tuple[tuple[KernelAccess, Told], ...]
    lines: Mapping[Var | str, int]
    barriers: tuple[tuple[str, str], ...]
    allotted: tuple[Allotted, ...]

    @classmethod
    def of(cls, state: State, allotted: Sequence[Allotted] = ()) -> Kernels:
        """The kernels of a state, to each of which a compiler may have allotted registers.

        Raises:
            UsageError: their sizes are not known.
        """
        program = as_launched(state.program)
        every = kernel_accesses(program)
        told = [(what, coalescing(what) or bank_conflicts(what)) for what in every]
        lines = print_program(state.program).line_of()
        found = tuple(launches(program))
        barriers = tuple(_barriers(state.program)) if found else ()
        known = tuple(allotted) if len(allotted) == len(found) else ()
        return cls(state, program, found, tuple(told), lines, barriers, known)

    def kernel_views(self, gpu: GpuFacts) -> list[KernelView]:
        """Each kernel's geometry and what of it fits on a multiprocessor."""
        own = self.allotted or [self._told(launch) for launch in self.launches]
        pairs = zip(self.launches, own, strict=True)
        return [self._kernel_view(launch, known, gpu) for launch, known in pairs]

    def _told(self, launch: Launch) -> Allotted:
        own = [what for what, _ in self.accesses if what.launch.kernel is launch.kernel]
        return Allotted(told_registers(own), "told from its sums; no compiler was asked")

    def _kernel_view(self, launch: Launch, known: Allotted, gpu: GpuFacts) -> KernelView:
        memory, registers = shared_bytes(self.program, launch), known.registers

        def row(threads: int) -> OccupancyRow:
            held = occupancy(gpu.one, threads, registers, memory)
            return {
                "threads": threads,
                "blocks": held.blocks,
                "warps": held.warps,
                "share": held.share,
                "limiting": " and ".join(held.limiting),
                "is_own": threads == launch.threads,
            }

        now = row(launch.threads)
        return {
            "line": self.lines.get(launch.kernel.var, 0),
            "at": self._loop_ref(launch.kernel),
            "grid": list(launch.grid),
            "threads": list(launch.block),
            "virtual": launch.virtual,
            "warps": launch.warps,
            "shared_bytes": memory,
            "registers": registers,
            "registers_words": known.by,
            "words": _held_words(now, launch, gpu),
            "occupancy": [row(n) for n in sorted({*THREADS, launch.threads})],
        }

    def _loop_ref(self, loop: For) -> LoopRef | None:
        for block, loops in blocks_with_loops(self.program.body):
            if loop in loops:
                return {"block": block.name, "loop": loop.var.name}
        return None

    def barrier_views(self) -> list[BarrierView]:
        """Where threads wait for each other, in the order of the program."""
        return [
            {"line": self.lines.get(block, 0), "words": f"before {block}: {buffers} is handed over"}
            for block, buffers in self.barriers
        ]

    def access_views(self) -> list[AccessView]:
        """Each load and store, with its figures and in words."""
        return [self._access_view(n, *pair) for n, pair in enumerate(self.accesses)]

    def _access_view(self, number: int, what: KernelAccess, told: Told) -> AccessView:
        access = what.access
        kernel = [launch.kernel for launch in self.launches].index(what.launch.kernel)
        loop = next((o for o in reversed(access.loops) if o.kind == "bound"), None)
        figure, least, share = _figures(told)
        return {
            "number": number,
            "kernel": kernel,
            "name": what.name,
            "memory": what.memory,  # type: ignore[typeddict-item]
            "block": access.block,
            "line": self.lines.get(access.block, 0),
            "at": {"block": access.block, "loop": loop.var.name} if loop is not None else None,
            "figure": figure,
            "least": least,
            "share": share,
            "step": _step_words(told),
            "width": told.width if isinstance(told, (Coalescing, BankConflicts)) else 1,
            "words": access_words(what, told),
        }


def _barriers(program: Program) -> Iterator[tuple[str, str]]:
    """The block before which each barrier stands, and the buffers that threads hand over there;
    none where the program is in no form that a device runs."""
    try:
        for step in device_passes():
            program = step.run(program)
            if step.name == "barriers":
                break
    except TvmlabError:
        return
    for stmt in stmts(program.body):
        parts = stmt.stmts if isinstance(stmt, Seq) else ()
        for n, part in enumerate(parts):
            if isinstance(part, Barrier):
                after = (s for later in parts[n + 1 :] for s in stmts(later))
                block = next((s.source for s in after if isinstance(s, Store) and s.source), "")
                yield block or "", ", ".join(buffer.name for buffer in part.buffers)


def _figures(told: Told) -> tuple[float, float, float]:
    if isinstance(told, Coalescing):
        return told.per_request, told.least_per_request, told.efficiency
    if isinstance(told, BankConflicts):
        return float(told.ways), 1.0, told.least_turns / told.turns if told.turns else 1.0
    return 0.0, 0.0, 1.0 if told is None else 0.0


def access_words(what: KernelAccess, told: Told) -> str:
    """An access in a sentence or two."""
    kept = f" A register holds it through {', '.join(what.kept)}." if what.kept else ""
    if what.memory == REGISTERS:
        return f"{what.access.buffer.name} is in registers of its own for each thread.{kept}"
    if isinstance(told, Unclear):
        return f"Nothing is told: {told.why}.{kept}"
    if isinstance(told, BankConflicts):
        if not told.requests:
            return "It never happens."
        if told.ways == 1:
            return f"No two lanes wait for one bank of shared memory.{kept}"
        mean = f", {figure(told.mean_ways)} on average" if told.mean_ways != told.ways else ""
        return (
            f"Lanes of a warp take {told.ways} turns at one bank of shared memory{mean}, where 1 "
            f"would do.{kept}"
        )
    assert isinstance(told, Coalescing), "global memory is read or written"
    if not told.requests:
        return "It never happens."
    found, least = told.per_request, told.least_per_request
    words = f"A request of a warp touches {figure(found)} sector{'s' * (found != 1)} of 32 bytes"
    enough = (
        ", the least there can be" if told.efficiency == 1 else f", where {figure(least)} would do"
    )
    return f"{words}{enough}.{kept}"


def _step_words(told: Told) -> str:
    """How far the next thread of a warp is, in elements."""
    if not isinstance(told, (Coalescing, BankConflicts)):
        return ""
    if told.lane_step is None:
        return "varies"
    return f"{told.lane_step:+,}" if told.lane_step else "same"


def _held_words(row: OccupancyRow, launch: Launch, gpu: GpuFacts) -> str:
    """How much of a multiprocessor a kernel fills, and why no more."""
    if not row["blocks"]:
        return (
            f"A block does not fit into a multiprocessor of the {gpu.name}, for want of "
            f"{row['limiting']}."
        )
    most = row["blocks"] * gpu.multiprocessors
    rounds = -(-launch.blocks // most)
    allow = "allows" if row["limiting"] == "shared memory" else "allow"
    blocks = f"{row['blocks']} blocks" if row["blocks"] > 1 else "1 block"
    held = (
        f"{blocks}, {row['warps']} of {gpu.one.warps} warps ({100 * row['share']:.0f} %), on a "
        f"multiprocessor of the {gpu.name} at a time; {row['limiting']} {allow} no more"
    )
    few = (
        f"the grid's {launch.blocks:,} blocks leave {gpu.multiprocessors - launch.blocks} of "
        f"{gpu.multiprocessors} multiprocessors idle"
        if launch.blocks < gpu.multiprocessors
        else f"the grid's {launch.blocks:,} blocks take {rounds:,} round{'s' * (rounds > 1)}"
    )
    return f"{held}. {few[0].upper()}{few[1:]}."
