"""MetaSchedule's tuning records, to look at.

A database of MetaSchedule is two files of JSON lines: workloads, `[hash, program]`, and records,
`[workload, [[instructions, decisions], [seconds, ..], target, arguments]]`, which name a workload
by its line, from 0 (apache/tvm v0.20, src/meta_schedule/database/json_database.cc and database.cc,
`TuningRecordNode::AsJSON`). The programs are serialised TVM objects that only TVM reads; a run's
title therefore says the workload's number and the shapes of its arguments.
"""

from __future__ import annotations

import re
from typing import Any

from tvmlab.tune.logs.logged import LoggedRun
from tvmlab.tune.logs.told import Told, times_told
from tvmlab.tune.logs.values import durations

FAILED_S = 1e9
"""MetaSchedule writes 1e10 seconds for a candidate that failed."""


def recognises(data: Any) -> bool:
    """Whether a line is one of its tuning records, or of its workloads."""
    return isinstance(data, list) and len(data) == 2 and isinstance(data[0], (int, str))


def read(data: list[Any], runs: dict[str, LoggedRun], line: int = 0) -> None:
    """Add a record to the run of its workload, which is made where there is none.

    A line of the file of workloads adds nothing.

    Raises:
        ValueError: the record is of another form, with the reason.
    """
    workload, record = data
    if isinstance(workload, str):
        return
    if (
        not isinstance(record, list)
        or len(record) < 2
        or not isinstance(record[0], list)
        or len(record[0]) != 2
    ):
        raise ValueError("the record is not [[instructions, decisions], seconds, target, ..]")
    seconds = record[1]
    target = _target(record[2]) if len(record) > 2 else "an unknown target"
    title = f"workload {workload}{_arguments(record[3]) if len(record) > 3 else ''}"
    choices = _choices(*record[0])
    times_s = durations(seconds) if seconds else ()
    if any(t >= FAILED_S for t in times_s):
        times_s = ()
    run = runs.setdefault(f"{title} {target}", LoggedRun("MetaSchedule", title, target))
    run.add(times_s, "" if times_s else "failed", choices, None, line)


def told(data: list[Any]) -> Told:
    """What a record says that `read` took."""
    workload, record = data
    facts = [("Workload", f"number {workload}, whose program is in the file of workloads")]
    target = record[2] if len(record) > 2 else None
    if isinstance(target, dict):
        facts += [(f"Target: {name}", str(value)) for name, value in target.items()]
    elif target is not None:
        facts.append(("Target", str(target)))
    arguments = record[3] if len(record) > 3 and isinstance(record[3], list) else []
    facts += [(f"Argument {n}", _argument(value)) for n, value in enumerate(arguments)]
    times_s = durations(record[1]) if record[1] else ()
    failed = not times_s or any(t >= FAILED_S for t in times_s)
    facts += [("Failure", "no time was written")] if failed else times_told(times_s)
    instructions, decisions = record[0]
    decided = dict(decisions)
    steps = [_instruction(each, decided.get(n)) for n, each in enumerate(instructions)]
    return Told(
        facts,
        steps,
        "The record names its program by number, and that is an object which only TVM reads: there "
        "is no program to show, only what was done to it.",
    )


def _instruction(instruction: Any, decision: Any) -> str:
    """An instruction, `[kind, inputs, attributes, outputs]`, as a call."""
    if not isinstance(instruction, list) or len(instruction) != 4:
        return str(instruction)
    kind, inputs, attributes, outputs = instruction
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(kind)).lower()
    given = [*map(str, inputs), *map(repr, attributes)]
    given += [] if decision is None else [f"decision={decision}"]
    call = f"{name}({', '.join(given)})"
    return f"{', '.join(map(str, outputs))} = {call}" if outputs else call


def _argument(value: Any) -> str:
    """An argument of the program; a tensor is its shape and dtype."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[2], list):
        return f"{'x'.join(map(str, value[2]))} {value[1]}"
    return str(value)


def _target(value: Any) -> str:
    """A target's name: it is text, or an object with its kind."""
    return str(value.get("kind", value)) if isinstance(value, dict) else str(value)


def _arguments(value: Any) -> str:
    """The shapes of the arguments: `["TENSOR", dtype, shape]` each."""
    if not isinstance(value, list):
        return ""
    shapes = [a[2] for a in value if isinstance(a, list) and len(a) == 3 and isinstance(a[2], list)]
    return "(" + ", ".join("x".join(map(str, shape)) for shape in shapes) + ")"


def _choices(instructions: Any, decisions: Any) -> dict[str, Any]:
    """What each sampling instruction decided, by its kind and place: `[place, decision]` each."""
    if not isinstance(instructions, list) or not isinstance(decisions, list):
        raise ValueError("instructions and decisions are no lists")
    found: dict[str, Any] = {}
    for decision in decisions:
        if not isinstance(decision, list) or len(decision) != 2:
            raise ValueError(f"{decision!r} is no [place, decision]")
        place, value = decision
        if not isinstance(place, int) or not 0 <= place < len(instructions):
            raise ValueError(f"there is no instruction {place!r}")
        kind = instructions[place][0] if isinstance(instructions[place], list) else "?"
        found[f"{kind} {place}"] = str(value)
    return found
