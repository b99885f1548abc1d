"""Why a request was refused, as plain data."""

from __future__ import annotations

from typing import TypedDict


class RefusalView(TypedDict):
    """Why a request was refused; the fields of `tvmlab.errors.Refusal`."""

    asked: str
    where: str
    why: str
    instead: str
