"""What a CUDA device or its driver refuses ends in one sentence, and the next call works."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cuda.bindings import driver

from tests.targets.gpu_schedules import in_shared_memory, tiled_matmul
from tvmlab.errors import TargetError
from tvmlab.targets.cfamily.plan import Launch, Plan, read_plan
from tvmlab.targets.cuda import advice, run
from tvmlab.targets.cuda import target as cuda_target
from tvmlab.targets.cuda.report import KernelResources, refuse_beyond

SM_80 = {"name": "cuda", "architecture": "sm_80"}


@pytest.fixture(autouse=True)
def no_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine without a GPU, whatever there is."""
    cuda_target._devices.cache_clear()
    monkeypatch.setattr(cuda_target, "cuda_devices", lambda: ((), "No NVIDIA driver; install one."))
    yield
    cuda_target._devices.cache_clear()


def sentence(act: Any) -> str:
    """The one sentence in which an act is refused."""
    with pytest.raises(TargetError) as caught:
        act()
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert caught.value.__cause__ is None, "the driver's own traceback is not shown"
    return said


def a_gpu(**parts: Any) -> run.CudaMachine:
    """A device whose driver is not there, with limits of an H100."""
    made = object.__new__(run.CudaMachine)
    limits = SimpleNamespace(max_threads_per_block=1024, max_shared_memory_per_block_optin=232448)
    made.device = SimpleNamespace(
        **{"device_id": 0, "name": "a GPU", "properties": limits, "set_current": lambda: None}
        | parts
    )
    made._stream = None
    return made


def refuse(status: Any) -> Any:
    """What fails as cuda-core does, whose errors begin with the name of the driver's."""

    def act(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"{status.name}: The API call failed because of it.")

    return act


def test_too_much_shared_memory_is_told_where_there_is_no_device() -> None:
    s = in_shared_memory(1 << 16)
    said = sentence(lambda: s.build(SM_80))
    assert "beyond shared memory of sm_80" in said
    assert "262144 bytes of shared memory; choose smaller tiles" in said
    (used,) = s.resources(SM_80)
    assert "holds not one block of 256 threads, for want of shared memory" in str(used)
    assert "C_kernel" in in_shared_memory(1 << 15).build(SM_80).code("cuda"), "half goes in"
    assert "C_kernel" in s.code("cuda", SM_80), "what does not run can be read"


def test_registers_that_a_block_lacks_are_told() -> None:
    used = KernelResources("k", "sm_80", 1024, 128, 0, 0, 0, 0)
    assert "Kernel k is beyond registers of sm_80" in sentence(lambda: refuse_beyond((used,)))
    refuse_beyond((KernelResources("k", "sm_80", 1024, 64, 0, 0, 0, 0),))
    refuse_beyond((KernelResources("k", "sm_999", 1024, 255, 0, 0, 0, 0),))


@pytest.mark.parametrize(
    ("block", "shared_bytes", "words"),
    [
        ((64, 32, 1), 0, "has 2048 threads a block, and a GPU runs at most 1024; split"),
        ((64, 1, 1), 300_000, "keeps 300000 bytes in shared memory, and a GPU has 232448"),
    ],
)
def test_the_limits_of_a_device_come_before_its_driver(
    block: tuple[int, int, int], shared_bytes: int, words: str
) -> None:
    launch = Launch("C_kernel", (1, 1, 1), block, ("A",), ("A",), shared_bytes)
    plan = read_plan(tiled_matmul().code("cuda", SM_80))
    beyond = Plan(plan.params, plan.workspaces, (launch,), plan.sizes)
    assert words in sentence(lambda: a_gpu().load("no text at all", beyond))


def test_no_memory_on_the_device_is_said_and_the_next_one_is_given() -> None:
    machine = a_gpu(allocate=refuse(driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY))
    said = sentence(lambda: machine.allocate(1 << 40))
    assert "a GPU has no memory for 1099511627776 bytes (CUDA_ERROR_OUT_OF_MEMORY" in said
    assert "free some, or use smaller arrays" in said
    machine.device.allocate = lambda size_bytes, stream: size_bytes
    assert machine.allocate(16) == 16


def test_a_status_of_the_driver_is_a_sentence() -> None:
    status = driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY
    said = sentence(lambda: a_gpu()._require(status, "copy an array to the device"))
    assert "could not copy an array to the device (CUDA_ERROR_OUT_OF_MEMORY); free mem" in said
    a_gpu()._require(driver.CUresult.CUDA_SUCCESS, "do anything")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("CUDA_ERROR_ILLEGAL_ADDRESS", "start anew"),
        ("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "choose smaller tiles, or fewer threads"),
        ("CUDA_ERROR_NO_DEVICE", "see what `tvmlab doctor` says"),
    ],
)
def test_what_would_do_depends_on_the_error(status: str, words: str) -> None:
    act = refuse(driver.CUresult.__members__[status])
    said = sentence(lambda: a_gpu()._in_words(act))
    assert status in said
    assert words in said


def test_every_error_that_is_spoken_of_is_one_of_the_driver() -> None:
    assert {*advice.ENDS_ALL, *advice._OTHERS} <= set(driver.CUresult.__members__)


def test_a_device_that_another_process_has_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe saw it, in a process of its own; here its driver refuses."""
    run.machine.cache_clear()
    busy = refuse(driver.CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE)
    monkeypatch.setattr(run, "Device", busy)
    said = sentence(lambda: run.machine(0))
    assert "CUDA device 0 cannot be used: CUDA_ERROR_DEVICE_UNAVAILABLE" in said
    assert "end what else has the device to itself" in said


def test_refused_calls_leave_arrays_as_they_were() -> None:
    f = tiled_matmul().build(SM_80)
    arrays = [np.full(p.extents, 7, p.dtype) for p in f.signature.params]
    assert "cannot run here: No NVIDIA driver" in sentence(lambda: f(*arrays))
    assert all((array == 7).all() for array in arrays)
