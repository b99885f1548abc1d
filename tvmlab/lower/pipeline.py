"""The passes, in order. Each takes a valid program to a valid program with the same meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tvmlab.arith import simplify_stmt
from tvmlab.ir.program import Program
from tvmlab.lower.absent import skip_absent
from tvmlab.lower.alignment import align_storage
from tvmlab.lower.axes import take_turns
from tvmlab.lower.bind import bind
from tvmlab.lower.initialise import initialise
from tvmlab.lower.instructions import spell_out
from tvmlab.lower.localise import localise
from tvmlab.lower.pipelines import run_in_stages
from tvmlab.lower.predicates import settle_predicates
from tvmlab.lower.prefetches import write_prefetches
from tvmlab.lower.registers import promote_registers
from tvmlab.lower.rounds import write_rounds
from tvmlab.lower.scratch import place_scratch
from tvmlab.lower.storage import shrink_storage
from tvmlab.lower.vectorize import vectorize
from tvmlab.lower.virtual_threads import interleave


@dataclass(frozen=True)
class Pass:
    """One rewrite of a program.

    Attributes:
        name: a noun: what the pass settles.
        doc: one line for people.
        run: the rewrite.
    """

    name: str
    doc: str
    run: Callable[[Program], Program]


def simplify_program(program: Program) -> Program:
    """Every index in simplest form, every decided branch gone."""
    return program.with_body(simplify_stmt(program.body))


PASSES: tuple[Pass, ...] = (
    Pass("instructions", "instructions are spelled out as loops", spell_out),
    Pass("axes", "blocks of a grid run in parallel, threads one after the other", take_turns),
    Pass("storage", "an intermediate shrinks to what one iteration needs", shrink_storage),
    Pass("alignment", "rows are as far apart as was asked", align_storage),
    Pass("initialisation", "a reduction's first value is set before its loops", initialise),
    Pass("bindings", "blocks dissolve into the loops around them", bind),
    Pass("pipelines", "pipelined loops are filled, run steadily, and emptied", run_in_stages),
    Pass("virtual threads", "virtual threads interleave, statement by statement", interleave),
    Pass("simplification", "indices in simplest form", simplify_program),
    Pass("absent terms", "what a condition leaves out of a fold is skipped", skip_absent),
    Pass("predicates", "conditions leave inner loops; tails become tiles", settle_predicates),
    Pass("vectors", "vectorized loops become lanes, folds by a tree trees of them", vectorize),
    Pass("rounds", "several iterations a round, where a loop asks for it", write_rounds),
    Pass("locals", "intermediates of one iteration live in registers alone", localise),
    Pass("registers", "accumulators stay in registers through their reduction", promote_registers),
    Pass("prefetches", "what a loop reads some iterations later is asked for", write_prefetches),
    Pass("scratch", "what an iteration has for itself lives on its thread's stack", place_scratch),
    Pass("simplified lanes", "indices in simplest form once more", simplify_program),
)


def lower(program: Program) -> Program:
    """A scheduled program as loops, stores and branches over lanes and registers: no blocks.

    In the result `Ramp` stands for vectorized loops; a condition over lanes masks the stores below
    it; buffers of scope `register` are indexed by unrolled loops and constants only.
    """
    return lower_stages(program)[-1][1]


def lower_stages(program: Program) -> list[tuple[str, Program]]:
    """The program after each pass: `(pass name, program)`, in order, the input first."""
    stages = [("scheduled", program)]
    for step in PASSES:
        program = step.run(program)
        stages.append((step.name, program))
    return stages
