"""The far end of a cluster: what runs inside a Dask worker, on the machine that measures.

The worker itself builds and runs nothing. It keeps a `LocalRunner` with one disposable child, so a
kernel that crashes, hangs or floods harms neither the worker nor the requests after it. What goes
to and fro is text; the job alone is an object, and comes from the one who asks.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import platform
import threading
from dataclasses import replace
from typing import Any

from tvmlab.errors import MeasureError
from tvmlab.measure.child import Limits, LocalRunner
from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.runner import measure_all
from tvmlab.measure.worker import Job
from tvmlab.version import __version__

_ALONE = threading.Lock()
_RUNNERS: dict[str, LocalRunner] = {}


def measure_here(version: str, limits: dict[str, Any], job: Job, text: str) -> str:
    """The outcome of a request, both as JSON text, measured in a child of this process.

    Args:
        version: the asker's tvmlab, which must be this one.
        limits: the fields of `Limits`.
        job: what the child does.
        text: the request.
    """
    device = f"{platform.node()}:{os.getpid()}"
    if version != __version__:
        outcome = failure("launch_error", "submit", other_version(device, version, __version__))
    else:
        with _ALONE:
            runner = _runner(json.dumps(limits, sort_keys=True), Limits(**limits), job)
            (outcome,) = measure_all(runner, [Request.from_json(json.loads(text))])
    return json.dumps(replace(outcome, device=device).to_json())


def own_version() -> str:
    """The version of tvmlab on this machine."""
    return __version__


def other_version(worker: str, asker_has: str, worker_has: str) -> str:
    """One sentence about a worker that has another version."""
    return (
        f"the worker {worker} has tvmlab {worker_has} and the tuner has {asker_has}, which may "
        "read a schedule in other ways; install the same version on both."
    )


def outcome_of(text: str) -> Outcome:
    """The outcome that `measure_here` wrote; a crash where it is none."""
    try:
        return Outcome.from_json(json.loads(text))
    except (ValueError, TypeError, MeasureError):
        return failure("crash", "submit", "the worker's answer was garbage")


def _runner(key: str, limits: Limits, job: Job) -> LocalRunner:
    """The runner with these limits and this kind of job; others are closed first."""
    key += type(job).__qualname__
    if key not in _RUNNERS:
        while _RUNNERS:
            _RUNNERS.popitem()[1].close()
        # Dask's own workers are daemons, which Python keeps from having children. Ours dies with
        # its owner by other means.
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        _RUNNERS[key] = LocalRunner(1, limits, job)
        atexit.register(_RUNNERS[key].close)
    return _RUNNERS[key]
