"""A lab on a machine of memory, for tests that ask for one; a file may have a `view` of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.view.fake_engine import FakeEngine
from tests.view.product import product
from tvmlab.view import LabView


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def view(engine: FakeEngine, tmp_path: Path) -> LabView:
    return LabView(product(), engine, folder=tmp_path)
