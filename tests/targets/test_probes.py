from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tvmlab.targets.cuda.limits import cuda_devices, describe
from tvmlab.targets.opencl.limits import opencl_devices
from tvmlab.targets.probe import Answer, ask


@pytest.mark.parametrize("probe", [opencl_devices, cuda_devices])
def test_a_probe_finds_devices_or_says_why_not(probe: Any) -> None:
    devices, problem = probe()
    assert bool(devices) != bool(problem)
    if problem:
        assert problem[0].isupper() or problem.startswith("pyopencl")
        assert problem.endswith(".")
        assert ";" in problem, "it says what would do"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a module `fake_driver` with a given body of `answer`."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(body: str) -> None:
        (tmp_path / "fake_driver.py").write_text(
            f"import os, time\nfrom tvmlab.targets.probe import Answer\ndef answer():\n    {body}\n"
        )

    return make


def test_devices_come_back(fake: Any) -> None:
    fake("print('chatter of a driver'); return Answer(({'name': 'x'},))")
    assert ask("fake_driver") == Answer(({"name": "x"},))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.abort()", "killed its process with signal 6"),
        ("time.sleep(60)", "did not answer within 2 s"),
        ("raise OSError('libfoo.so is broken')", "could not be asked: OSError: libfoo.so is brok"),
        ("os._exit(0)", "could not be asked: no word"),
    ],
)
def test_a_driver_that_fails_is_an_answer(fake: Any, body: str, words: str) -> None:
    fake(body)
    found = ask("fake_driver", limit_s=2.0 if "sleep" in body else PATIENCE_S)
    assert found.devices == ()
    assert words in found.problem


class FakeCuda:
    """The calls of a driver library that a probe makes, for one H100."""

    def __init__(self, status: int = 0, count: int = 1) -> None:
        self.status, self.count, self.calls = status, count, 0

    def cuInit(self, flags: int) -> int:
        return self.status

    def cuDeviceGetCount(self, to: Any) -> None:
        self.calls += 1
        to._obj.value = self.count

    def cuDriverGetVersion(self, to: Any) -> None:
        to._obj.value = 13010

    def cuDeviceGet(self, to: Any, index: int) -> None:
        to._obj.value = index

    def cuDeviceGetName(self, name: Any, size: int, device: Any) -> None:
        name.value = b"NVIDIA H100"

    def cuDeviceTotalMem_v2(self, to: Any, device: Any) -> None:
        to._obj.value = 80 << 30

    def cuDeviceGetAttribute(self, to: Any, number: int, device: Any) -> None:
        to._obj.value = {75: 9, 76: 0, 16: 132, 97: 232448, 38: 50 << 20}[number]


def test_cuda_devices_are_described() -> None:
    found = describe(FakeCuda())
    assert found.problem == ""
    [device] = found.devices
    assert device == {
        "name": "NVIDIA H100",
        "architecture": "sm_90",
        "multiprocessors": 132,
        "memory_bytes": 80 << 30,
        "l2_bytes": 50 << 20,
        "shared_memory_bytes": 232448,
        "driver": "13.1",
    }


def test_a_driver_that_does_not_start_is_left_alone() -> None:
    driver = FakeCuda(status=100)
    assert "CUDA error 100" in describe(driver).problem
    assert driver.calls == 0
    assert "knows no GPU" in describe(FakeCuda(count=0)).problem


def test_probes_load_no_driver_here() -> None:
    asked = (
        "from tvmlab.targets.cuda.limits import cuda_devices\n"
        "from tvmlab.targets.opencl.limits import opencl_devices\n"
        "import sys\n"
        "cuda_devices(), opencl_devices()\n"
        "print('pyopencl' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
