from __future__ import annotations

import subprocess
import sys

import pytest

from tvmlab import targets
from tvmlab.errors import TargetError


@pytest.mark.parametrize("target", ["gpu", {"preset": "light"}, {"name": "tpu"}])
def test_unknown_targets(target: object) -> None:
    with pytest.raises(TargetError, match="is not known; use one of 'cpu'"):
        targets.get(target)  # type: ignore[arg-type]


def test_importing_targets_loads_no_compiler() -> None:
    script = (
        "import sys, tvmlab.targets; print([m for m in ('llvmlite', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
