"""The browser modules that travel with the package: one ES module and style sheet a pane."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tvmlab.errors import UsageError

STATIC = Path(__file__).parents[1] / "static"


@cache
def module(stem: str) -> str:
    """The source of the ES module `stem`.

    Raises:
        UsageError: a checkout in which the modules have not been built.
    """
    return _read(f"{stem}.js")


@cache
def style(stem: str) -> str:
    """The style sheet of the module `stem`."""
    return _read(f"{stem}.css")


def _read(name: str) -> str:
    try:
        return (STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"the browser module {name} is missing from {STATIC}; run `make lab` in the checkout "
            "once, or install the wheel."
        ) from None
