from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tvmlab import cli
from tvmlab.cli import entry
from tvmlab.version import __version__


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_help_shows_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 0
    shown = capsys.readouterr().out
    assert all(f"tvmlab {command}" in shown for command in entry.COMMANDS)


@pytest.mark.parametrize("command", entry.COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    # argparse ends the process after --help, so it is run in one of its own.
    done = subprocess.run(
        [sys.executable, "-m", "tvmlab.cli", command, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert f"usage: tvmlab {command}" in done.stdout
    assert done.stderr == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"tvmlab {__version__}\n"


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tunne"]) == 2
    assert capsys.readouterr().err == (
        "tvmlab: there is no command 'tunne'; did you mean 'tune'? "
        "there are lab, tune, replay, grade, log, doctor.\n"
    )


def test_an_unknown_option_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--frobnicate"]) == 2
    assert capsys.readouterr().err == (
        "tvmlab: tvmlab doctor: unrecognized arguments: --frobnicate; "
        "`tvmlab doctor --help` shows how it is used.\n"
    )


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        @staticmethod
        def run(words: list[str]) -> int:
            raise ZeroDivisionError

    monkeypatch.setattr(entry, "import_module", lambda name: Broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])


def test_ctrl_c_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        @staticmethod
        def run(words: list[str]) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr(entry, "import_module", lambda name: Interrupted)
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr().err == "\ntvmlab: interrupted.\n"


def test_a_reader_that_leaves_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "tvmlab.cli", "--help"], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from tvmlab.cli import main; main(['--help']); "
        "print({'numpy', 'llvmlite', 'jupyterlab'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"
