"""The worker process: takes one request after another, does the job, answers in JSON.

JSON and not pickle, because the answering process may have been corrupted by the code it ran.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tvmlab.measure.outcome import Outcome, failure
from tvmlab.measure.request import Request
from tvmlab.measure.sandbox import Allowance, confine, wind_cpu
from tvmlab.measure.turns import Turns

Job = Callable[[Request, Turns, Path], Outcome]
"""Does one request; may keep files for later ones in the folder. An object that can be pickled."""


def serve(connection: Connection, job: Job, folder: Path, allowance: Allowance) -> None:
    """Answer requests from `connection` until it ends. The whole life of a worker."""
    confine(allowance, connection.fileno())
    reached = "submit"

    def announce(stage: str) -> None:
        nonlocal reached
        reached = stage
        connection.send_bytes(json.dumps({"stage": stage}).encode())

    turns = Turns(folder / "turns", announce)
    while True:
        try:
            text = connection.recv_bytes()
        except EOFError:
            return
        wind_cpu(allowance)
        try:
            outcome = job(Request.from_json(json.loads(text)), turns, folder)
        except MemoryError:
            limit = f"{allowance.memory_bytes / 2**30:.3g} GiB"
            reason = f"it needs more than the {limit} of memory that a worker may hold"
            outcome = failure("launch_error", reached, reason)
        except Exception as error:
            # A defect of ours or of a target; the run goes on and the words are kept.
            outcome = failure("launch_error", reached, f"{type(error).__name__}: {error}")
        connection.send_bytes(json.dumps({"outcome": outcome.to_json()}).encode())
