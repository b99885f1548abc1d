"""The answer in a notebook: what its cells left, or the cell tagged with the exercise's name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tvmlab.errors import TraceError
from tvmlab.learn.answer import Answer, answer_of, read_answer
from tvmlab.learn.exercise import Exercise

SNAPSHOT_MIME = "application/vnd.tvmlab.snapshot+json"
"""Under which labs and grades leave their trace in a cell's outputs."""


def answer_in_notebook(text: str, exercise: Exercise) -> Answer:
    """The answer to `exercise` in the text of a notebook file.

    A cell tagged with the exercise's name comes first, by its output if it has one, else by its
    source; then what `t.grade` left for the exercise; then the last lab of its expression.

    Raises:
        TraceError: the text is no notebook, or has no answer.
    """
    cells = _cells(text)
    for cell in reversed(cells):
        if exercise.name in _tags(cell):
            left = list(_left(cell))
            return answer_of(left[-1]) if left else read_answer(_source(cell))
    left = [data for cell in cells for data in _left(cell)]
    own = [data for data in left if data.get("exercise") == exercise.name]
    plain = [data for data in left if not data.get("exercise")]
    same = [data for data in plain if _workload(data) == exercise.workload]
    for found in (own, same):
        if found:
            return answer_of(found[-1])
    raise TraceError(
        f"the notebook has no answer to {exercise.name!r}: no cell tagged with that name, no "
        f'output of t.grade(..., "{exercise.name}"), and no lab of its expression.'
    )


def _cells(text: str) -> list[dict[str, Any]]:
    try:
        cells = json.loads(text)["cells"]
        if not all(isinstance(cell, dict) for cell in cells):
            raise TypeError("a cell is no object")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TraceError(f"the notebook cannot be read ({error}); save it again.") from None
    return list(cells)


def _left(cell: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        bundle = output.get("data") if isinstance(output, dict) else None
        data = bundle.get(SNAPSHOT_MIME) if isinstance(bundle, dict) else None
        if isinstance(data, dict):
            yield data


def _tags(cell: Mapping[str, Any]) -> list[Any]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else []


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def _workload(data: Mapping[str, Any]) -> Any:
    trace = data.get("trace")
    return trace.get("workload") if isinstance(trace, dict) else None
