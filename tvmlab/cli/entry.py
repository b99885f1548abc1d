"""From the words of a command line to an exit code.

    0    done
    1    done, and the answer is no: a replayed schedule is wrong, a tuning run found nothing
    2    the command cannot be carried out as it was given; one sentence on stderr says why
    130  interrupted by Ctrl-C; what was measured is stored

A defect of tvmlab itself keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from tvmlab.cli.arguments import closest
from tvmlab.errors import TvmlabError, UsageError
from tvmlab.version import __version__

INTERRUPTED = 130
MISUSED = 2

COMMANDS = {
    # name -> its module, loaded when the command is given: a compiler is heavy, help is not
    "lab": "tvmlab.cli.lab",
    "tune": "tvmlab.cli.tune",
    "replay": "tvmlab.cli.replay",
    "grade": "tvmlab.cli.grade",
    "log": "tvmlab.cli.log",
    "doctor": "tvmlab.cli.doctor",
}

HELP = """\
tvmlab: a laboratory for tensor programs

  tvmlab lab [NOTEBOOK]        start JupyterLab, ready for the lab
  tvmlab tune OP --shape ...   search for a fast schedule of an operator
  tvmlab replay TRACE.json     rebuild a schedule, check it and time it
  tvmlab grade EXERCISE FILE   judge an answer to an exercise
  tvmlab log LOG               look at tuning logs, AutoTVM's and MetaSchedule's too
  tvmlab doctor                say what this machine offers and what is missing

Try
  tvmlab doctor
  tvmlab tune matmul --shape 512,512,512 --trials 32 --db run.db --out best.json
  tvmlab replay best.json
  tvmlab lab notebooks/01_matmul.ipynb

`tvmlab COMMAND --help` tells more of a command, `tvmlab --version` the version."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit code.

    Args:
        argv: the words after `tvmlab`; those the process was started with if left out.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except TvmlabError as error:
        print(f"tvmlab: {error}", file=sys.stderr)
        return MISUSED
    except KeyboardInterrupt:
        print("\ntvmlab: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0
    if words[0] in ("-V", "--version"):
        print(f"tvmlab {__version__}")
        return 0
    module = COMMANDS.get(words[0])
    if module is None:
        raise UsageError(f"there is no command {words[0]!r}; {closest(words[0], list(COMMANDS))}.")
    code: int = import_module(module).run(words[1:])
    return code
