"""What tvmlab adds to a Jupyter server: files of records and traces, read for the document viewers.

Names are loaded when Jupyter asks for them: the processes that read files need no web server.
"""

from __future__ import annotations

import importlib
from typing import Any

from tvmlab.version import __version__

__all__ = ["__version__"]

_LAZY = {"_jupyter_server_extension_points": "tvmlab.server.extension"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)
