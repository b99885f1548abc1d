"""Build hook: bundles the browser modules so that wheel and sdist carry them.

Whoever installs a wheel, or builds one from an sdist, needs no Node: the bundles are inside. An
editable install leaves bundling to `make`, which knows better when it is needed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
EXTENSION = ROOT / "extension"
STATIC = ROOT / "tvmlab" / "static"
LABEXTENSION = ROOT / "tvmlab" / "labextension"

# Where JupyterLab and its server look for what a package brings, below the environment's prefix.
SHARED = {
    LABEXTENSION: "share/jupyter/labextensions/tvmlab",
    EXTENSION / "install.json": "share/jupyter/labextensions/tvmlab/install.json",
    EXTENSION / "server_config.json": "etc/jupyter/jupyter_server_config.d/tvmlab.json",
}


def is_bundled() -> bool:
    """Whether every bundle is there and not older than the newest source file."""
    sources = [p for p in (EXTENSION / "src").rglob("*") if p.is_file()]
    panes = [p for p in (EXTENSION / "src" / "panes").glob("*.ts") if ".test." not in p.name]
    bundles = [STATIC / f"{pane.stem}.js" for pane in panes]
    bundles.append(LABEXTENSION / "package.json")
    if not all(bundle.exists() for bundle in bundles):
        return False
    newest = max((p.stat().st_mtime for p in sources), default=0.0)
    return all(bundle.stat().st_mtime >= newest for bundle in bundles)


class BundleHook(BuildHookInterface[Any]):
    """Runs npm before a wheel or an sdist is put together, if its bundles are missing or old."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle, and say what goes beside the package; hatchling calls this for each file."""
        if version == "editable":
            return
        if not is_bundled():
            self._bundle()
        if self.target_name == "wheel":
            shared = {str(source): place for source, place in SHARED.items()}
            build_data["shared_data"].update(shared)

    def _bundle(self) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("the browser modules are not bundled and npm is missing: install it")
        if not (EXTENSION / "node_modules").exists():
            subprocess.run([npm, "ci"], cwd=EXTENSION, check=True)
        subprocess.run([npm, "run", "bundle"], cwd=EXTENSION, check=True)
