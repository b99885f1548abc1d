"""Traces that a user brings along, as JSON or as Python."""

from __future__ import annotations

from tvmlab.errors import TraceError, brief
from tvmlab.schedule import State, parse_document, replay_python, steps_of
from tvmlab.te.serial import to_json
from tvmlab.view.timeline import replayed


def read_trace(start: State, text: str) -> State:
    """`start` after the trace in `text`: a JSON document or lines of Python.

    Raises:
        TraceError: it is neither, or belongs to another expression, or a step is refused.
        ScheduleError: a line of Python is refused.
    """
    if not isinstance(text, str):
        raise TraceError(f"{brief(text)} is no trace; give one as JSON or as lines of Python.")
    if not text.lstrip().startswith("{"):
        return replay_python(start, text)
    document = parse_document(text)
    workload = document.get("workload")
    if workload is not None and workload != to_json(start.outputs):
        raise TraceError(
            "the trace belongs to another expression; open it in a lab of that expression, "
            "or paste its Python lines."
        )
    return replayed(start, steps_of(document))
