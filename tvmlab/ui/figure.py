"""Tuning runs as a figure, for papers, slides and notebooks without a lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.colors
import plotly.graph_objects as go

from tvmlab.errors import UsageError
from tvmlab.tune.logs.logged import LoggedRun
from tvmlab.tune.run import Run

if TYPE_CHECKING:
    import pandas

COLOURS = plotly.colors.qualitative.Safe
"""Told apart by the colour-blind as well."""


def figure(runs: Mapping[str, object] | object) -> go.Figure:
    """The trials of runs with the best so far, over the number of trials.

    Args:
        runs: a run of `t.tune`, one of the runs of `t.read_log`, or a table of either; or several
            of these by the names under which they are to be drawn.

    Returns:
        A Plotly figure: `figure.show()`, `figure.write_html("run.html")`. Times are medians in
        milliseconds, on a logarithmic axis; failures stand along its foot with their reasons.

    Raises:
        UsageError: something else is given, or a run without any trial.
    """
    named = runs if isinstance(runs, Mapping) else {"": runs}
    drawn = go.Figure()
    for index, (name, run) in enumerate(named.items()):
        _draw(drawn, str(name), _table(run), COLOURS[index % len(COLOURS)])
    drawn.update_layout(
        template="plotly_white",
        xaxis_title="trial",
        yaxis={"title": "milliseconds", "type": "log"},
        legend={"orientation": "h", "y": 1.1},
    )
    return drawn


def _table(run: object) -> pandas.DataFrame:
    """What a run tried, one row each; UsageError for what is no run."""
    # Half a second to import; whoever has a table has paid for it.
    import pandas

    if isinstance(run, Run):
        run = run.records
    elif isinstance(run, LoggedRun):
        run = run.table()
    if not isinstance(run, pandas.DataFrame) or "median_s" not in run:
        raise UsageError(
            f"a figure is of a tuning run, not of {type(run).__name__}; give what t.tune returned, "
            "one of t.read_log(path).runs, or a table of either."
        )
    if run.empty:
        raise UsageError("the run has no trial to draw yet; wait for the first.")
    return run.sort_index()


def _draw(drawn: go.Figure, name: str, trials: pandas.DataFrame, colour: str) -> None:
    times_ms = trials["median_s"].to_numpy(dtype=float) * 1e3
    numbers = trials.index.to_numpy()
    is_good = np.isfinite(times_ms)
    best = np.fmin.accumulate(np.where(is_good, times_ms, np.inf))
    label = f"{name}: " if name else ""
    drawn.add_scatter(
        x=numbers[is_good], y=times_ms[is_good], mode="markers", name=f"{label}trials",
        marker={"color": colour, "size": 5, "opacity": 0.5},
    )  # fmt: skip
    drawn.add_scatter(
        x=numbers[np.isfinite(best)], y=best[np.isfinite(best)], mode="lines",
        name=f"{label}best so far", line={"color": colour, "shape": "hv", "width": 2},
    )  # fmt: skip
    if not is_good.all() and is_good.any():
        reasons = trials["reason" if "reason" in trials else "failure"].to_numpy()[~is_good]
        foot = np.full(len(reasons), times_ms[is_good].min() * 0.9)
        drawn.add_scatter(
            x=numbers[~is_good], y=foot, mode="markers", name=f"{label}failures", text=reasons,
            marker={"color": colour, "symbol": "x", "size": 7}, hoverinfo="x+text",
        )  # fmt: skip
