"""Which file of the server's a path means: one inside its root, shown by Jupyter's own rules."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_core.paths import is_hidden
from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado.web import HTTPError

OWN = ".tvmlab"
"""The one hidden folder that is looked into: where labs keep what outlives them."""


async def place_of(contents: Any, path: str) -> Path:
    """The file that `path`, as the contents manager names it, stands for.

    No link may lead out of the root, and what Jupyter hides stays hidden, but for what labs keep in
    `.tvmlab` beside their notebooks. Whether there is something outside is not told.

    Raises:
        HTTPError: 404 where this user has no such file, 501 where files are kept elsewhere.
    """
    if not isinstance(contents, FileContentsManager):
        raise HTTPError(501, "this server keeps its files elsewhere than on its disk.")
    missing = HTTPError(404, f"there is no file {path!r} below the server's folder.")
    parts = path.strip("/").split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\0" in path or "\\" in path:
        raise missing
    root = Path(contents.root_dir).resolve()
    try:
        found = root.joinpath(*parts).resolve(strict=True)
        is_file = stat.S_ISREG(found.stat().st_mode)
    except (OSError, RuntimeError, ValueError):
        raise missing from None
    if not found.is_relative_to(root) or not is_file:
        raise missing
    if not contents.allow_hidden:
        asked_hidden = await ensure_async(contents.is_hidden("/".join(_without_own(parts))))
        place = root.joinpath(*_without_own(found.relative_to(root).parts))
        if asked_hidden or is_hidden(str(place), str(root)):
            raise missing
    return found


def _without_own(parts: Sequence[str]) -> Sequence[str]:
    """The folder that is to be shown for a file to be: of our own files, which lie in `.tvmlab`
    itself, the one that this is in."""
    return parts[:-2] if len(parts) > 1 and parts[-2] == OWN and parts[-1][0] != "." else parts
