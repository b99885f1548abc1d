from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.patience import PATIENCE_S
from tvmlab import cli
from tvmlab.cli import lab
from tvmlab.cli.websocket import PromptWebsocketConnection

IP = "--ServerApp.ip=127.0.0.1"
CLASS = (
    "--ServerApp.kernel_websocket_connection_class=tvmlab.cli.websocket.PromptWebsocketConnection"
)


def test_our_defaults_stand_before_the_users_words() -> None:
    words = ["a.ipynb", "--port=1"]
    assert lab.arguments(words, is_root=False) == [IP, CLASS, *words]
    assert lab.arguments(words, is_root=True) == [IP, CLASS, "--allow-root", *words]


@pytest.mark.parametrize(
    "words", [["--ip=localhost"], ["--ip", "localhost"], ["--ServerApp.ip=localhost"]]
)
def test_a_default_that_the_user_gives_is_left_out(words: list[str]) -> None:
    assert lab.arguments(words, is_root=False) == [CLASS, *words]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["below/a b.ipynb", "--no-browser"], "/lab/tree/a%20b.ipynb"),
        (
            ["below/a b.ipynb", "--no-browser", "--ServerApp.root_dir=."],
            "/lab/tree/below/a%20b.ipynb",
        ),
        (["below", "--no-browser", "--notebook-dir", "."], "/lab/tree/below"),
        (["a.ipynb", "--no-browser", "--ServerApp.root_dir=below"], ""),
        (["a.ipynb", "--no-browser", "--LabApp.default_url=/lab"], ""),
        (["a.ipynb"], ""),
        (["--no-browser"], ""),
    ],
)
def test_without_a_browser_the_address_is_the_notebooks(
    words: list[str], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    assert lab.printed_place(words) == place
    given = [f"--LabApp.default_url={place}"] if place else []
    assert lab.arguments(words, is_root=False) == [IP, CLASS, *given, *words]


def test_root_said_by_the_user_is_not_said_again() -> None:
    for word in ("--allow-root", "--ServerApp.allow_root=True"):
        assert lab.arguments([word], is_root=True) == [IP, CLASS, word]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--port", "1"], "1"),
        (["--ServerApp.port=2"], "2"),
        (["--port=1", "--port=3"], "3"),
        (["--port"], None),
        (["port=4"], None),
    ],
)
def test_option_values(words: list[str], value: str | None) -> None:
    assert lab.option_value(words, "port", "ServerApp.port") == value


def test_a_notebook_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab", "01_matmull.ipynb"]) == 2
    assert capsys.readouterr().err == (
        "tvmlab: `tvmlab lab 01_matmull.ipynb` is to open a notebook that does not exist below "
        f"{tmp_path}; check the name, or leave it out to start with a list of files.\n"
    )


def test_a_port_in_use_and_no_other_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["lab", "--no-browser", f"--port={port}", "--port-retries=0"]) == 2
    assert capsys.readouterr().err == (
        f"tvmlab: `tvmlab lab` is to listen on port {port} and no other, and that port cannot be "
        "had (Address already in use); give another with --port, or leave --port-retries out.\n"
    )


def test_messages_are_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []

    class Handler:
        def set_nodelay(self, value: bool) -> None:
            done.append(value)

    class Connection:
        websocket_handler = Handler()

    base = PromptWebsocketConnection.__mro__[1]
    monkeypatch.setattr(base, "connect", lambda self: done.append("connected"))
    monkeypatch.setattr(PromptWebsocketConnection, "websocket_handler", Handler())
    PromptWebsocketConnection.connect(object.__new__(PromptWebsocketConnection))
    assert done == [True, "connected"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """`tvmlab lab` on a port that Jupyter finds, because the one asked for is taken."""
    folders = ("CONFIG", "DATA", "RUNTIME")
    environment = dict(os.environ, IPYTHONDIR=str(tmp_path / "ipython"))
    environment |= {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in folders}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "tvmlab.cli", "lab", "--no-browser", "--port"]
        process = subprocess.Popen(
            [*command, str(taken.getsockname()[1])],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=(tmp_path / "log").open("wb"),
        )
        try:
            yield address(process, tmp_path / "log")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE_S)


def answers(port: int) -> bool:
    """Whether a server listens on that port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server prints, token included, once it answers there: jupyter_server
    prints it before it listens (`ServerApp.start_app`, then `_bind_http_server`)."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/lab\?token=\w+", log.read_text())
        if found and answers(int(found[1])):
            return found.group()
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def test_the_server_listens_on_loopback_and_its_kernels_answer(server: str) -> None:
    match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/lab\?token=(\w+)", server)
    assert match is not None
    host, token = f"127.0.0.1:{match[1]}", match[2]
    request = urllib.request.Request(
        f"http://{host}/api/kernels",
        method="POST",
        data=b"{}",
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        kernel = json.load(answer)["id"]
    connection = websocket.create_connection(
        f"ws://{host}/api/kernels/{kernel}/channels?token={token}", timeout=PATIENCE_S
    )
    header = {"msg_id": "1", "msg_type": "kernel_info_request", "session": "s", "username": ""}
    message = {
        "header": {**header, "date": "2026-01-01T00:00:00Z", "version": "5.3"},
        "parent_header": {},
        "metadata": {},
        "content": {},
        "channel": "shell",
    }
    connection.send(json.dumps(message))
    for _ in range(20):
        reply = json.loads(connection.recv())
        if reply["header"]["msg_type"] == "kernel_info_reply":
            break
    connection.close()
    assert reply["content"]["language_info"]["name"] == "python"
