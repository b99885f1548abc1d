"""Machine code as text, SASS, by NVIDIA's disassembler."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tvmlab.errors import TargetError
from tvmlab.targets.cuda.build.tools import disassembler

_LIMIT_S = 60.0


def disassembled(cubin: bytes) -> str:
    """The instructions of machine code, with comments that say which lines they come from.

    Raises:
        TargetError: nvdisasm is not installed, or does not know the code.
    """
    tool = disassembler()
    with tempfile.TemporaryDirectory(prefix="tvmlab-sass-") as scratch:
        path = Path(scratch) / "kernel.cubin"
        path.write_bytes(cubin)
        command = [str(tool), "--print-code", "--print-line-info-inline", str(path)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TargetError(
                f"nvdisasm did not disassemble the kernel: {error}; install it anew."
            ) from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise TargetError(f"nvdisasm refuses the kernel: {reason}; install a newer one.")
    return done.stdout
