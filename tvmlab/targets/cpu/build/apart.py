"""Compiling in a process of its own, which an interrupt ends at once and a limit in time.

The child is told by a file what to make and answers in another: no pipe can fill up, and the
waiting is in short turns, so that an interrupt is heard on every system. It stays in its parent's
process group: whoever ends a group that compiles ends the compiler too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tvmlab.errors import TargetError

_PROGRAM = ["-m", "tvmlab.targets.cpu.build.compiler"]
_TURN_S = 0.1
_ROOT = Path(__file__).parents[4]
"""The folder that holds the package, which the child is to import as this process did."""


class OutOfTime(Exception):
    """The limit was reached, and the compiler ended."""


def can_compile_apart() -> bool:
    """Whether there is an interpreter to start: a program that embeds Python may have none."""
    return bool(sys.executable)


def generate_apart(text: str, preset: str, form: str, limit_s: float) -> bytes:
    """As `generate`, in a child process that lives no longer than `limit_s` seconds.

    Raises:
        TargetError: as `generate`, or the compiler died, of too little memory most likely.
        OutOfTime: the limit was reached.
    """
    with tempfile.TemporaryDirectory(prefix="tvmlab-build-") as scratch:
        folder = Path(scratch)
        (folder / "text.ll").write_text(text, encoding="utf-8")
        # The child's own clock runs a little longer: it is for a parent that was killed.
        asked = {"preset": preset, "form": form, "limit_s": limit_s + 5}
        (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        child = subprocess.Popen(
            [sys.executable, *_PROGRAM, scratch],
            env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            code = _waited(child, limit_s)
        finally:
            child.kill()
            child.wait()
        answer, problem = folder / "made", folder / "problem"
        if problem.exists():
            raise TargetError(problem.read_text(encoding="utf-8"))
        if not answer.exists():
            raise TargetError(
                f"Building for target cpu stopped: the compiler ended with code {code}, most "
                "likely of too little memory; unroll or vectorize less."
            )
        return answer.read_bytes()


def _waited(child: subprocess.Popen[bytes], limit_s: float) -> int:
    """The child's exit code.

    Raises:
        OutOfTime: it is still busy after `limit_s`.
    """
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            return child.wait(_TURN_S)
        except subprocess.TimeoutExpired:
            continue
    raise OutOfTime
