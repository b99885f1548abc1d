"""What a learner hands in: schedules as traces, and settings such as a choice.

Read from text alone, by whitelist: a trace as JSON, what a lab leaves in a notebook, lines of
Python, or a choice. Of Python only steps and settings count, so a cell that makes its schedule and
hands it in can be read as it stands; nothing is run. Times that a file claims are not looked at.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tvmlab.errors import TraceError
from tvmlab.schedule import State, parse_document, replay_python, steps_of
from tvmlab.te.serial import to_json

SETTINGS = ("choice", "confidence", "model", "features")
"""What an answer may set, beside schedules."""

NEXT = re.compile(r"^# ---.*$", re.MULTILINE)
"""A line between two schedules of one answer."""


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes:
        traces: schedules, each as a JSON document or as lines of Python.
        settings: name -> value, of `SETTINGS`.
        goes_on: whether the lines of Python go on from where the exercise begins.
    """

    traces: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    goes_on: bool = False


def read_answer(text: str) -> Answer:
    """The answer that a text says.

    Raises:
        TraceError: it is neither JSON nor Python.
    """
    stripped = text.strip()
    if stripped.startswith(("{", "[", '"')):
        try:
            return answer_of(json.loads(stripped))
        except (ValueError, RecursionError) as error:
            raise TraceError(f"the answer begins like JSON and is none ({error}).") from None
    parts = [_python(part) for part in NEXT.split(stripped)]
    settings = {name: value for part in parts for name, value in part.settings.items()}
    traces = tuple(trace for part in parts for trace in part.traces)
    return Answer(traces, settings, any(part.goes_on for part in parts))


def answer_of(data: Any) -> Answer:
    """The answer that plain data say: a trace document, several, what a lab leaves, a choice.

    Raises:
        TraceError: none of these.
    """
    if isinstance(data, str):
        return Answer(settings={"choice": data})
    if isinstance(data, list):
        found = [answer_of(each) for each in data]
        return Answer(tuple(trace for each in found for trace in each.traces))
    if not isinstance(data, dict):
        raise TraceError(f"an answer is a trace or a choice, not {str(data)[:40]!r}.")
    if "tvmlab_trace" in data:
        return Answer((json.dumps(data),))
    traces = data.get("traces", [data["trace"]] if "trace" in data else [])
    settings = {name: data[name] for name in SETTINGS if name in data}
    if not isinstance(traces, list) or not (traces or settings):
        raise TraceError(f"the answer has neither a trace nor any of {', '.join(SETTINGS)}.")
    return Answer(
        tuple(each if isinstance(each, str) else json.dumps(each) for each in traces), settings
    )


def _python(text: str) -> Answer:
    """Steps and settings of some lines of Python; what only frames them is left out."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise TraceError(f"line {error.lineno} of the answer is not Python: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise TraceError(f"the answer is not Python ({error}).") from None
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        value = tree.body[0].value
        if isinstance(value, ast.Name | ast.Constant):
            return Answer(
                settings={"choice": value.id if isinstance(value, ast.Name) else value.value}
            )
    settings: dict[str, Any] = {}
    kept: list[str] = []
    goes_on = False
    for node in tree.body:
        named = _setting(node)
        if named is not None:
            settings[named[0]] = named[1]
        elif not _is_frame(node):
            kept.append(ast.unparse(node))
        elif ".exercise(" in ast.unparse(node):
            goes_on = True
    return Answer(("\n".join(kept),) if kept or not settings else (), settings, goes_on)


def _setting(node: ast.stmt) -> tuple[str, Any] | None:
    """Name and value of `choice = "memory"`; None for another statement."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if (
            isinstance(target, ast.Name)
            and target.id in SETTINGS
            and isinstance(node.value, ast.Constant)
        ):
            return target.id, node.value.value
    return None


def _is_frame(node: ast.stmt) -> bool:
    """Whether a statement is no step: an import, or a call of or on a name, as `t.grade(s)`,
    `s = t.create_schedule(C)`."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    while isinstance(value, ast.Call | ast.Attribute):
        value = value.func if isinstance(value, ast.Call) else value.value
    is_recipe = isinstance(node, ast.Expr) and ".recipe(" in ast.unparse(node)
    return isinstance(value, ast.Name) and not is_recipe


def state_of(trace: str, naive: State, begin: State) -> State:
    """The state that a trace leads to.

    Args:
        trace: a JSON document, whose steps begin at `naive`, or lines of Python.
        naive: the state before any step.
        begin: where lines of Python begin.

    Raises:
        TraceError: it is no trace, or belongs to another expression.
        ScheduleError: a step is illegal.
    """
    if not trace.lstrip().startswith("{"):
        return replay_python(begin, trace)
    document = parse_document(trace)
    workload = document.get("workload")
    if workload is not None and workload != to_json(naive.outputs):
        raise TraceError(
            "the answer is a trace of another expression than the exercise's; open the exercise "
            "with t.exercise and schedule what it gives."
        )
    return naive.replay(steps_of(document))
