"""Fixtures of the tuner's tests."""

from collections.abc import Iterator

import pytest

from tests.tune.postgres import Server, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; tests that ask for it are skipped where none can be started."""
    with server() as running:
        yield running
