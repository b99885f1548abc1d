"""A workload in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tvmlab.errors import TvmlabError
from tvmlab.ops import recognise
from tvmlab.te.graph import inputs
from tvmlab.te.serial import from_json


def title(workload: Mapping[str, Any], otherwise: str = "") -> str:
    """The operator and its sizes; for an expression that is none of the library's `otherwise`, or
    the names of what it computes. Then the inputs that are constant, as times leave out what is
    made of them alone."""
    try:
        outputs = from_json(dict(workload))
        found = recognise(outputs)
    except TvmlabError:
        return otherwise or "an expression"
    named = str(found) if found is not None else otherwise or ", ".join(o.name for o in outputs)
    return said_constant(named, [t.name for t in inputs(outputs) if t.constant])


def said_constant(named: str, constants: Sequence[str]) -> str:
    """What is called `named`, with the inputs of it that are the same at every call."""
    return f"{named}, {' and '.join(constants)} constant" if constants else named
