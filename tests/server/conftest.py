"""A Jupyter server of our own, below another base URL, and files in its folder."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.server import FOLDERS, free_port
from tests.patience import PATIENCE_S

BASE = "/user/x/"


@dataclass(frozen=True)
class Server:
    """A running server: its address with base URL, its token, the folder it serves."""

    url: str
    token: str
    root: Path
    process: subprocess.Popen[bytes]

    def get(self, route: str, /, token: str | None = None, **query: object) -> tuple[int, Any]:
        """The status and the decoded answer to a GET; the server's own token if none is given."""
        asked = urllib.parse.urlencode({k: str(v) for k, v in query.items()})
        headers = {"Authorization": f"token {self.token if token is None else token}"}
        request = urllib.request.Request(f"{self.url}{route}?{asked}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def refused(self, route: str, /, **query: object) -> tuple[int, str]:
        """The status and the sentence of a refusal."""
        status, answer = self.get(route, **query)
        assert status >= 400, answer
        return status, answer["message"]

    def readers(self) -> dict[int, int]:
        """The processes that read for it, with the most memory each ever held, in KiB."""
        found = {}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split():
            try:
                command = Path(f"/proc/{child}/cmdline").read_text()
                status = Path(f"/proc/{child}/status").read_text()
            except OSError:
                continue
            if "tvmlab.server.reader" in command and "VmHWM" in status:
                found[int(child)] = int(status.split("VmHWM:")[1].split()[0])
        return found


def environment(folder: Path) -> dict[str, str]:
    """That of a user with no Jupyter settings."""
    found = dict(os.environ)
    for name in FOLDERS:
        found[name] = str(folder / name.lower())
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """jupyter_server alone with our extension: small limits, so that they are reached."""
    folder = tmp_path_factory.mktemp("server")
    root = folder / "root"
    root.mkdir()
    port, token = free_port(), secrets.token_hex(16)
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyter_server",
            "--allow-root",
            "--no-browser",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={BASE}",
            f"--ServerApp.root_dir={root}",
            f"--IdentityProvider.token={token}",
            "--ServerApp.jpserver_extensions={'tvmlab.server': True}",
        ],
        cwd=root,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    running = Server(f"http://127.0.0.1:{port}{BASE}", token, root, process)
    end = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end and process.poll() is None:
            try:
                running.get("api/status")
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)
        log.close()
