"""Where a tuning database lives: what `Database` asks of a file or of a server.

Both understand the same statements (see `tvmlab.tune.schema`), with `:name` for values.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol
from urllib.parse import urlsplit

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")

PATIENCE_S = 2.0
"""How long to wait for another program's lock before giving up."""

HOLDER_PATIENCE_S = 60.0
"""The same of who holds a session: what it has to write took long to measure."""

Row = tuple[Any, ...]


class Store(Protocol):
    """An open database with the tables of this version in it.

    Every method raises DatabaseError, one sentence, where the file or the server does not do it.

    Attributes:
        name: what sentences call it; no password is in it.
    """

    name: str

    def rows(self, statement: str, **values: Any) -> list[Row]:
        """Carry out one statement; what it selects or returns."""

    def transaction(self) -> AbstractContextManager[None]:
        """All statements inside or none; on disk when left. One writer at a time: others wait a
        moment, and then are told so; who holds a session waits longer."""

    def hold(self, session: int) -> bool:
        """Be the only writer of a session until closed or dead; False where another is."""

    def close(self) -> None:
        """Let go of it; everything written stays."""


def is_address(place: object) -> bool:
    """Whether a database is named by a server's address and not by a file's name."""
    return str(place).partition("://")[0] in SCHEMES and "://" in str(place)


def shown(place: object) -> str:
    """The name of a database as it may be printed: without the password of an address."""
    text = str(place)
    if not is_address(text):
        return text
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if not parts.scheme or "@" in text.partition(parts.netloc)[2]:
        return f"{text.partition('://')[0]}://..."  # a password may be anywhere in it
    user = (parts.username or "") + (":***" if parts.password else "")
    host = f"{'@' if user else ''}{parts.hostname or ''}{port}"
    asked = "?..." if parts.query else ""  # options may hold one, too
    return f"{parts.scheme}://{user}{host}{parts.path}{asked}"
