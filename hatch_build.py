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


def is_bundled() -> bool:
    """Whether every pane has a bundle that is not older than the newest source file."""
    sources = [p for p in (EXTENSION / "src").rglob("*") if p.is_file()]
    panes = [p for p in (EXTENSION / "src" / "panes").glob("*.ts") if ".test." not in p.name]
    bundles = [STATIC / f"{pane.stem}.js" for pane in panes]
    if not all(bundle.exists() for bundle in bundles):
        return False
    newest = max((p.stat().st_mtime for p in sources), default=0.0)
    return all(bundle.stat().st_mtime >= newest for bundle in bundles)


class BundleHook(BuildHookInterface[Any]):
    """Runs npm before a wheel or an sdist is put together, if its bundles are missing or old."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle the panes; hatchling calls this once per wheel or sdist."""
        if version == "editable" or is_bundled():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("the browser modules are not bundled and npm is missing: install it")
        if not (EXTENSION / "node_modules").exists():
            subprocess.run([npm, "ci"], cwd=EXTENSION, check=True)
        subprocess.run([npm, "run", "bundle"], cwd=EXTENSION, check=True)
