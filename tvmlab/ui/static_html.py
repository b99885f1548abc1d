"""A snapshot as HTML that needs neither kernel nor script: what a reopened notebook shows.

Styles are inline, colours come from JupyterLab's theme with fallbacks that read on light and on
dark ground, and every string is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from tvmlab.view.program import FIRST_LINES
from tvmlab.view.results import result_words
from tvmlab.view.schema import LineView, PastView, Snapshot
from tvmlab.view.text import more_lines

MONO = (
    "font:12px/18px var(--jp-code-font-family,ui-monospace,monospace);white-space:pre;"
    "overflow-x:auto;margin:0;padding:8px 12px;background:none;color:inherit"
)
HEAD = "font-weight:600;padding:6px 12px;border-bottom:1px solid rgba(128,128,128,.35)"
BOX = (
    "border:1px solid rgba(128,128,128,.35);border-radius:4px;margin:4px 0;max-width:1200px;"
    "font:12px/18px var(--jp-ui-font-family,system-ui,sans-serif)"
)
DIM = "opacity:.75"
BORDER = "border-top:1px solid rgba(128,128,128,.35)"
COLOURS = {
    "keyword": "color:var(--jp-mirror-editor-keyword-color,#3a8f3a)",
    "loop": "color:var(--jp-mirror-editor-keyword-color,#3a8f3a);font-weight:600",
    "number": "color:var(--jp-mirror-editor-number-color,#3a8f3a)",
    "function": "color:var(--jp-mirror-editor-def-color,#3d7bd9)",
    "block": "color:var(--jp-mirror-editor-def-color,#3d7bd9)",
    "dtype": "color:var(--jp-mirror-editor-builtin-color,#3d7bd9)",
}


NEW = "background:rgba(11,98,196,.12)"
GONE = "background:rgba(160,74,0,.12)"

MOST_BYTES = 400_000
"""Of the programs after the steps; a notebook with several labs stays small."""


def snapshot_html(snapshot: Snapshot, past: Sequence[PastView], marker: str) -> str:
    """The program, the schedule and the latest measurement; `marker` is the outer CSS class.

    Every step unfolds into the program after it, with what it changed. Of long schedules of large
    programs the last steps do.

    A live lab hides the element of its marker. Where the live lab is gone, the style below hides
    the message that JupyterLab leaves in its place.
    """
    program, trace, last = snapshot["program"], snapshot["trace"], snapshot["measure"]["last"]
    shown = program["lines"][:FIRST_LINES]
    left = len(program["lines"]) + program["missing"] - len(shown)
    lines = "\n".join([*(_line(line) for line in shown), *more_lines(left)])
    parts = [
        f'<div style="{HEAD}">{escape(program["title"])} '
        f'<span style="font-weight:400;{DIM}">{escape(program["subtitle"])}</span></div>',
        f'<pre style="{MONO}">{lines}</pre>',
        f'<div style="{HEAD};{BORDER}">Schedule</div>',
        f'<pre style="{MONO};padding-bottom:0">{escape(trace["head"])}</pre>',
        *_steps(past),
    ]
    if last is not None:
        earlier = "" if last["is_current"] else " (an earlier state)"
        parts.append(_section(f"Measured{earlier}", escape(result_words(last))))
    parts.append(
        f'<div style="padding:6px 12px;{DIM};border-top:1px solid rgba(128,128,128,.35)">'
        "The last state, shown without a kernel. Run the cell to go on from here.</div>"
    )
    return f'{_hiding(marker)}<div class="{marker}" style="{BOX}">{"".join(parts)}</div>'


def _steps(past: Sequence[PastView]) -> list[str]:
    """The steps, as many of the last ones as there is room for with their programs."""
    left, parts = MOST_BYTES, []
    for number in range(len(past), 0, -1):
        step = past[number - 1]
        body = "".join(_changed(step))
        left -= len(body)
        title = f'<span style="{DIM}">{number:>3}  </span>{escape(step["text"])}'
        if step["time"]:
            title += f'<span style="{DIM}">  {escape(step["time"])}</span>'
        if body and left >= 0:
            parts.append(
                f'<details><summary style="{MONO};padding:0 12px;cursor:pointer">{title}</summary>'
                f'<pre style="{MONO}">{body}</pre></details>'
            )
        else:
            parts.append(f'<pre style="{MONO};padding:0 12px">{title}</pre>')
    return parts[::-1]


def _changed(step: PastView) -> Iterator[str]:
    """The lines of the program after a step, those that it removed among them."""
    gone, new, at = step["gone"], set(step["new"]), 0
    for index, line in enumerate([*step["lines"], None]):
        while at < len(gone) and (line is None or gone[at]["before"] <= index):
            yield f'<div style="{GONE}">− {escape(gone[at]["text"])}</div>'
            at += 1
        if line is not None:
            style = f' style="{NEW}"' if index in new else ""
            yield f"<div{style}>{'+' if index in new else ' '} {_line(line)}</div>"


def _section(title: str, body: str) -> str:
    return f'<div style="{HEAD};{BORDER}">{title}</div><pre style="{MONO}">{body}</pre>'


def _hiding(marker: str) -> str:
    """A style that shows the live lab or this picture, never both and never a dead widget."""
    child = ".jp-OutputArea-child"
    return (
        f"<style>{child}:has(.{marker}-live)+{child}:has(.{marker}){{display:none}}"
        f"{child}:not(:has(.{marker}-live)):has(+{child} .{marker}){{display:none}}</style>"
    )


def _line(line: LineView) -> str:
    text, at, parts = line["text"], 0, []
    for start, end, kind in line["tokens"]:
        if start < at:
            continue
        parts.append(escape(text[at:start]))
        piece = escape(text[start:end])
        style = COLOURS.get(kind)
        parts.append(f'<span style="{style}">{piece}</span>' if style else piece)
        at = end
    parts.append(escape(text[at:]))
    return "".join(parts)
