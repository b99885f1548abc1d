"""What finds a bug: a part of the suite, in a process that has imported tvmlab with the bug."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import Phase, settings

from tests.fuzz import test_schedules
from tests.power.planting import ROOT

# What Hypothesis finds is enough: the smallest example would cost most of the time.
settings.register_profile(
    "power", deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)

SEED = "seed "
"""A check is the id of a test, or this and the number of a random pair of the fuzz."""

Begin = Callable[[str], None]
"""Told of each check before it begins, for one that crashes or hangs can tell no more."""


def first_complaint(checks: Iterable[Sequence[str]], begin: Begin) -> tuple[str, str]:
    """Which check fails first and what it says; both empty if none does.

    Args:
        checks: the checks of each list are made before those of the next: seeds, then tests, of
            which a folder or a file stands for all that it holds.
        begin: told of each check before it begins.

    Raises:
        NameError, SyntaxError, ImportError: the bug is no program, which proves nothing.
    """
    for some in checks:
        for seed in (check for check in some if check.startswith(SEED)):
            begin(seed)
            if said := _said_of(int(seed.removeprefix(SEED))):
                return seed, said
        if failed := _failing_test([c for c in some if not c.startswith(SEED)], begin):
            return failed, ""
    return "", ""


def _said_of(seed: int) -> str:
    """What the fuzz says against a random pair; empty if nothing."""
    try:
        test_schedules._judge(seed)
    except (NameError, SyntaxError, ImportError):
        raise
    except Exception as error:
        return (str(error).strip() or type(error).__name__).splitlines()[0][:100]
    return ""


class _FirstFailure:
    """Remembers the first test that failed, and tells of each before it begins."""

    def __init__(self, begin: Begin) -> None:
        self.name = ""
        self.begin = begin

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.begin(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid


def _failing_test(tests: Sequence[str], begin: Begin) -> str:
    """The first of the tests to fail; empty if all pass, or if one of that name is no more."""
    if not tests:
        return ""
    failure = _FirstFailure(begin)
    options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options += ["--hypothesis-profile=power", f"--rootdir={ROOT}", "-c", f"{ROOT}/pyproject.toml"]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        status = pytest.main([*options, *(f"{ROOT}/{test}" for test in tests)], plugins=[failure])
    is_gone = status == pytest.ExitCode.USAGE_ERROR and "::" in tests[0]
    ran = failure.name or is_gone or status == pytest.ExitCode.OK
    assert ran, f"the tests did not run: {status!r}"
    return failure.name
