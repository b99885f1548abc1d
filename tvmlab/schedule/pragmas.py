"""Annotations with a meaning: what each promises, and whether it holds.

An annotation is plain data on a loop. Those named here are read by lowering, so they are proved
when they are made (`annotate`) and again after every later step; any other is kept and printed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tvmlab.analysis.code_size import times_written
from tvmlab.analysis.ownership import OWNED, handed_on
from tvmlab.analysis.pipelining import ORDER, STAGE, order_of, pipeline_problem, stages_of
from tvmlab.analysis.prefetching import PREFETCH, ahead_of, prefetch_problem
from tvmlab.analysis.streaming import NONTEMPORAL, streaming_problem
from tvmlab.ir.axis import axis_of, axis_problem, kernels
from tvmlab.ir.facts import kept_with_statement
from tvmlab.ir.parallel_chunks import CHUNKS
from tvmlab.ir.parallel_chunks import KEY as CHUNKS_KEY
from tvmlab.ir.program import For, Program, Stmt
from tvmlab.ir.walk import nests, stmts
from tvmlab.schedule.find import sites

Value = str | int | tuple[int, ...]

MAX_COPIES = 512
"""Copies of a block's body in one nest: beyond it compilation takes seconds for no gain."""


class Problem(NamedTuple):
    """Why an annotation does not hold, and what would do."""

    why: str
    instead: str


Check = Callable[[Program, For, Value], Problem | None]


def copies_of(program: Program, loop: For) -> int:
    """How many copies of a body unrolling makes in the nest around and inside `loop`."""
    around = [o for site in sites(program) if loop in site.loops for o in site.loops]
    inside = [s for s in stmts(loop.body) if isinstance(s, For)]
    return times_written(list({id(o): o for o in (*around, loop, *inside)}.values()))


def _unroll(program: Program, loop: For, value: Value) -> Problem | None:
    """`unroll=k`: k iterations of the loop are written out in every round of the machine code."""
    if not isinstance(loop.extent, int):
        return Problem(
            f"its extent {loop.extent!r} is known only at a call, and rounds are counted before",
            "split it by that number and unroll the inner loop",
        )
    if not isinstance(value, int) or not 2 <= value <= loop.extent:
        return Problem(
            f"{value!r} is no number of iterations to write out",
            f"give a whole number from 2 to {loop.extent}",
        )
    if loop.kind != "serial":
        return Problem(f"the loop is {loop.kind}", "annotate a serial loop")
    copies = value * copies_of(program, loop) // times_written([loop])
    if copies > MAX_COPIES:
        return Problem(
            f"that makes {copies} copies of the body; more than {MAX_COPIES} take seconds to "
            "compile",
            "give a smaller number",
        )
    return None


def _thread(program: Program, loop: For, value: Value) -> Problem | None:
    """`thread=axis`: the loop is bound to that axis of its kernel."""
    kernel = next(k for k in kernels(program.body) if loop in stmts(k))
    problem = axis_problem(kernel)
    return Problem(problem, "bind another axis") if problem is not None else None


def _stage(program: Program, loop: For, value: Value) -> Problem | None:
    """`software_pipeline_stage=[0, 1, ...]`: the stage of each statement of the body."""
    return _pipelined(program, loop, value, order_of(loop))


def _order(program: Program, loop: For, value: Value) -> Problem | None:
    """`software_pipeline_order=[...]`: the statements' places among those of one time."""
    stages = stages_of(loop)
    if stages is None:
        return Problem("the loop has no stages", f"annotate {STAGE} first")
    return _pipelined(program, loop, stages, value)


def _pipelined(program: Program, loop: For, stages: Value, order: Value) -> Problem | None:
    instead = "let each statement be in the stage of what it needs, or in a later one"
    if not isinstance(stages, tuple) or not isinstance(order, tuple):
        return Problem(f"{stages!r} is no list of stages", "give one number for each statement")
    problem = pipeline_problem(program, loop, stages, order)
    return Problem(problem, instead) if problem is not None else None


