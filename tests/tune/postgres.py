"""A PostgreSQL server of the tests' own: a temporary folder, a unix socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "a:sec/ret@word"
"""Every sign in it means something else in an address, where it is written with %."""

_NUMBERS = count()


class Server:
    """A running server with the user `lab`; `database()` makes an empty database."""

    def __init__(self, folder: Path, programs: Path, user: dict[str, Any]) -> None:
        self.folder = folder
        self._programs = programs
        self._user = user

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        command = [str(self._programs / program), *words]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, **self._user
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def control(self, *words: str) -> None:
        """`pg_ctl`, which waits until it is done."""
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", *words)

    def address(self, name: str, user: str = "lab", password: str | None = None) -> str:
        """The address of a database on this server."""
        secret = f":{password}" if password is not None else ""
        return f"postgresql://{user}{secret}@/{name}?host={self.folder}"

    def database(self) -> str:
        """The address of a new empty database."""
        import psycopg

        name = f"runs{next(_NUMBERS)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address(name)


@contextmanager
def server() -> Iterator[Server]:
    """A running server; skips, with the reason, where none can be started."""
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("psycopg")
    found = shutil.which("initdb") or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if found is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl, postgres) are not installed")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which they refuse to run as
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user `postgres`")
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        made = Server(folder, Path(found).resolve().parent, user)
        made.run(
            "initdb", "-D", "data", "-U", "lab", "-A", "trust", "-N", "--no-locale", "-E", "UTF8"
        )
        made.control("start")
        try:
            yield made
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                made.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
