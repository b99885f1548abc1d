"""The set-up script: what it runs the first time, and that it runs nothing the second time."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "pyproject.toml": "[project]\n",
    "tvmlab/version.py": "",
    "extension/package.json": "{}",
    "extension/package-lock.json": "{}",
    "extension/bundle.mjs": "",
    "extension/labextension.mjs": "",
    "extension/src/panes/code.ts": "",
}
BUNDLED = ["node bundle.mjs", "node labextension.mjs"]


class Machine:
    """A checkout of a few files, with every command recorded instead of run."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.commands: list[str] = []
        self.failing = "nothing"
        for name, text in FILES.items():
            self.write(name, text)
        self.write("scripts/setup.py", (ROOT / "scripts" / "setup.py").read_text())
        self.setup = self._load()
        monkeypatch.setattr(subprocess, "run", self._run)
        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
        monkeypatch.setattr(self.setup, "FONT", root)

    def _load(self) -> ModuleType:
        path = self.root / "scripts" / "setup.py"
        spec = importlib.util.spec_from_file_location("setup_of_tvmlab", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def _run(self, command: list[Any], **_: Any) -> SimpleNamespace:
        line = " ".join(map(str, command)).replace(str(self.root), ".")
        is_question = line.endswith("--version")
        if not is_question:
            self.commands.append(line)
        if "-m venv" in line:
            self.write(".venv/bin/python", "")
        if line == "node bundle.mjs":
            self.write("tvmlab/static/code.js", "")
        if line == "node labextension.mjs":
            self.write("tvmlab/labextension/package.json", "{}")
        status = 1 if self.failing in line else 0
        return SimpleNamespace(returncode=status, stdout="v20.19.0\n" if is_question else "said so")

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
        """Run the script; the commands it gave."""
        self.commands.clear()
        monkeypatch.setattr(self.setup.sys, "argv", ["setup.py", *arguments])
        self.setup.main()
        return list(self.commands)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_first_run_does_everything(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    venv, *rest = machine.run(monkeypatch, "--test")
    assert venv.endswith("-m venv --clear ./.venv")
    assert rest == [
        "./.venv/bin/python -m pip install --quiet --editable .[test]",
        "npm ci --no-audit --no-fund",
        *BUNDLED,
    ]


def test_the_second_run_does_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.run(monkeypatch, "--test")
    assert machine.run(monkeypatch, "--test") == []
    assert machine.run(monkeypatch) == [], "the test packages are more than the lab needs"


def test_the_tests_need_more_than_the_lab(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.run(monkeypatch)
    (command,) = machine.run(monkeypatch, "--test")
    assert command.endswith("--editable .[test]")


@pytest.mark.parametrize(
    ("changed", "redone"),
    [
        ("pyproject.toml", ["./.venv/bin/python -m pip install --quiet --editable .[opencl]"]),
        ("extension/package-lock.json", ["npm ci --no-audit --no-fund", *BUNDLED]),
        ("extension/src/panes/code.ts", BUNDLED),
        ("extension/src/panes/new.ts", BUNDLED),
        ("extension/bundle.mjs", BUNDLED),
        ("extension/labextension.mjs", BUNDLED),
    ],
)
def test_a_change_redoes_what_depends_on_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, changed: str, redone: list[str]
) -> None:
    machine.run(monkeypatch)
    machine.write(changed, "changed")
    assert machine.run(monkeypatch) == redone
    assert machine.run(monkeypatch) == []


def test_a_failure_is_shown_and_tried_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.failing = "npm ci"
    with pytest.raises(SystemExit, match="`npm ci --no-audit --no-fund` failed"):
        machine.run(monkeypatch)
    assert "said so" in capsys.readouterr().err
    machine.failing = "nothing"
    assert machine.run(monkeypatch) == ["npm ci --no-audit --no-fund", *BUNDLED]


def test_the_extension_is_linked_where_jupyterlab_looks(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = machine.root / ".venv" / "share" / "jupyter" / "labextensions" / "tvmlab"
    machine.write(str(place / "package.json"), "of a wheel installed before")
    for _ in range(2):
        machine.run(monkeypatch)
        assert (place / "package.json").read_text() == "{}"
        assert place.is_symlink()


def test_a_missing_browser_is_said_and_does_not_stop(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine.setup, "FONT", machine.root / "missing")
    monkeypatch.setattr(machine.setup.os, "geteuid", lambda: 1000)
    assert not [c for c in machine.run(monkeypatch, "--test") if "apt-get" in c]
    assert "sudo apt-get install chromium fonts-dejavu-core" in capsys.readouterr().out


def test_debian_without_ensurepip_gets_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.setup.os, "geteuid", lambda: 0)
    machine.failing = "-m venv"
    with pytest.raises(SystemExit, match=r"-m venv .* failed"):
        machine.run(monkeypatch)
    install = "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet"
    assert machine.commands[2] == f"{install} --no-install-recommends python3-venv"


def test_an_old_node_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.setup, "OLDEST_NODE", (20, 20))
    with pytest.raises(SystemExit, match=r"Node 20\.20 or newer is needed, this is v20\.19\.0"):
        machine.run(monkeypatch)
