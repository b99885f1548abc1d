"""The lab in a notebook: the only room that knows widgets. One module for each pane."""

from tvmlab.ui.lab import Lab

__all__ = ["Lab"]
