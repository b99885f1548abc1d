"""`python -m tvmlab.targets.cpu.build.compiler FOLDER`: the process that `apart` compiles in.

The folder holds the text and, as JSON, what to make of it; the process leaves there what it made,
or the sentence that says why there is nothing.
"""

from __future__ import annotations

import faulthandler
import json
import signal
import sys
from pathlib import Path

from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build.generate import generate


def main(folder: Path) -> None:
    """Make what is asked for in `folder`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends this process
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    faulthandler.dump_traceback_later(asked["limit_s"], exit=True)
    text = (folder / "text.ll").read_text(encoding="utf-8")
    try:
        made = generate(text, asked["preset"], asked["form"])
    except TargetError as error:
        (folder / "problem").write_text(str(error), encoding="utf-8")
    else:
        (folder / "made").write_bytes(made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
