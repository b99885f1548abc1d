from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.targets.llvm_texts import count_signature, count_up
from tvmlab.errors import TargetError
from tvmlab.targets.cpu import affinity
from tvmlab.targets.cpu.run import CpuKernel
from tvmlab.targets.cpu.threads import available_cores, num_threads, set_affinity, shutdown

pins = pytest.mark.skipif(not affinity.CAN_PIN, reason="this system keeps no thread on a core")


@pytest.fixture(autouse=True)
def default_affinity(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(affinity.VARIABLE, raising=False)
    set_affinity(None)
    yield
    monkeypatch.undo()
    set_affinity(None)
    shutdown()


def workers() -> dict[str, set[int]]:
    """The cores that each worker may run on, whether it has had a turn yet or not."""
    counts = np.zeros(1000, np.int32)
    kernel = CpuKernel(count_up(1000), count_signature(1000))
    for _ in range(100):
        kernel(counts)
    assert (counts == 100).all()
    return {
        thread.name: os.sched_getaffinity(thread.native_id or 0)
        for thread in threading.enumerate()
        if thread.name.startswith("tvmlab-")
    }


@pins
@pytest.mark.skipif(available_cores() < 2, reason="this machine has one core")
def test_workers_stay_where_they_are_told() -> None:
    every = os.sched_getaffinity(0)
    cores = sorted(every)
    assert set(map(frozenset, workers().values())) == {frozenset(every)}, "any core by default"
    set_affinity(cores)
    found = workers()
    assert len(found) == num_threads() - 1
    assert found["tvmlab-1"] == {cores[1]}
    set_affinity([cores[0]])
    assert all(allowed == {cores[0]} for allowed in workers().values())
    assert os.sched_getaffinity(0) == every, "the calling thread is left alone"
    set_affinity(None)
    assert workers()["tvmlab-1"] == every


@pins
def test_the_environment_names_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = sorted(os.sched_getaffinity(0))
    assert affinity.chosen_cores() is None
    monkeypatch.setenv(affinity.VARIABLE, f"{cores[0]},{cores[-1]}-{cores[-1]}")
    assert affinity.chosen_cores() == (cores[0], cores[-1])
    assert [affinity.core_of(n) for n in range(3)] == [cores[0], cores[-1], cores[0]]
    set_affinity([cores[-1]])
    assert affinity.chosen_cores() == (cores[-1],), "a call is stronger"


@pins
@pytest.mark.parametrize("cores", [[], [100_000], [0.5], ["0"]])
def test_impossible_cores(cores: list[object]) -> None:
    with pytest.raises(TargetError, match=r"set_affinity\(.*choose among \d"):
        set_affinity(cores)  # type: ignore[arg-type]


@pins
@pytest.mark.parametrize("given", ["all", "3-", ",", "100000"])
def test_impossible_environments(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(affinity.VARIABLE, given)
    with pytest.raises(TargetError, match=f"{affinity.VARIABLE}={given} names no cores"):
        affinity.chosen_cores()


def test_systems_without_it_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "CAN_PIN", False)
    with pytest.raises(TargetError, match="does not offer; leave it out"):
        set_affinity([0])
