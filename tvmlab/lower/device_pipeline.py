"""The passes for a device, in order: from a scheduled program with bound loops to kernels.

Most are the processor's (`tvmlab.lower.pipeline`). Others are for machines with blocks and threads:
where those of the processor run threads in turn, these make them run at once.
"""

from __future__ import annotations

from collections.abc import Collection

from tvmlab.ir.program import Program
from tvmlab.lower.absent import skip_absent
from tvmlab.lower.alignment import align_storage
from tvmlab.lower.async_copies import keep_copies
from tvmlab.lower.barriers import write_barriers
from tvmlab.lower.bind import bind
from tvmlab.lower.compact import close_gaps
from tvmlab.lower.copy_waits import wait_for_copies
from tvmlab.lower.initialise import initialise
from tvmlab.lower.instructions import spell_out_but
from tvmlab.lower.lanes import spread_over_lanes
from tvmlab.lower.localise import localise
from tvmlab.lower.memories import place_memories
from tvmlab.lower.pipeline import Pass, simplify_program
from tvmlab.lower.pipelines import run_in_stages
from tvmlab.lower.predicates import settle_predicates
from tvmlab.lower.prefetches import write_prefetches
from tvmlab.lower.private_loops import write_out_private
from tvmlab.lower.registers import promote_registers
from tvmlab.lower.reuse import share_space
from tvmlab.lower.rounds import write_rounds
from tvmlab.lower.scratch import place_scratch
from tvmlab.lower.single_iterations import skip_single
from tvmlab.lower.storage import shrink_private, shrink_shared
from tvmlab.lower.thread_trees import fold_across_threads
from tvmlab.lower.threads import share_threads
from tvmlab.lower.vectorize import vectorize
from tvmlab.lower.virtual_threads import interleave
from tvmlab.lower.warps import execute_together, keep_tiles


def device_passes(instructions: Collection[str] = ()) -> tuple[Pass, ...]:
    """The passes for a device that executes `instructions`, named as programs print them."""

    def spell_out(program: Program) -> Program:
        kept = keep_copies(keep_tiles(program, instructions), instructions)
        return spell_out_but(kept, instructions)

    def fold_trees(program: Program) -> Program:
        return fold_across_threads(program, instructions)

    return (
        Pass("instructions", "instructions the device lacks are spelled out", spell_out),
        Pass("storage", "an intermediate shrinks to what one iteration needs", shrink_shared),
        Pass("threads", "loops over blocks and threads go around a kernel", share_threads),
        Pass("private storage", "what a thread keeps shrinks to what is its own", shrink_private),
        Pass("alignment", "rows are as far apart as was asked", align_storage),
        Pass("initialisation", "a reduction's first value is set before its loops", initialise),
        Pass("bindings", "blocks dissolve into the loops around them", bind),
        Pass("pipelines", "pipelined loops are filled, run steadily, and emptied", run_in_stages),
        Pass("virtual threads", "virtual threads interleave, statement by statement", interleave),
        Pass("single iterations", "loops of one iteration are gone", skip_single),
        Pass("simplification", "indices in simplest form", simplify_program),
        Pass("gaps", "what a thread keeps lies close together", close_gaps),
        Pass("private loops", "short loops over it are written out", write_out_private),
        Pass("lanes", "memory of a warp is registers of its threads", spread_over_lanes),
        Pass("trees of threads", "a tree is folded by all threads", fold_trees),
        Pass("shared space", "what lives at different times shares memory", share_space),
        Pass("barriers", "threads wait where one needs what another wrote", write_barriers),
        Pass("waits", "at barriers, copies that are not needed yet go on", wait_for_copies),
        Pass("warps", "threads of a warp execute its instructions together", execute_together),
        Pass("absent terms", "what a condition leaves out of a fold is skipped", skip_absent),
        Pass("predicates", "conditions leave inner loops; tails become tiles", settle_predicates),
        Pass("vectors", "vectorized loops become lanes, folds by a tree trees of them", vectorize),
        Pass("rounds", "several iterations a round, where a loop asks for it", write_rounds),
        Pass("locals", "intermediates of one iteration live in registers alone", localise),
        Pass("registers", "accumulators stay in registers through their fold", promote_registers),
        Pass(
            "prefetches", "what a loop reads some iterations later is asked for", write_prefetches
        ),
        Pass("memories", "shared and private intermediates live in their kernel", place_memories),
        Pass("scratch", "what an iteration has for itself lives on its stack", place_scratch),
        Pass("simplified lanes", "indices in simplest form once more", simplify_program),
    )


def lower_for_device(program: Program, instructions: Collection[str] = ()) -> Program:
    """A scheduled program as kernels and host parts: see `tvmlab.ir.kernel.parts_of`.

    Args:
        program: whose outermost loops are bound, but those of parts for the host.
        instructions: those that the device executes, by the names that programs print; they stay
            as `Invoke`, others are spelled out as loops. Those of `tvmlab.ir.shuffle` are used
            where they are among them.

    Raises:
        TargetError: nothing is bound, or a loop that is not bound goes around kernels.
    """
    for step in device_passes(instructions):
        program = step.run(program)
    return program
