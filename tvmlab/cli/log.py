"""`tvmlab log`: what is in a tuning log or database, and from the one into the other."""

from __future__ import annotations

from pathlib import Path

from tvmlab.cli.arguments import Parser
from tvmlab.cli.files import require_writable
from tvmlab.errors import UsageError
from tvmlab.tune.database import Database
from tvmlab.tune.logs import import_log, read_log, write_log
from tvmlab.tune.store import shown

USAGE = "LOG [--db RUN.db] [--export] [--parquet OUT.parquet]"
MORE = """\
LOG holds a trial in each line: what `--export` wrote, or a log of AutoTVM or MetaSchedule, which
can be looked at but not stored. A line that cannot be read is left out and reported. To look at or
to write as Parquet, LOG may be a database as well.

examples:
  tvmlab log tuning.json                            what an AutoTVM log holds
  tvmlab log run.db --parquet run.parquet           its trials as a table for other programs
  tvmlab log runs.tvmlog.jsonl --db run.db --export every run of run.db, as lines
  tvmlab log runs.tvmlog.jsonl --db other.db        those lines, stored in other.db

exit codes: 0 done, 1 some lines could not be read, 2 bad arguments or files"""

SHOWN = 10
"""Complaints that are printed."""


def run(words: list[str]) -> int:
    """Look at a log, store it, or write one."""
    parser = Parser("log", USAGE, "Look at tuning logs, store them, and write them.", MORE)
    parser.add_argument("log", metavar="LOG", help="the file of lines, or a database")
    parser.add_argument("--db", help="the database to store it in, or to export")
    parser.add_argument("--export", action="store_true", help="write LOG from --db")
    parser.add_argument("--parquet", type=Path, help="write every trial there, as a table")
    given = parser.parse_args(words)
    if given.parquet is not None:
        if given.db is not None:
            raise UsageError("--parquet writes what LOG holds; leave --db out, or name it as LOG.")
        require_writable(given.parquet, "--parquet")
    if given.export:
        return _export(Path(given.log), given.db)
    if given.db is not None:
        with Database.open(given.db) as database:
            count, complaints = import_log(Path(given.log), database)
        print(f"{count} trials stored in {shown(given.db)}")
    else:
        log = read_log(given.log)
        print(log)
        complaints = log.complaints
        if given.parquet is not None:
            print(f"{log.to_parquet(given.parquet)} trials written to {given.parquet}")
    for number, reason in complaints[:SHOWN]:
        print(f"line {number}: {reason}")
    if len(complaints) > SHOWN:
        print(f"and {len(complaints) - SHOWN} more")
    return 1 if complaints else 0


def _export(log: Path, db: str | None) -> int:
    if db is None:
        raise UsageError("--export needs the runs to write; name their file with --db.")
    require_writable(log, "LOG")
    with Database.open(db, create=False) as database:
        print(f"{write_log(database, log)} trials written to {log}")
    return 0
