"""Asking a driver what devices exist, in a process of its own.

A driver that was loaded once can make a later fork hang, and a broken one can abort the process or
never answer. So the question is put in a child, and any end of it is an answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROBE_LIMIT_S = 20.0
"""How long a driver may think."""


@dataclass(frozen=True)
class Answer:
    """What a probe found.

    Attributes:
        devices: plain data of each device; empty where there is none.
        problem: one sentence that says why there is none and what would do; else empty.
    """

    devices: tuple[Mapping[str, Any], ...]
    problem: str = ""


def ask(module: str, limit_s: float = PROBE_LIMIT_S) -> Answer:
    """What `module.answer()` gives in a child process.

    `module` names a module of this package whose `answer()` returns an `Answer`.
    """
    script = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "import json, dataclasses, importlib\n"
        f"answer = importlib.import_module({module!r}).answer()\n"
        "print('\\n' + json.dumps(dataclasses.asdict(answer)))"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return Answer((), f"The driver did not answer within {limit_s:.0f} s; check its set-up.")
    if done.returncode < 0:
        return Answer(
            (), f"The driver killed its process with signal {-done.returncode}; reinstall it."
        )
    try:
        found = json.loads(done.stdout.splitlines()[-1])
        return Answer(tuple(found["devices"]), found["problem"])
    except (IndexError, KeyError, TypeError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return Answer((), f"The driver could not be asked: {last.rstrip('.')}; reinstall it.")
