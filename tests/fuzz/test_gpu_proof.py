"""The proof of a GPU in one command, on the device that is here, and where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import gpu_proof
from tests.fuzz.gpu_cases import PINNED
from tvmlab.targets.opencl.limits import opencl_devices

FEW = ["--seeds", "2", "--first", "1"]

ENDS = {"nothing": 0, "a race": gpu_proof.FOUND}


@pytest.fixture
def on_opencl() -> None:
    """Skip where no driver is."""
    devices, problem = opencl_devices()
    if not devices:
        pytest.skip(problem)


@pytest.mark.usefixtures("on_opencl")
def test_all_is_proved_on_the_device_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_proof.main(["--target", "opencl", *FEW]) == 0
    first, second, *steps = capsys.readouterr().out.splitlines()
    count = len(PINNED) + 2
    assert first.startswith(f"on opencl, {count} schedules: {count - 1} right, 1 skipped; ")
    assert second.startswith(f"compiled for sm_80, {count} schedules: {count - 1} right, 1 skip")
    tried = {step: int(count) for count, step in (line.split(maxsplit=1) for line in steps)}
    assert tried["bind"] == count - 1
    assert 0 < tried["vectorize"] < count


def test_without_a_device_it_says_why_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(gpu_proof.DEVICES, "cuda", lambda: ((), "No NVIDIA driver is installed."))
    assert gpu_proof.main([]) == 2
    assert capsys.readouterr().err == "nothing to prove on: No NVIDIA driver is installed.\n"


@pytest.mark.usefixtures("on_opencl")
def test_a_process_that_dies_is_one_schedule_s_and_the_others_go_on() -> None:
    """A schedule that is not there ends its process, as a kernel may that writes anywhere."""
    found = dict(gpu_proof.outcomes(["1", "nowhere", "infinity_without_a_header"], "opencl"))
    assert found.pop("nowhere").startswith("died with 1: FileNotFoundError")
    assert set(found.values()) == {"right"}


@pytest.mark.parametrize(
    ("said", "is_good"),
    [
        ("right", True),
        ("skipped", True),
        ("beyond: Kernel C has 2048 threads a block, and small runs at most 64.", True),
        ("failed: The OpenCL compiler of small refused the kernel: no reason.", False),
        ("C differs at [3]", False),
    ],
)
def test_what_counts_as_a_defect(said: str, is_good: bool) -> None:
    assert gpu_proof.is_good(said) == is_good


@pytest.mark.usefixtures("on_opencl")
@pytest.mark.parametrize("finds", ENDS)
def test_a_sanitizer_sees_schedules_run(
    finds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of its name runs what it is given, and ends as it does; NVIDIA's needs a GPU."""
    tool = tmp_path / gpu_proof.SANITIZER
    ran = tmp_path / "ran"
    tool.write_text(
        f'#!/bin/sh\necho "$1 $2 $3 $4" > {ran}\nshift 4\n"$@" >> {ran}\n'
        f'echo "========= {finds}"\nexit {ENDS[finds]}\n',
        encoding="utf-8",
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    told = gpu_proof.sanitized(["1", "3"], "racecheck", "opencl")
    assert told == ("========= a race" if finds == "a race" else "")
    assert ran.read_text("utf-8").splitlines() == [
        "--tool racecheck --error-exitcode 86",
        "1 right",
        "3 right",
    ]
