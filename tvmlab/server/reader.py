"""A process that looks at one file: a question a line on its input, an answer a line on its output.

    python -m tvmlab.server.reader records|trace FILE NAME MEMORY

A question holds the arguments of `RecordFile.look`, `.trial` or `.explanation`, or of
`TraceFile.look`; an answer is "200" and a view as JSON, or "400" and a sentence. The process ends
with its input.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tvmlab.errors import TvmlabError
from tvmlab.view.record_file import RecordFile
from tvmlab.view.trace_file import TraceFile
from tvmlab.view.tuning_news import Had

Question = dict[str, Any]
Answer = Callable[[Question], Mapping[str, Any]]


def main(words: list[str]) -> None:
    """Answer questions until there are no more."""
    kind, place, name, memory = words
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    # Whatever a library prints goes elsewhere: the output is for answers.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer = answers_of(kind, Path(place), name)
    for line in sys.stdin:
        output.write(told(answer, json.loads(line), name) + "\n")
        output.flush()


def answers_of(kind: str, place: Path, name: str) -> Answer:
    """What answers questions about a file."""
    if kind == "trace":
        trace = TraceFile(place, name)
        return lambda asked: trace.look(**asked)
    records = RecordFile(place, name)

    def answer(asked: Question) -> Mapping[str, Any]:
        if "number" in asked:
            return records.trial(**asked)
        if "run" in asked:
            return records.explanation(**asked)
        had = {int(run): Had(*counts) for run, counts in asked.pop("had").items()}
        return records.look(**asked, had=had)

    return answer


def told(answer: Answer, asked: Question, name: str) -> str:
    """The line that answers a question."""
    try:
        return f"200 {json.dumps(answer(asked), allow_nan=False)}"
    except TvmlabError as error:
        said = str(error)
    except MemoryError:
        said = f"{name} needs more memory than a file may have here; look at a smaller part of it."
    except Exception as error:  # a stranger's file may break any assumption
        said = f"{name} is damaged or not what its name says ({type(error).__name__}: {error})."
    return f"400 {json.dumps(' '.join(said.split()))}"


if __name__ == "__main__":
    main(sys.argv[1:])
