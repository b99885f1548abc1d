from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tvmlab as t
from tvmlab import targets
from tvmlab.errors import TargetError
from tvmlab.ir import Program
from tvmlab.lower.pipeline import lower
from tvmlab.targets import Signature
from tvmlab.te.naive import lower_naive


@pytest.fixture(scope="module")
def doubled() -> Program:
    """C[i] = A[i] + A[i], lowered."""
    a = t.placeholder((100,), name="A")
    return lower(lower_naive([t.compute((100,), lambda i: a[i] + a[i], name="C")]))


@pytest.mark.parametrize("target", ["cpu", {"name": "cpu"}, {"name": "cpu", "preset": "explore"}])
def test_a_program_becomes_a_kernel(target: object, doubled: Program) -> None:
    cpu = targets.get(target)  # type: ignore[arg-type]
    kernel = cpu.build(cpu.emit(doubled), Signature.of(doubled))
    a, c = np.arange(100, dtype=np.float32), np.zeros(100, np.float32)
    kernel(a, c)
    assert (c == 2 * a).all()
    for kind in cpu.code_kinds:
        assert kernel.code(kind) == cpu.code(cpu.emit(doubled), kind)


def test_details_name_a_target_completely() -> None:
    light = targets.get({"name": "cpu", "preset": "light"})
    assert light.details() == {"name": "cpu", "preset": "light"}
    assert targets.get(light.details()).details() == light.details()
    assert targets.get("cpu").details()["preset"] == "full"


@pytest.mark.parametrize(
    "target", ["gpu", 5, {"preset": "light"}, {"name": "tpu"}, {"name": ["cpu"]}]
)
def test_unknown_targets(target: object) -> None:
    with pytest.raises(TargetError, match="is not known; use one of 'cpu'"):
        targets.get(target)  # type: ignore[arg-type]


def test_unknown_options() -> None:
    with pytest.raises(TargetError, match="Target 'cpu' does not take 'cores'"):
        targets.get({"name": "cpu", "cores": 3})
    with pytest.raises(TargetError, match="Preset 'fast' for target cpu is not known; use one of"):
        targets.get({"name": "cpu", "preset": "fast"})


def test_importing_targets_loads_no_compiler() -> None:
    script = (
        "import sys, tvmlab.targets; "
        "print([m for m in ('llvmlite', 'pyopencl', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
