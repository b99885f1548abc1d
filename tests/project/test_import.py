"""`import tvmlab` is light: what is heavy loads when it is first used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("ipywidgets", "jupyterlab", "llvmlite", "pandas", "plotly", "pyopencl", "xgboost")


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, tvmlab; print(*(n for n in {HEAVY} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
