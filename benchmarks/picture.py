"""One page that shows where we stand: from the JSON that `kernels.py --json` wrote.

    .venv/bin/python benchmarks/picture.py FIGURES.json [-o FIGURES.html]

A row for each workload and number of threads, by class: the bar is our least time over the best
peer's, the line is the class's goal, and the words name the peer and our share of the limit. The
page holds everything it needs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from goals import GOALS, OURS, Goal, Row, Standing, standing
from plotly.subplots import make_subplots
from table import by_workload

COLOURS = {
    "met": "#3a8f5c",
    "within noise": "#c9a227",
    "missed": "#c0533e",
    "WRONG": "#7a3fa0",
    "no peer": "#8a8f98",
}
"""Of the bars, by verdict; told apart by lightness as well."""

VERDICTS = ("met", "within noise", "missed")
"""Those that the page explains; the others are rare and say themselves why."""

INK, FAINT = "#22262b", "#d9dde2"
ROW_PX, GAP_PX, TOP_PX, BOTTOM_PX = 24, 64, 112, 48
REACH = 2.0
"""Longer bars are cut off here; their figure stands beside them."""


def standings(goal: Goal, rows: Sequence[Row]) -> list[Standing]:
    """Where each workload of the class stands, in the goal's order."""
    found = [
        standing(goal, group)
        for group in by_workload(rows)
        if group[0]["workload"] in goal.workloads and any(r["who"] == OURS for r in group)
    ]
    return sorted(found, key=lambda s: (goal.workloads.index(s.workload), s.threads))


def figure(document: dict[str, Any]) -> go.Figure:
    """The picture of a file's figures."""
    classes = [(goal, standings(goal, document["rows"])) for goal in GOALS.values()]
    classes = [(goal, found) for goal, found in classes if found]
    if not classes:
        sys.exit("there is no workload of any class in this file; run kernels.py with --goals.")
    heights = [len(found) * ROW_PX for _, found in classes]
    plot_px = sum(heights) + GAP_PX * (len(classes) - 1)
    picture = make_subplots(
        rows=len(classes),
        cols=1,
        row_heights=heights,
        vertical_spacing=GAP_PX / plot_px,
        subplot_titles=[_title(goal, found) for goal, found in classes],
    )
    picture.update_annotations(x=0, xanchor="left", font_size=14)  # the titles: no others yet
    for number, (goal, found) in enumerate(classes, start=1):
        _add_class(picture, number, goal, found)
    model, peaks = document["machine"]["model"], document["machine"]["peaks"]["flop_per_s"]
    picture.update_layout(
        title={
            "text": f"tvmlab / best peer, least times of one interleaved run<br><sup>{model}, "
            f"{peaks['float32'][0] / 1e9:.0f} GFLOP/s a core; shorter is better; "
            f"the line is the goal: {', '.join(_coloured(verdict) for verdict in VERDICTS)}</sup>",
            "x": 0.02,
            "y": 1 - 36 / (plot_px + TOP_PX + BOTTOM_PX),
        },
        height=plot_px + TOP_PX + BOTTOM_PX,
        width=1020,
        margin={"l": 170, "r": 290, "t": TOP_PX, "b": BOTTOM_PX},
        showlegend=False,
        bargap=0.28,
        plot_bgcolor="white",
        font={"family": "system-ui, sans-serif", "size": 12, "color": INK},
    )
    return picture


def _coloured(verdict: str) -> str:
    return f'<span style="color:{COLOURS[verdict]}"><b>{verdict}</b></span>'


def _title(goal: Goal, found: Sequence[Standing]) -> str:
    met = sum(s.verdict == "met" for s in found)
    return f"<b>{goal.words}</b>: at most {goal.ratio:.2f}, {met} of {len(found)} met"


def _add_class(picture: go.Figure, number: int, goal: Goal, found: Sequence[Standing]) -> None:
    """The bars of one class and the line of its goal."""
    names = [f"{s.workload}, {s.threads} thread{'s' * (s.threads > 1)}" for s in found]
    words = [
        f"{s.ratio:.2f} of {s.best_peer} · {100 * s.share_of_limit:.0f} % of limit"
        if s.best_peer
        else f"no peer · {100 * s.share_of_limit:.0f} % of limit"
        for s in found
    ]
    picture.add_bar(
        x=[min(s.ratio, REACH) if s.best_peer else 0 for s in found],
        y=names,
        orientation="h",
        marker_color=[COLOURS[s.verdict] for s in found],
        hovertext=[f"{s.verdict}: {', '.join(s.reasons) or 'goal reached'}" for s in found],
        hoverinfo="text",
        row=number,
        col=1,
    )
    for name, text in zip(names, words, strict=True):
        picture.add_annotation(
            x=REACH, y=name, text=text, xanchor="left", xshift=8, showarrow=False,
            row=number, col=1,
        )  # fmt: skip
    picture.add_vline(x=goal.ratio, line={"color": INK, "width": 2}, row=number, col=1)
    picture.update_xaxes(
        range=[0, REACH], tickvals=[0, 0.5, 1, 1.5, REACH], gridcolor=FAINT, row=number, col=1
    )
    picture.update_yaxes(autorange="reversed", ticklabelstandoff=8, row=number, col=1)


def main() -> None:
    parser = argparse.ArgumentParser(description="A picture of the figures of kernels.py.")
    parser.add_argument("figures", type=Path, help="what kernels.py --json wrote")
    parser.add_argument("-o", "--out", type=Path, help="the page; beside the figures by default")
    args = parser.parse_args()
    try:
        document = json.loads(args.figures.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{args.figures} cannot be read: {error}")
    if not isinstance(document, dict) or document.get("tvmlab_benchmark") != 1:
        parser.error(f"{args.figures} was not written by kernels.py --json.")
    out = args.out or args.figures.with_suffix(".html")
    figure(document).write_html(out, include_plotlyjs=True, config={"displayModeBar": False})
    print(out)


if __name__ == "__main__":
    main()
