"""Tuning runs as lines of text: our own, and those of AutoTVM and MetaSchedule for viewing."""

from tvmlab.tune.logs.logged import Log, LoggedRun, LoggedTrial
from tvmlab.tune.logs.read import read_log
from tvmlab.tune.logs.told import Told
from tvmlab.tune.logs.tvmlog import import_log, write_log

__all__ = ["Log", "LoggedRun", "LoggedTrial", "Told", "import_log", "read_log", "write_log"]
"""For whoever looks at a run, whoever wrote it."""
