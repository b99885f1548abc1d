"""A JupyterLab server of our own for the browser tests: fresh folders, a free port, one token."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
BASE_URL = "/user/ada/"
"""As behind JupyterHub: nothing of the lab may take the server for the root of its host."""
KERNEL_VARIABLE = "TVMLAB_IPYKERNEL"
"""Names a folder with another ipykernel than the installed one; see `every_kernel`."""
# Every folder that Jupyter and IPython would otherwise share with the user's own.
FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)


@dataclass(frozen=True)
class LabServer:
    """A running server.

    Attributes:
        url: without a slash at the end.
        token: what every request must carry.
        root: the folder whose notebooks it serves; tests may write there.
        log: what the server printed.
    """

    url: str
    token: str
    root: Path
    log: Path
    process: subprocess.Popen[bytes]

    def request(self, method: str, path: str) -> Any:
        """Call the server's REST interface and decode its answer (None if it is empty)."""
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def end_sessions(self) -> None:
        """Shut every kernel down, so that the next test has the machine to itself."""
        for session in self.request("GET", "api/sessions"):
            self.request("DELETE", f"api/sessions/{session['id']}")

    def stop(self) -> None:
        """End the server and, with it, its kernels."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(folder: Path, root: Path) -> LabServer:
    """Start a server for the notebooks in `root`, with everything it writes under `folder`."""
    port, token = free_port(), secrets.token_hex(16)
    environment = dict(os.environ, PYDEVD_DISABLE_FILE_VALIDATION="1")
    places = [os.environ.get(KERNEL_VARIABLE), os.environ.get("PYTHONPATH")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    for name in FOLDERS:
        environment[name] = str(folder / name.lower())
        Path(environment[name]).mkdir(parents=True)
    silence_news(Path(environment["JUPYTERLAB_SETTINGS_DIR"]))
    install_extension(environment)
    log = folder / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*launcher(), *options(port, token, root)],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    server = LabServer(f"http://127.0.0.1:{port}{BASE_URL.rstrip('/')}", token, root, log, process)
    wait_until_up(server)
    return server


def silence_news(settings: Path) -> None:
    """Answer JupyterLab's question whether it may fetch news, which would cover the page."""
    notification = settings / "@jupyterlab" / "apputils-extension"
    notification.mkdir(parents=True)
    choice = {"fetchNews": "false", "checkForUpdates": False}
    (notification / "notification.jupyterlab-settings").write_text(json.dumps(choice))


def install_extension(environment: dict[str, str]) -> None:
    """Give the server the extension of this checkout, whatever is installed in the environment."""
    environment["JUPYTER_PREFER_ENV_PATH"] = "0"  # else those of a virtual environment come first
    extensions = Path(environment["JUPYTER_DATA_DIR"]) / "labextensions"
    extensions.mkdir()
    (extensions / "tvmlab").symlink_to(ROOT / "tvmlab" / "labextension")
    config = ROOT / "extension" / "server_config.json"
    if config.exists():
        enabled = Path(environment["JUPYTER_CONFIG_DIR"]) / "jupyter_server_config.d"
        enabled.mkdir()
        shutil.copy(config, enabled / "tvmlab.json")


def launcher() -> list[str]:
    """What starts JupyterLab: our own command, for its defaults are what the tests should see."""
    if importlib.util.find_spec("tvmlab.cli") is not None:
        return [sys.executable, "-m", "tvmlab.cli", "lab"]
    return [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]


def options(port: int, token: str, root: Path) -> list[str]:
    """What only tests need."""
    allowed_root = ["--allow-root"] if os.geteuid() == 0 else []
    return [
        "--no-browser",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.base_url={BASE_URL}",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=",
        *allowed_root,
    ]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(server: LabServer) -> None:
    """Return when the server answers; raise with the end of its log if it never does."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.process.poll() is None:
        try:
            server.request("GET", "api/status")
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    server.stop()
    raise RuntimeError(f"JupyterLab did not start:\n{server.log.read_text()[-3000:]}")
