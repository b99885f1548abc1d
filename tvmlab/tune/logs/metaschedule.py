"""MetaSchedule's tuning records, to look at.

A database of MetaSchedule is two files of JSON lines: workloads, `[hash, program]`, and records,
`[workload, [[instructions, decisions], [seconds, ..], target, arguments]]`, which name a workload
by its line, from 0 (apache/tvm v0.20, src/meta_schedule/database/json_database.cc and database.cc,
`TuningRecordNode::AsJSON`). The programs are serialised TVM objects that only TVM reads; a run's
title therefore says the workload's number and the shapes of its arguments.
"""

from __future__ import annotations

from typing import Any

from tvmlab.tune.logs.logged import LoggedRun
from tvmlab.tune.logs.values import durations

FAILED_S = 1e9
"""MetaSchedule writes 1e10 seconds for a candidate that failed."""


def recognises(data: Any) -> bool:
    """Whether a line is one of its tuning records, or of its workloads."""
    return isinstance(data, list) and len(data) == 2 and isinstance(data[0], (int, str))


def read(data: list[Any], runs: dict[str, LoggedRun]) -> None:
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
    run.add(times_s, "" if times_s else "failed", choices, None)


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
