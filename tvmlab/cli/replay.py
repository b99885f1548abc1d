"""`tvmlab replay`: rebuild the schedule of a trace file, check it and time it.

The file is read through a whitelist and never run. The kernel runs in a process of its own, so that
a trace which breaks it is an answer, not a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tvmlab import api
from tvmlab.cli.arguments import Parser, extents, names, one_of, whole_number
from tvmlab.cli.asked import asked_for
from tvmlab.cli.files import read_bytes
from tvmlab.cli.verdict import measure, report
from tvmlab.errors import TraceError
from tvmlab.ir.program import For
from tvmlab.ir.walk import blocks, stmts
from tvmlab.schedule import State, Trace, parse_document
from tvmlab.schedule.handle import Schedule
from tvmlab.targets import TARGETS
from tvmlab.te import Tensor
from tvmlab.te.serial import from_json, to_json
from tvmlab.tune.title import title

USAGE = "TRACE.json [OP --shape ... [--constant NAMES]] [--target cpu] [--seed 0] [--code]"
MORE = """\
A trace file is what `tvmlab tune --out` and s.trace.to_json() write, and what the lab downloads.
It holds the expression; name OP and --shape to make sure it is the one you mean, or to replay a
file that holds the steps alone.

examples:
  tvmlab replay best.json
  tvmlab replay best.json matmul --shape 512,512,512

exit codes: 0 right and timed, 1 wrong or failed, 2 not a trace that can be replayed"""


def run(words: list[str]) -> int:
    """Replay, print what came of it, and say by the exit code whether it is right."""
    parser = Parser("replay", USAGE, "Rebuild a schedule, check it and time it.", MORE)
    parser.add_argument("trace", metavar="TRACE.json", type=Path, help="what to replay")
    parser.add_argument("op", metavar="OP", nargs="?", help="the operator it must be of")
    parser.add_argument("--shape", type=extents, help="the operator's numbers, e.g. 512,512,512")
    parser.add_argument(
        "--constant", default=(), type=names, help="its inputs that must be constant"
    )
    parser.add_argument("--target", default="cpu", type=one_of("--target", TARGETS))
    parser.add_argument(
        "--seed", default=0, type=whole_number("--seed", 0), help="seeds the inputs"
    )
    parser.add_argument("--code", action="store_true", help="print the program as well")
    given = parser.parse_args(words)
    if (given.op is None) != (given.shape is None):
        parser.error("OP and --shape belong together")
    if given.constant and given.op is None:
        parser.error("--constant belongs to OP and --shape")
    expected = None
    if given.op is not None:
        expected = asked_for(given.op, given.shape, given.constant).tensors
    schedule = rebuild(given.trace, expected)
    print(about(schedule.state), flush=True)
    if given.code:
        print(f"\n{schedule}\n")
    outcome = measure(schedule.state, given.target, given.seed)
    for line in report(schedule.state, outcome):
        print(line)
    return 0 if outcome.is_ok else 1


def rebuild(path: Path, expected: Sequence[Tensor] | None) -> Schedule:
    """The schedule that a trace file holds.

    Args:
        path: the file.
        expected: what the trace must be of; what it says itself if left out.

    Raises:
        UsageError: the file cannot be read.
        TraceError: it is no trace, of another version or expression, or has an unknown step.
        ScheduleError: a step is illegal.
    """
    text = read_bytes(path, "the trace")
    if expected is not None:
        return api.replay(expected, text)
    workload = parse_document(text).get("workload")
    if workload is None:
        raise TraceError(
            f"the trace {path} holds steps but not the expression they are for; "
            f"name it, as in `tvmlab replay {path} matmul --shape 512,512,512`."
        )
    return api.replay(from_json(workload), text)


def about(state: State) -> str:
    """What the program computes, how large it is, and the steps that made it."""
    what = title(to_json(state.outputs), state.program.name)
    loops = sum(isinstance(s, For) for s in stmts(state.program.body))
    parts = [f"{len(list(blocks(state.program.body)))} block(s)", f"{loops} loop(s)"]
    lines = "\n".join(f"           {line}" for line in Trace(state).lines)
    steps = f"{state.depth} step(s)" + (f"\n{lines}" if lines else "")
    return f"workload   {what}\nprogram    {', '.join(parts)} after {steps}"
