"""AutoTVM's log lines (version 0.2), to look at.

    {"input": [target, task, args, kwargs], "config": {"index": .., "entity": [[knob, kind, value],
     ..]}, "result": [[seconds, ..], error_no, all_cost, timestamp], "version": 0.2, ..}

(apache/tvm v0.10, python/tvm/autotvm/record.py, `encode`; the error numbers are `MeasureErrorNo` of
measure/measure.py.) Schedules of AutoTVM are code, which a log does not hold, so they cannot be
replayed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tvmlab.tune.logs.logged import LoggedRun
from tvmlab.tune.logs.told import Told, seconds_told, times_told
from tvmlab.tune.logs.values import durations, moment

ERRORS = (
    "", "instantiation error", "compile error (host)", "compile error (device)", "runtime error",
    "wrong answer", "build timeout", "run timeout", "unknown error",
)  # fmt: skip
"""`MeasureErrorNo` -> what it stands for; 0 is no error."""

YEAR_9999_S = 253_370_764_800
"""Seconds since 1970 at which calendars of ours end."""


def recognises(data: Any) -> bool:
    """Whether a line is one of AutoTVM's."""
    return isinstance(data, dict) and {"input", "config", "result"} <= data.keys()


def read(data: Mapping[str, Any], runs: dict[str, LoggedRun], line: int = 0) -> None:
    """Add a line to the run of its task and target, which is made where there is none.

    Raises:
        ValueError: the line is of another form, with the reason.
    """
    given, config, result = data["input"], data["config"], data["result"]
    if not isinstance(given, list) or len(given) < 3 or not isinstance(given[2], list):
        raise ValueError("`input` is not [target, task, args, ..]")
    if not isinstance(result, list) or len(result) != 4:
        raise ValueError("`result` is not [seconds, error_no, all_cost, timestamp]")
    target, task, args = str(given[0]), str(given[1]), given[2]
    error = result[1]
    if not isinstance(error, int) or isinstance(error, bool) or not 0 <= error < len(ERRORS):
        raise ValueError(f"error_no is {error!r}, which AutoTVM does not know")
    times_s = durations(result[0]) if error == 0 else ()
    title = f"{task}({', '.join(map(_argument, args))})"
    choices = _choices(config)
    run = runs.setdefault(f"{title} {target}", LoggedRun("AutoTVM", title, target))
    run.add(times_s, ERRORS[error], choices, moment(result[3]), line)


def told(data: Mapping[str, Any]) -> Told:
    """What a line says that `read` took."""
    given, config, (times, error, all_cost, at) = data["input"], data["config"], data["result"]
    facts = [("Task", str(given[1])), ("Target", str(given[0]))]
    facts += [(f"Argument {n}", _argument(value)) for n, value in enumerate(given[2])]
    facts += [(str(knob), _entity(kind, value)) for knob, kind, value in config["entity"]]
    facts += [("Configuration", f"number {config['index']}")] if "index" in config else []
    facts += times_told(times) if error == 0 else [("Failure", ERRORS[error])]
    if isinstance(all_cost, float | int):
        facts.append(("Building and measuring", seconds_told(all_cost)))
    seconds = moment(at)
    if seconds is not None and 0 <= seconds < YEAR_9999_S:
        facts.append(("Measured", f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"))
    return Told(
        facts,
        [],
        f"What these knobs do is code of TVM's template {given[1]}, which a log of AutoTVM does "
        "not hold: there is no program to show.",
    )


def _entity(kind: Any, value: Any) -> str:
    """What a knob was set to, as its kind means it."""
    if kind == "sp" and isinstance(value, list):
        return "split into " + " × ".join("rest" if n == -1 else str(n) for n in value)
    if kind == "re" and isinstance(value, list):
        return "order of the axes " + ", ".join(map(str, value))
    if kind == "an" and isinstance(value, list):
        return "annotated " + ", ".join(map(str, value))
    return str(value)


def _choices(config: Any) -> dict[str, Any]:
    """What each knob was set to."""
    entity = config.get("entity") if isinstance(config, dict) else None
    if not isinstance(entity, list) or not all(isinstance(e, list) and len(e) == 3 for e in entity):
        raise ValueError("`config` has no list of [knob, kind, value]")
    return {str(knob): str(value) for knob, _, value in entity}


def _argument(value: Any) -> str:
    """An argument of a task; a tensor is its shape and dtype."""
    if isinstance(value, list) and len(value) == 3 and value[0] == "TENSOR":
        shape = "x".join(map(str, value[1])) if isinstance(value[1], list) else str(value[1])
        return f"{shape} {value[2]}"
    return str(value)
