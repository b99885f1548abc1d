"""The processes that read files for a server: one a file, few at once, ended when they are idle.

A file that is malformed, hostile or huge thus costs a process and a sentence, never the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from tvmlab.server.limits import MIB, Limits

PACKAGE_PARENT = Path(__file__).parents[2]
Key = tuple[str, Path]


class Readers:
    """The readers of a server, by file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._readers: dict[Key, Reader] = {}

    async def ask(self, kind: str, place: Path, name: str, question: dict[str, Any]) -> str:
        """The answer to a question about a file, as JSON.

        Args:
            kind: "records" or "trace".
            place: the file, inside the server's root.
            name: what sentences call it.
            question: see `tvmlab.server.reader`.

        Raises:
            HTTPError: 413, 400, 503 or 504, with one sentence.
        """
        try:
            objection = self._limits.objection(place, kind)
        except OSError as error:
            raise HTTPError(404, f"{name} cannot be read ({error.strerror}).") from None
        if objection is not None:
            raise HTTPError(413, objection)
        key = (kind, place)
        reader = self._readers.pop(key, None)
        if reader is None or reader.is_over:
            self._make_room()
            reader = Reader(kind, place, name, self._limits)
        self._readers[key] = reader  # the last used comes last
        return await reader.ask(question)

    def close(self) -> None:
        """End every process."""
        for reader in self._readers.values():
            reader.kill()
        self._readers.clear()

    def _make_room(self) -> None:
        """End the reader that was asked longest ago, if there are too many."""
        self._readers = {key: each for key, each in self._readers.items() if not each.is_over}
        if len(self._readers) < self._limits.most:
            return
        idle = next((key for key, each in self._readers.items() if not each.is_busy), None)
        if idle is None:
            raise HTTPError(503, "too many large files are being read; try again in a moment.")
        self._readers.pop(idle).kill()


class Reader:
    """A process that reads one file. It begins with the first question."""

    def __init__(self, kind: str, place: Path, name: str, limits: Limits) -> None:
        self.is_over = False
        self._command = [kind, str(place), name, str(limits.memory_bytes)]
        self._name = name
        self._limits = limits
        self._turn = asyncio.Lock()
        self._asking = 0
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return self._asking > 0

    async def ask(self, question: dict[str, Any]) -> str:
        """The answer, in turn; a reader that fails to give one is ended.

        Raises:
            HTTPError: why there is none.
        """
        if self._idle is not None:
            self._idle.cancel()
        self._asking += 1
        try:
            async with self._turn:
                async with asyncio.timeout(self._limits.patience_s):
                    line = await self._exchange(question)
                return self._said(line)
        except TimeoutError:
            self.kill()
            seconds = self._limits.patience_s
            words = f"reading {self._name} took more than {seconds:g} s and was stopped."
            raise HTTPError(504, words) from None
        except (OSError, ValueError):  # a broken pipe, or a line that is too long
            self.kill()
            raise self._broken() from None
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            self._asking -= 1
            if not self.is_busy and not self.is_over:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(self._limits.idle_s, self.kill)

    def kill(self) -> None:
        """End the process and whatever it began; harmless when repeated."""
        self.is_over = True
        if self._idle is not None:
            self._idle.cancel()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _exchange(self, question: dict[str, Any]) -> bytes:
        if self.is_over:
            raise HTTPError(503, f"the reader of {self._name} was stopped; try again.")
        if self._process is None:
            self._process = await self._started()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._process.stdout.readline()

    async def _started(self) -> asyncio.subprocess.Process:
        # -P: nothing in the folder of the files is imported, whatever its name.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "tvmlab.server.reader",
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=self._limits.answer_bytes,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )

    def _said(self, line: bytes) -> str:
        """The answer in a line; HTTPError where it is a refusal, or the process ended."""
        if not line.endswith(b"\n"):
            self.kill()
            raise self._broken()
        status, _, text = line.decode().partition(" ")
        if status != "200":
            raise HTTPError(int(status), str(json.loads(text)))
        return text

    def _broken(self) -> HTTPError:
        memory = self._limits.memory_bytes / MIB
        return HTTPError(
            400,
            f"{self._name} could not be read: its reader ended, which happens where more than "
            f"{memory:,.0f} MiB are needed.",
        )


def _environment() -> dict[str, str]:
    """The server's own without its tokens, with one thread for each library and this package
    first."""
    found = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    paths = [str(PACKAGE_PARENT), found.get("PYTHONPATH", "")]
    found["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return found | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