def _prefetch(program: Program, loop: For, value: Value) -> Problem | None:
    """`prefetch="A@4, B@y+1"`: what is read of A four iterations later, and of B in the next
    iteration of the loop y around, is brought into the caches."""
    ahead = ahead_of(value)
    if ahead is None:
        return Problem(f"{value!r} names no buffers with distances", 'write "A@4, B@1"')
    others = [key for key, _ in loop.annotations if key != PREFETCH]
    if others:
        return Problem(
            f"the loop carries {others[0]} as well, which does not keep its iterations apart",
            "choose another loop, or keep one of the two",
        )
    for name, distance, along in ahead:
        around = _around(program, loop, along) if along else loop
        if around is None:
            return Problem(f"no loop {along} is around it", "name a loop that is")
        problem = prefetch_problem(around, name, distance, loop)
        if problem is not None:
            return Problem(*problem)
    return None


def _chunks(program: Program, loop: For, value: Value) -> Problem | None:
    """`chunks="static"`: even shares of a parallel loop, each run in one go."""
    if loop.kind != "parallel":
        return Problem(f"the loop is {loop.kind}", "annotate a parallel loop")
    if value not in CHUNKS:
        return Problem(f"there are no {value!r} chunks", f"choose {' or '.join(CHUNKS)}")
    return None


def _around(program: Program, loop: For, name: str) -> For | None:
    """The loop of that name around another."""
    for site in sites(program):
        if loop in site.loops:
            outer = site.loops[: site.loops.index(loop)]
            return next((o for o in outer if o.var.name == name), None)
    return None


def _nontemporal(program: Program, loop: For, value: Value) -> Problem | None:
    """`nontemporal="Y"`: what the loop writes to Y passes the caches by."""
    if not isinstance(value, str):
        return Problem(f"{value!r} names no buffer", 'write the name of one, such as "C"')
    problem = streaming_problem(program, loop, value)
    return Problem(*problem) if problem is not None else None


PRAGMAS: dict[str, Check] = {
    "unroll": _unroll,
    "thread": _thread,
    STAGE: _stage,
    ORDER: _order,
    PREFETCH: _prefetch,
    CHUNKS_KEY: _chunks,
    NONTEMPORAL: _nontemporal,
}
"""What each annotation with a meaning requires."""

RESERVED = ("thread",)
"""Annotations that a step of their own makes."""


def problem_of(program: Program, loop: For, key: str, value: Value) -> Problem | None:
    """Why the annotation does not hold at a loop of `program`; None where it does."""
    check = PRAGMAS.get(key)
    return check(program, loop, value) if check is not None else None


def _promises(program: Program) -> list[tuple[For, str, Value]]:
    return [promise for nest in nests(program.body) for promise in _promises_of(nest)]


@kept_with_statement
def _promises_of(nest: Stmt) -> tuple[tuple[For, str, Value], ...]:
    loops = [s for s in stmts(nest) if isinstance(s, For) and s.annotations]
    return tuple((loop, key, value) for loop in loops for key, value in loop.annotations)


@lru_cache(maxsize=16)
def has_promises(program: Program) -> bool:
    """Whether a loop carries an annotation with a meaning."""
    return any(key in PRAGMAS for _, key, _ in _promises(program))


def broken_promise(program: Program) -> tuple[str, str, Problem] | None:
    """The loop, the key and the problem of the first annotation that does not hold."""
    for loop, key, value in _promises(program):
        problem = problem_of(program, loop, key, value)
        if problem is not None:
            return loop.var.name, key, problem
    for buffer in program.buffers:
        apart = handed_on(program, buffer, buffer.scope) if buffer.scope in OWNED else None
        if apart is not None:
            why = (
                f"{axis_of(apart)} would hand {buffer.name} from one iteration to another, and "
                f"{buffer.scope} memory is not shared so"
            )
            return apart.var.name, "thread", Problem(why, "choose a wider scope")
    return None
