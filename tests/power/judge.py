"""What finds a bug: a part of the suite, in a process that has imported tvmlab with the bug."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

import pytest
from hypothesis import Phase, settings

from tests.fuzz import test_schedules

# What Hypothesis finds is enough: the smallest example would cost most of the time.
settings.register_profile(
    "power", deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)


def first_complaint(seeds: Iterable[int], tests: tuple[str, ...]) -> str:
    """Which check fails first: a seed of the fuzz, else one of `tests`; empty if none does.

    Raises:
        NameError, SyntaxError, ImportError: the bug is no program, which proves nothing.
    """
    for seed in seeds:
        try:
            test_schedules._judge(seed)
        except (NameError, SyntaxError, ImportError):
            raise
        except Exception as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            return f"fuzz, seed {seed}: {said[:100]}"
    return _failing_test(tests)


class _FirstFailure:
    """Remembers the first test that failed."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid


def _failing_test(tests: tuple[str, ...]) -> str:
    """The first of the tests to fail; empty if all pass."""
    if not tests:
        return ""
    failure = _FirstFailure()
    options = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options.append("--hypothesis-profile=power")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        status = pytest.main([*options, *tests], plugins=[failure])
    assert failure.name or status == pytest.ExitCode.OK, f"the tests did not run: {status!r}"
    return failure.name
