"""Trials as a table, one row each, for whoever wants to look at a run with pandas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tvmlab.tune.record import Record

if TYPE_CHECKING:
    import pandas


def table(records: Iterable[Record]) -> pandas.DataFrame:
    """The trials as a DataFrame, indexed by `number`, in order of arrival.

    Columns: status, stage, reason, median_s, min_s, spread, predicted_s (seconds, NaN where there
    is none), verified, build_s, total_s, and one for each knob, named `knob <name>`.
    """
    # Half a second to import, and most runs are only watched.
    import pandas

    rows = [
        {
            "number": r.number,
            "status": r.outcome.status,
            "stage": r.outcome.stage,
            "reason": r.outcome.reason,
            "median_s": r.median_s,
            "min_s": r.outcome.min_s,
            "spread": r.outcome.spread,
            "predicted_s": r.predicted_s,
            "verified": r.outcome.verified,
            "build_s": r.outcome.build_s,
            "total_s": r.outcome.total_s,
            **{f"knob {name}": option for name, option in r.config.items()},
        }
        for r in records
    ]
    numbers = ("median_s", "min_s", "spread", "predicted_s")
    columns = None if rows else ["number", "status", "median_s", "predicted_s", "reason"]
    frame = pandas.DataFrame(rows, columns=columns).set_index("number")
    return frame.astype({name: float for name in numbers if name in frame})
