"""Kernels of these tests run on one thread."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVMLAB_NUM_THREADS", "1")
