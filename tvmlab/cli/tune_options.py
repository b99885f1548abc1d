"""What `tvmlab tune` is asked for: its options, and the files that they name."""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import fill

from tvmlab import ops
from tvmlab.cli.arguments import Parser, decimal, extents, names, one_of, whole_number
from tvmlab.cli.asked import Asked
from tvmlab.cli.files import require_writable
from tvmlab.errors import UsageError
from tvmlab.measure.canonical import canonical
from tvmlab.measure.cassette import Cassette
from tvmlab.targets import TARGETS
from tvmlab.te.serial import to_json
from tvmlab.tune.database import Database
from tvmlab.tune.explorers import EXPLORERS
from tvmlab.tune.features import FEATURES
from tvmlab.tune.models import MODELS
from tvmlab.tune.setup_space import SPACES

USAGE = (
    "OP [--shape M,N,K] [--constant NAMES] [--trials 64] [--seed 0]\n"
    "                   [--db run.db] [--resume] [--out TRACE.json]\n"
    "                   [--explorer NAME] [--model NAME]\n"
    "                   [--features NAME] [--diversity 0] [--early-stop N]\n"
    "                   [--cluster ADDRESS] [--cassette FILE]\n"
    "                   [--transfer [FILE]] [--warm-start] [--space NAME] [--target cpu]"
)
MORE = """\
operators, with the numbers of their --shape (those in brackets may be left out):
{operators}
or, without --shape, one of the workloads of the literature:
{named}

examples:
  tvmlab tune matmul --shape 1024,1024,1024 --trials 64 --db run.db --out best.json
  tvmlab tune C6 --trials 32
  tvmlab tune C6 --constant W   (what is made of the weights alone is made once, and not timed)
  tvmlab tune --model-file model.onnx --trials 500 --db run.db   (all its operators)

Ctrl-C ends the run; with --db every trial is kept and --resume goes on from there.

exit codes: 0 done, 1 nothing right was found, 2 bad arguments or files, 130 interrupted"""


def parser() -> Parser:
    """Reads the words after `tvmlab tune`."""
    operators = "\n".join(
        f"  {o.name} {o.usage}\n      {o.summary}" for o in ops.OPERATORS.values()
    )
    named = fill(", ".join(ops.NAMED), 96, initial_indent="  ", subsequent_indent="  ")
    more = MORE.format(operators=operators, named=named)
    made = Parser("tune", USAGE, "Search for a fast schedule of an operator.", more)
    made.add_argument("op", metavar="OP", help="an operator, or a workload with a name")
    made.add_argument("--shape", type=extents, help="the operator's numbers, between commas")
    made.add_argument(
        "--constant", default=(), type=names, metavar="NAMES",
        help="inputs that are the same at every call, such as weights, between commas",
    )  # fmt: skip
    number = whole_number("--trials", 1)
    made.add_argument("--trials", default=64, type=number, help="candidates to try (64)")
    number = whole_number("--seed", 0)
    made.add_argument("--seed", default=0, type=number, help="of the search and the inputs (0)")
    made.add_argument("--db", help="the file or PostgreSQL address that keeps every trial")
    made.add_argument("--resume", action="store_true", help="go on with the last run in --db")
    made.add_argument("--out", type=Path, help="write the best schedule's trace there")
    explorer = one_of("--explorer", EXPLORERS)
    made.add_argument("--explorer", default="model", type=explorer, help="how to search (model)")
    model = one_of("--model", MODELS)
    made.add_argument("--model", type=model, help="what guides the explorer `model`")
    features = one_of("--features", FEATURES)
    made.add_argument("--features", type=features, help="what the model sees (knob)")
    diversity = decimal("--diversity", 0.0)
    made.add_argument("--diversity", default=0.0, type=diversity, help="of a batch (0)")
    number = whole_number("--early-stop", 1)
    made.add_argument("--early-stop", type=number, help="end after so many without a better one")
    made.add_argument("--cluster", help="measure on the workers of this Dask scheduler")
    made.add_argument(
        "--transfer", nargs="?", const=True, default=False, metavar="FILE", type=Path,
        help="learn from earlier runs: those in --db, or in FILE, a database or a log of ours",
    )  # fmt: skip
    made.add_argument(
        "--warm-start", action="store_true", help="try what was best in --db before first"
    )
    space = one_of("--space", SPACES)
    made.add_argument("--space", type=space, help="the operator's template, or derived sketches")
    target = one_of("--target", TARGETS)
    made.add_argument("--target", type=target, help="the machine (cpu)")
    made.add_argument(
        "--cassette", type=Path, help="play what was recorded on a device, instead of measuring"
    )
    return made


def cassette_of(asked: Asked, given: argparse.Namespace) -> Cassette | None:
    """The cassette to play, if one is asked for; there are as many trials as it has answers.

    Raises:
        UsageError: it is of another expression or target, or --cluster is given as well.
        MeasureError: it is no cassette.
    """
    if given.cassette is None:
        return None
    cassette = Cassette.read(given.cassette)
    if given.cluster is not None:
        raise UsageError("--cassette plays and --cluster measures; give one of them.")
    if given.target not in (None, cassette.target):
        raise UsageError(
            f"{given.cassette} was {cassette.label}, for target {cassette.target} and not "
            f"{given.target}; leave --target out."
        )
    if canonical(cassette.workload) != canonical(to_json(asked.tensors)):
        raise UsageError(
            f"{given.cassette} was recorded of another expression than {asked}; give the OP, "
            "--shape and --constant that it was recorded with."
        )
    given.trials = min(given.trials, len(cassette.takes))
    return cassette


def require_files(given: argparse.Namespace) -> None:
    """Complain of files before anything is measured.

    Raises:
        UsageError: --out cannot be written, or --resume names no run.
        DatabaseError: the database to go on with cannot be read.
    """
    if given.out is not None:
        require_writable(given.out, "--out")
    if given.resume:
        if given.db is None:
            raise UsageError("--resume needs the run to go on with; name its file with --db.")
        Database.open(given.db, create=False).close()
