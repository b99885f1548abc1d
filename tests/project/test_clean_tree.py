"""The repository holds sources only, and nothing that is true of one machine only."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 400_000
GENERATED = re.compile(
    r"^(\.venv|build|dist|tvmlab/static|tvmlab/labextension|extension/build)/|(^|/)(node_modules|__pycache__)/"
    r"|\.(pyc|so|o|whl|log|db|egg-info)$|(^|/)\.ipynb_checkpoints/"
)
# Home folders, working folders of one machine, and hosts that packages are fetched from.
OF_ONE_MACHINE = re.compile(
    r"(?<![\w./}-])/(home|root|work|Users)/[\w.]"
    r"|file:///"
    r"|https?://[\w.-]*(registry\.|pypi\.|pythonhosted|artifactory|nexus)[\w.-]*"
)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout, so there is nothing tracked to look at")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.exists()]


def texts(paths: list[Path]) -> dict[str, str]:
    """The text of every file that is text, by its name."""
    found: dict[str, str] = {}
    for path in paths:
        data = path.read_bytes()
        if b"\0" not in data:
            found[str(path.relative_to(ROOT))] = data.decode("utf-8")
    return found


def test_nothing_is_large(tracked: list[Path]) -> None:
    large = {str(p.relative_to(ROOT)): p.stat().st_size for p in tracked}
    assert {name: size for name, size in large.items() if size > MAX_BYTES} == {}


def test_nothing_is_generated(tracked: list[Path]) -> None:
    names = [str(p.relative_to(ROOT)) for p in tracked]
    assert [name for name in names if GENERATED.search(name)] == []


def test_nothing_names_one_machine(tracked: list[Path]) -> None:
    this = str(Path(__file__).relative_to(ROOT))
    found = [
        f"{name}: {match.group()}"
        for name, text in texts(tracked).items()
        if name != this
        for match in OF_ONE_MACHINE.finditer(text)
    ]
    assert found == []


def test_the_pattern_finds_what_it_is_for() -> None:
    for text in ("see /home/ann/x", '"/work/main"', "https://registry.npmjs.org/a", "/root/.cache"):
        assert OF_ONE_MACHINE.search(text), text
    for text in ("a/home/b", "https://tvm.apache.org/docs", "net/work/x", "{tmp}/work/y"):
        assert not OF_ONE_MACHINE.search(text), text


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "extension" / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_notebooks_carry_no_widget_state(tracked: list[Path]) -> None:
    for path in tracked:
        if path.suffix == ".ipynb":
            metadata = json.loads(path.read_text())["metadata"]
            assert "widgets" not in metadata, f"{path.name} was saved with its widget state"
