"""A Dask scheduler and workers as processes of their own, which tests may kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.patience import eventually

ROOT = Path(__file__).parents[2]


class Cluster:
    """A scheduler on a free port of this machine; a context manager that ends all of it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._folder = folder
        self.scheduler = self._run(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show",
            "--scheduler-file", str(self._file),
        )  # fmt: skip
        self.workers: list[subprocess.Popen] = []
        eventually(self._has_address)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    @property
    def address(self) -> str:
        return json.loads(self._file.read_text())["address"]

    def add_worker(self, path: str = "", threads: int = 1) -> subprocess.Popen:
        """Start a worker that offers a processor; `path` comes first where it looks for modules."""
        worker = self._run(
            "dask_worker", self.address, "--host", "127.0.0.1", "--nthreads", str(threads),
            "--no-nanny", "--no-dashboard", "--resources", "cpu=1",
            "--local-directory", str(self._folder), path=path,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def _has_address(self) -> bool:
        return self._file.exists() and "address" in self._file.read_text()

    def _run(self, module: str, *words: str, path: str = "") -> subprocess.Popen:
        places = [place for place in (path, str(ROOT)) if place]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
        log = (self._folder / f"{module}.log").open("a")
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
