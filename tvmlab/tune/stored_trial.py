"""A trial and its measurement as rows of the tables, and back."""

from __future__ import annotations

import json
from typing import Any

from tvmlab.measure.canonical import canonical
from tvmlab.measure.outcome import Outcome
from tvmlab.tune.record import Record
from tvmlab.tune.store import Row


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """What the table of measurements keeps of an outcome, the moment aside."""
    return {
        "status": outcome.status,
        "stage": outcome.stage,
        "reason": _storable(outcome.reason),
        "times_s": canonical(outcome.times_s),
        "median_s": outcome.median_s,
        "build_s": outcome.build_s,
        "total_s": outcome.total_s,
        "verified": int(outcome.verified),
        "sentinel_s": outcome.sentinel_s,
        "device": outcome.device,
    }


def _storable(text: str) -> str:
    """Text without what no store takes: zeros, and halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def record_of_row(row: Row) -> Record:
    """The record of number, index, config, trace, prediction and the outcome's fields, in order."""
    number, index, config, trace, predicted_s, status, stage, reason, times_s, *rest = row
    build_s, total_s, verified, sentinel_s, device = rest
    return Record.from_json(
        {
            "number": number,
            "index": index,
            "config": json.loads(config),
            "trace": json.loads(trace),
            "predicted_s": predicted_s,
            "outcome": {
                "status": status,
                "stage": stage,
                "reason": reason,
                "times_s": json.loads(times_s),
                "build_s": build_s,
                "total_s": total_s,
                "verified": bool(verified),
                "sentinel_s": sentinel_s,
                "device": device,
            },
        }
    )
