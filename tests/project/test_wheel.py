"""What a user installs carries the browser modules, and is built from an sdist without Node."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 1_500_000
PANES = sorted(
    pane.stem
    for pane in (ROOT / "extension" / "src" / "panes").glob("*.ts")
    if ".test." not in pane.name
)


def build(kind: str, source: Path, into: Path, environment: dict[str, str]) -> Path:
    """Let hatchling build an sdist or a wheel, and return the file."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into)],
        cwd=source,
        env=environment,
        check=True,
        capture_output=True,
    )
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from an unpacked sdist, with neither node nor npm on the path."""
    folder = tmp_path_factory.mktemp("wheel")
    sdist = build("sdist", ROOT, folder / "sdist", dict(os.environ))
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    made = build("wheel", source, folder / "wheel", {"PATH": str(folder)})
    with zipfile.ZipFile(made) as archive:
        return set(archive.namelist())


def test_every_pane_is_inside(wheel: set[str]) -> None:
    assert PANES
    assert {f"tvmlab/static/{pane}.js" for pane in PANES} <= wheel


def test_jupyterlab_finds_the_extension(wheel: set[str]) -> None:
    shared = {name.partition(".data/data/")[2] for name in wheel if ".data/data/" in name}
    built = ROOT / "tvmlab" / "labextension"
    files = {str(path.relative_to(built)) for path in built.rglob("*") if path.is_file()}
    assert {"package.json", "static/style.js"} <= files
    extension = "share/jupyter/labextensions/tvmlab"
    server = "etc/jupyter/jupyter_server_config.d/tvmlab.json"
    others = {f"{extension}/install.json", server}
    assert shared == {f"{extension}/{name}" for name in files} | others
    assert not [name for name in wheel if name.startswith("tvmlab/labextension")]


def test_jupyter_lists_the_extension_as_sound(tmp_path: Path) -> None:
    (tmp_path / "labextensions").mkdir()
    (tmp_path / "labextensions" / "tvmlab").symlink_to(ROOT / "tvmlab" / "labextension")
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "labextension", "list"],
        env={**os.environ, "JUPYTER_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    version = importlib.metadata.version("tvmlab")
    assert re.search(rf"tvmlab v{version} \S*enabled\S* \S*OK", listed.stdout + listed.stderr)


def test_the_extension_stays_small() -> None:
    """What a browser loads, compressed; everything else comes from JupyterLab."""
    built = (ROOT / "tvmlab" / "labextension").rglob("*.js")
    assert 0 < sum(len(gzip.compress(path.read_bytes())) for path in built) < MOST_BYTES


def test_the_versions_agree() -> None:
    described = json.loads((ROOT / "tvmlab" / "labextension" / "package.json").read_text())
    assert described["version"] == importlib.metadata.version("tvmlab")


def test_every_exercise_is_inside(wheel: set[str]) -> None:
    learn = ROOT / "tvmlab" / "learn"
    data = {
        str(path.relative_to(ROOT)) for path in [*learn.rglob("*.toml"), *learn.rglob("*.json")]
    }
    assert len(data) > 12
    assert data <= wheel


def test_every_module_is_inside_and_nothing_else(wheel: set[str]) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "tvmlab").rglob("*.py")}
    assert {name for name in wheel if name.endswith(".py")} == modules
    others = {name.split("/")[0] for name in wheel} - {"tvmlab"}
    assert all(name.endswith((".dist-info", ".data")) for name in others), others
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_every_bundle_is_self_contained() -> None:
    for pane in PANES:
        text = (ROOT / "tvmlab" / "static" / f"{pane}.js").read_text()
        assert "export{" in text, f"{pane}.js is not an ES module"
        assert "require(" not in text, f"{pane}.js expects a module loader"
