"""How a user wants every lab of this kernel to measure; JupyterLab's settings say so by name.

A kernel that begins is told in its environment, before any cell and without loading anything; one
that a page is docked at, by the page.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tvmlab.errors import UsageError
from tvmlab.measure.timing import CERTIFIED, QUICK, Protocol

PATIENT = Protocol(warmup_s=0.05, min_repeats=5, limit_s=1.0, patience_s=5.0)
"""Ten times as long as a quick look."""

PROTOCOLS: Mapping[str, Protocol] = {"quick": QUICK, "patient": PATIENT, "certified": CERTIFIED}


VARIABLE = "TVMLAB_TIMING"
"""The environment variable that names the default."""


class _Preferred:
    """What `prefer_protocol` was given; None: the default."""

    name: str | None = None


def prefer_protocol(name: str | None) -> None:
    """Have labs take this protocol where neither they nor the user ask for a certified time.

    None takes the default again: `$TVMLAB_TIMING`, else `quick`.

    Raises:
        UsageError: there is no protocol of this name.
    """
    if name is not None and name not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise UsageError(f"the timing protocol {name!r} is not known; use one of {known}.")
    _Preferred.name = name


def preferred_protocol() -> Protocol:
    """The protocol in effect; an environment variable that names none is as good as unset."""
    name = _Preferred.name or os.environ.get(VARIABLE, "")
    return PROTOCOLS.get(name, QUICK)
