"""The benchmark on a GPU, where there is none."""

from __future__ import annotations

import gpu
import pytest


def test_without_a_device_it_says_why_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "cuda_devices", lambda: ((), "No NVIDIA driver is installed."))
    monkeypatch.setattr("sys.argv", ["gpu.py", "C12"])
    assert gpu.main() == 2
    assert capsys.readouterr().err == "nothing to measure: No NVIDIA driver is installed.\n"
    monkeypatch.setattr("sys.argv", ["gpu.py", "C13"])
    assert gpu.main() == 2
    assert capsys.readouterr().err.startswith("there is no workload 'C13'; choose among")


@pytest.mark.parametrize("name", gpu.WORKLOADS)
def test_every_workload_has_a_template_for_cuda(name: str) -> None:
    workload = gpu.WORKLOADS[name]()
    assert workload.template("cuda").default(workload.tensors)
