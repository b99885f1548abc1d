"""A log of any tuner that tvmlab knows, told by its lines."""

from __future__ import annotations

from pathlib import Path

from tvmlab.tune.logs import autotvm, metaschedule, tvmlog
from tvmlab.tune.logs.lines import Complaint, json_lines
from tvmlab.tune.logs.logged import Log, LoggedRun

FORMATS = (tvmlog, autotvm, metaschedule)
"""Each says which lines are its own (`recognises`), and adds one to the runs (`read`)."""


def read_log(path: str | Path) -> Log:
    """The runs in a log of tvmlab (`*.tvmlog.jsonl`), AutoTVM or MetaSchedule, to look at.

    Nothing in the file is executed or unpickled. A damaged line is left out and reported in
    `complaints`; all others are kept.

    Raises:
        UsageError: the file cannot be read.
    """
    runs: dict[str, LoggedRun] = {}
    log = Log()
    for line in json_lines(Path(path)):
        if isinstance(line, Complaint):
            log.complaints.append(line)
            continue
        form = next((f for f in FORMATS if f.recognises(line.data)), None)
        try:
            if form is None:
                raise ValueError("no line of a log that tvmlab knows")
            form.read(line.data, runs)
        except ValueError as error:
            log.complaints.append(Complaint(line.number, str(error)))
    log.runs = list(runs.values())
    return log
