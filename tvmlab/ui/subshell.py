"""Lets a widget answer while a cell runs, where the kernel can.

JupyterLab sends a widget's messages to a subshell, a thread beside the one that runs cells.
ipykernel 7.4 sends them on to whichever shell last published on the widget's comm, which is the
main one, busy with the cell. The method that decides this is private, so it is replaced only
where it exists, on our own widgets only; everywhere else nothing is touched.
"""

from __future__ import annotations

from typing import Any

ROUTE = "_reply_subshell_for"


def keep_subshell(widget: Any) -> bool:
    """Have messages to `widget` handled where the browser sent them; whether that was needed."""
    return keep_comm(getattr(widget, "comm", None))


def keep_comm(comm: Any) -> bool:
    """The same for a comm of our own."""
    if comm is None or not hasattr(comm, ROUTE):
        return False
    setattr(comm, ROUTE, _as_sent)
    return True


def _as_sent(data: Any, default: Any) -> Any:
    return default
