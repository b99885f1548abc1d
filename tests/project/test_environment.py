"""environment.yml and pyproject.toml ask for the same packages."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
# What conda must bring because there is no Python to ask yet.
OF_CONDA = {"python", "nodejs", "pip"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def conda() -> list[Any]:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_the_same_packages_with_the_same_bounds(project: dict[str, Any], conda: list[Any]) -> None:
    ours = {str(Requirement(line)) for line in project["dependencies"]}
    theirs = {Requirement(line) for line in conda if isinstance(line, str)}
    assert ours == {str(r) for r in theirs if r.name not in OF_CONDA}


def test_the_same_python(project: dict[str, Any], conda: list[Any]) -> None:
    assert f"python{project['requires-python']}" in conda


def test_what_runs_here_satisfies_every_bound(project: dict[str, Any]) -> None:
    for line in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        requirement = Requirement(line)
        installed = importlib.metadata.version(requirement.name)
        assert requirement.specifier.contains(installed), f"{line}, but {installed} is installed"


def test_the_installed_version_is_the_stated_one() -> None:
    stated: dict[str, str] = {}
    exec((ROOT / "tvmlab" / "version.py").read_text(), stated)
    assert importlib.metadata.version("tvmlab") == stated["__version__"]
