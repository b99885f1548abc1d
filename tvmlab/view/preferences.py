"""How a user wants every lab of this kernel to measure; JupyterLab's settings say so by name."""

from __future__ import annotations

from collections.abc import Mapping

from tvmlab.errors import UsageError
from tvmlab.measure.timing import CERTIFIED, QUICK, Protocol

PATIENT = Protocol(warmup_s=0.05, min_repeats=5, limit_s=1.0, patience_s=5.0)
"""Ten times as long as a quick look."""

PROTOCOLS: Mapping[str, Protocol] = {"quick": QUICK, "patient": PATIENT, "certified": CERTIFIED}


class _Preferred:
    """What `prefer_protocol` was given."""

    name = "quick"


def prefer_protocol(name: str) -> None:
    """Have labs take this protocol where neither they nor the user ask for a certified time.

    Raises:
        UsageError: there is no protocol of this name.
    """
    if name not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise UsageError(f"the timing protocol {name!r} is not known; use one of {known}.")
    _Preferred.name = name


def preferred_protocol() -> Protocol:
    """The protocol in effect."""
    return PROTOCOLS[_Preferred.name]
