"""`tvmlab lab`: JupyterLab with what the lab needs, on this machine's loopback address only.

It is Jupyter's own LabApp with a few defaults in front of the user's options. A default that the
user also gives, under any of its spellings, is left out: traitlets refuses a value given twice.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tvmlab.errors import UsageError

HELP = """\
usage: tvmlab lab [NOTEBOOK | FOLDER] [JupyterLab's options ...]

Start JupyterLab and open NOTEBOOK. The server listens on 127.0.0.1 only and asks for the token
that Jupyter makes; answers to clicks are not held back by the network stack. Every option of
JupyterLab works, for instance

  tvmlab lab notebooks/01_matmul.ipynb
  tvmlab lab 01_matmul.ipynb --no-browser  print the notebook's address and wait
  tvmlab lab --ServerApp.root_dir=course   serve another folder

A port in use is no obstacle: Jupyter takes the next one, unless --port-retries=0 is given.
`jupyter lab --help-all` lists every option. Ctrl-C ends the server."""

DEFAULT_PORT = 8888


@dataclass(frozen=True)
class Default:
    """An option we give unless the user does: the option, and its other spellings."""

    option: str
    spellings: tuple[str, ...]

    def is_given(self, words: Sequence[str]) -> bool:
        """Whether one of the user's words is this option."""
        return any(option_name(word) in self.spellings for word in words)


DEFAULTS = (
    Default("--ServerApp.ip=127.0.0.1", ("ip", "ServerApp.ip")),
    Default(
        "--ServerApp.kernel_websocket_connection_class="
        "tvmlab.cli.websocket.PromptWebsocketConnection",
        ("ServerApp.kernel_websocket_connection_class",),
    ),
)
ALLOW_ROOT = Default("--allow-root", ("allow-root", "ServerApp.allow_root"))


def option_name(word: str) -> str:
    """The name of an option without dashes and value; "" for a word that is none."""
    return word.lstrip("-").partition("=")[0] if word.startswith("-") else ""


def option_value(words: Sequence[str], *spellings: str) -> str | None:
    """The last value given to an option, as `--name=value` or `--name value`."""
    value = None
    for number, word in enumerate(words):
        if option_name(word) not in spellings:
            continue
        if "=" in word:
            value = word.partition("=")[2]
        elif number + 1 < len(words):
            value = words[number + 1]
    return value


def arguments(words: Sequence[str], is_root: bool) -> list[str]:
    """The arguments for LabApp: our defaults, bar those the user gives, then the user's words."""
    defaults = [*DEFAULTS, ALLOW_ROOT] if is_root else list(DEFAULTS)
    address = [f"--LabApp.default_url={place}"] if (place := printed_place(words)) else []
    return [*(d.option for d in defaults if not d.is_given(words)), *address, *words]


def printed_place(words: Sequence[str]) -> str:
    """Where the address leads that Jupyter prints instead of opening a browser: to the notebook
    or folder given, which it forgets then; "" where its own default will do."""
    if not words or words[0].startswith("-") or "--no-browser" not in words:
        return ""
    if any(option_name(word).endswith(".default_url") for word in words):
        return ""
    # As Jupyter does: a notebook's own folder is the root unless another is named.
    file = Path(words[0]).resolve()
    root = option_value(words, "notebook-dir", "ServerApp.root_dir")
    if root is None and file.is_dir():
        return ""
    folder = file.parent if root is None else Path(root).resolve()
    if not file.is_relative_to(folder):
        return ""
    return f"/lab/tree/{quote(file.relative_to(folder).as_posix())}"


def require_notebook(words: Sequence[str]) -> None:
    """UsageError where the first word is a notebook or folder that is not there."""
    if words and not words[0].startswith("-") and not Path(words[0]).exists():
        raise UsageError(
            f"`tvmlab lab {words[0]}` is to open a notebook that does not exist below "
            f"{Path.cwd()}; check the name, or leave it out to start with a list of files."
        )


def require_port(words: Sequence[str]) -> None:
    """UsageError where the only port allowed is taken: with retries Jupyter finds another."""
    if option_value(words, "port-retries", "ServerApp.port_retries") != "0":
        return
    given = option_value(words, "port", "ServerApp.port") or str(DEFAULT_PORT)
    address = option_value(words, "ip", "ServerApp.ip") or "127.0.0.1"
    if not given.isdecimal():
        return  # Jupyter says what is wrong with it
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, int(given)))
        except OSError as error:
            raise UsageError(
                f"`tvmlab lab` is to listen on port {given} and no other, and that port cannot be "
                f"had ({error.strerror}); give another with --port, or leave --port-retries out."
            ) from error


def run(words: list[str]) -> int:
    """Start the server and wait for its end."""
    if words and words[0] in ("-h", "--help"):
        print(HELP)
        return 0
    require_notebook(words)
    require_port(words)
    is_root = os.geteuid() == 0
    if is_root and not ALLOW_ROOT.is_given(words):
        print(
            "tvmlab lab: running as root, as containers do, so --allow-root is given to Jupyter.",
            file=sys.stderr,
        )
    from jupyterlab.labapp import LabApp  # loads a web server

    LabApp.launch_instance(argv=arguments(words, is_root))
    return 0
