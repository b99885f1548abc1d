"""Our kernel with its weights laid out before: a schedule cut into what is done once and the rest.

Other libraries are given the weights of a layer beforehand and may lay them out outside the timing.
So may we: the parts of a schedule that read weights alone, as the copies that `cache_read` makes of
them, become a kernel of their own that runs once, and hand their results to the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peers.call import Array, has_weights

from tvmlab import targets
from tvmlab.api import Schedule
from tvmlab.ir.arrays import empty
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.program import Program, Seq, Stmt, Store
from tvmlab.ir.walk import exprs, exprs_of, stmts
from tvmlab.lower.pipeline import lower
from tvmlab.ops import Workload
from tvmlab.targets.target import Kernel, Signature

WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "matmul": (1,),
    "narrow_matmul": (1,),
    "conv2d": (1,),
    "conv2d_bias_relu": (1, 2),
    "depthwise_conv2d": (1,),
    "depthwise_bn_relu": (1, 2, 3),
    "dense": (1, 2),
    "lstm": (1,),
    "gru": (1,),
}
"""Which inputs stay the same from call to call, by operator."""


def weights_of(workload: Workload) -> tuple[int, ...]:
    """The places of the workload's weights among its inputs."""
    if workload.name == "matmul" and not has_weights(workload):
        return ()
    return WEIGHTS.get(workload.name, ())


def with_packing(config: Mapping[str, Any], options: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """A configuration that lays the weights out, where that is a choice: it costs nothing now."""
    found = dict(config)
    if found.get("pack") == "none" and "right" in options["pack"]:
        found["pack"] = "right"
    if "weights" in found:
        found["weights"] = "first"
    return found


def cut(program: Program, weights: Sequence[Buffer]) -> tuple[Program, Program] | None:
    """What reads `weights` alone, and the rest; None where nothing does.

    The first takes the weights and gives what the second reads of it; the second takes the inputs
    it still reads, and then that.
    """
    body = program.body.stmts if isinstance(program.body, Seq) else (program.body,)
    known, once, always = set(weights), [], []
    for stmt in body:
        read, written = _touched(stmt)
        if read <= known | written and written <= set(program.buffers):
            known |= written
            once.append(stmt)
        else:
            always.append(stmt)
    if not once:
        return None
    rest = Seq(always)
    read, written = _touched(rest)
    handed = [b for b in program.buffers if b in known and b in read]
    first = program.outputs
    inputs, outputs = program.params[:-first], program.params[-first:]
    before = Program(
        program.name + "_once",
        [*weights, *handed],
        len(handed),
        [b for b in program.buffers if b in known and b not in handed],
        Seq(once),
    )
    after = Program(
        program.name,
        [*(b for b in inputs if b in read), *handed, *outputs],
        program.outputs,
        [b for b in program.buffers if b not in known],
        rest,
    )
    return before, after


def _touched(stmt: Stmt) -> tuple[set[Buffer], set[Buffer]]:
    """The buffers read and written below a statement."""
    read: set[Buffer] = set()
    written: set[Buffer] = set()
    for each in stmts(stmt):
        if isinstance(each, Store):
            written.add(each.buffer)
        for expr in exprs_of(each):
            read |= {e.buffer for e in exprs(expr) if isinstance(e, Load)}
    return read, written


def prepared(
    schedule: Schedule, workload: Workload, arrays: Sequence[Array]
) -> tuple[Kernel, list[Array]] | None:
    """A kernel whose weights are laid out, and the arrays it takes but for its output.

    None where the schedule does nothing to its weights alone.
    """
    places = weights_of(workload)
    program = schedule.mod
    parts = cut(program, [program.params[n] for n in places])
    if parts is None:
        return None
    before, after = parts
    handed = {b: empty([int(e) for e in b.shape], b.dtype) for b in before.params[len(places) :]}
    kernel_of(before)(*(arrays[n] for n in places), *handed.values())
    given = dict(zip(program.params, arrays, strict=False)) | handed
    return kernel_of(after), [given[b] for b in after.params[: -after.outputs]]


def kernel_of(program: Program) -> Kernel:
    """The compiled kernel of a scheduled program."""
    machine = targets.get("cpu")
    lowered = lower(program)
    return machine.build(machine.emit(lowered), Signature.of(lowered))
