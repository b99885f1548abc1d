"""`import tvmlab` is light, and every name it promises is there when first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tvmlab

HEAVY = (
    "ipywidgets",
    "jupyterlab",
    "llvmlite",
    "pandas",
    "plotly",
    "pyopencl",
    "sqlalchemy",
    "torch",
    "xgboost",
)


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, tvmlab; print(*(n for n in {HEAVY} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", tvmlab.__all__)
def test_a_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(tvmlab, name) is not None
    assert name in dir(tvmlab)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = tvmlab.nothing


def test_a_function_keeps_its_name_when_the_folder_of_that_name_is_imported() -> None:
    code = "import tvmlab.tune.session, tvmlab; print(callable(tvmlab.tune))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
