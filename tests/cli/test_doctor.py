from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from tvmlab import cli
from tvmlab.cli import doctor, hardware, software
from tvmlab.cli.finding import Finding, giga, size
from tvmlab.targets.cuda.limits import CudaDevice
from tvmlab.targets.opencl.limits import NO_DRIVER, OpenClDevice

TOPICS = (
    "tvmlab", "python", "compiler", "packages", "jupyter", "panes", "kernel", "clicks", "cache",
    "cpu", "vectors", "features", "caches", "peak", "bandwidth", "opencl", "cuda",
)  # fmt: skip


def test_an_opencl_device_is_told_with_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    device = OpenClDevice(
        "PoCL 3.0", "a processor", "cpu", 2, 8 << 30, 512 << 10, 4096, False, True, False
    )
    monkeypatch.setattr(hardware, "opencl_devices", lambda: ((device,), ""))
    assert [each.text for each in hardware.opencl()] == [
        "a processor (cpu, 2 units, 8 GiB, PoCL 3.0): groups of 4096 work-items, 512 KiB of local "
        "memory, with float64; without float16, sub-groups"
    ]
    monkeypatch.setattr(hardware, "opencl_devices", lambda: ((), NO_DRIVER))
    (missing,) = hardware.opencl()
    assert missing.text == f"{NO_DRIVER} Kernels for it can be read, and not run."


def test_every_topic_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    *lines, empty, ending = capsys.readouterr().out.splitlines()
    assert {line[2:].split()[0] for line in lines} >= set(TOPICS)
    assert empty == ""
    assert ending == doctor.ending(sum(line.startswith("!") for line in lines))
    assert all(line[:2] in ("  ", "! ") for line in lines)


def test_endings() -> None:
    assert doctor.ending(0) == "Nothing is missing."
    assert doctor.ending(1) == "1 thing is missing; each line with ! says what that costs."
    assert doctor.ending(2).startswith("2 things are missing")


def test_a_missing_package_says_what_it_costs() -> None:
    found = list(software.versions("jupyter", {"numpy": "all", "no-such-thing": "the sun"}))
    assert found[0] == Finding("jupyter", "no-such-thing is not installed: the sun", True)
    assert found[1].text.startswith("numpy ")


@pytest.mark.parametrize(
    ("number", "words", "missing"),
    [
        ("6.29.5", "wait for a running cell", True),
        ("7.1.0", "are answered while a cell runs, on a subshell of the kernel", False),
        ("7.4.0", "(shim active)", False),
    ],
)
def test_clicks_by_version_of_the_kernel(
    number: str, words: str, missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(software, "version", lambda name: number)
    [found] = software.clicks()
    assert words in found.text
    assert found.is_missing == missing


def test_a_kernel_of_another_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = software.kernel()
    assert found == Finding("kernel", "python3 runs this Python")
    other = SimpleNamespace(argv=["/opt/other/python", "-m", "ipykernel_launcher"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: other)
    [found] = software.kernel()
    assert found.is_missing
    assert "start JupyterLab with `tvmlab lab`" in found.text


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    [found] = software.cache()
    assert found == Finding("cache", f"{tmp_path / 'tvmlab'}, 0 files, 0 B")
    monkeypatch.setattr(software.os, "access", lambda path, mode: False)
    [found] = software.cache()
    assert found.is_missing


def test_fewer_threads_than_cores_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVMLAB_NUM_THREADS", "1")
    [found] = hardware.threads(cores=8)
    assert found.text == "1 of 8 cores, because of TVMLAB_NUM_THREADS=1"
    assert list(hardware.threads(cores=1)) == []


def test_devices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def devices() -> Any:
        return (CudaDevice("NVIDIA H100", "sm_90", 132, 80 << 30, 50 << 20, 232448, "13.1"),), ""

    monkeypatch.setattr(hardware, "cuda_devices", devices)
    found, nvrtc, nvdisasm = hardware.cuda()
    assert (nvrtc.topic, nvdisasm.topic) == ("nvrtc", "nvdisasm")
    assert "makes code for sm_" in nvrtc.text
    assert found.text.startswith("NVIDIA H100 (sm_90, 132 multiprocessors, 80 GiB, CUDA 13.1)")
    assert not found.is_missing


def test_units() -> None:
    assert [size(n) for n in (100, 32 << 10, 3 << 19, 2 << 30)] == [
        "100 B",
        "32 KiB",
        "1.5 MiB",
        "2 GiB",
    ]
    assert giga(234.56e9) == "235"
