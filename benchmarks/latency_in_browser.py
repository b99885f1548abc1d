"""How long a user of the lab waits, measured in the browser: from the press to the painted frame.

    .venv/bin/python -m benchmarks.latency_in_browser [ROW ...] [--samples 50] [--json FILE]

A JupyterLab of our own is started, and each action is done so many times on schedules that differ,
so that nothing is answered from memory. A wait ends with the frame that is painted after the page
shows what was asked for. Printed are the 50th and the 95th percentile beside the budget, which is
for the 95th on two ordinary cores.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

import tvmlab
from benchmarks.waits import ROWS, Desk, Waits
from tests.browser import server
from tests.browser.conftest import CHROMIUM, FLAGS, VIEWPORT
from tests.browser.lab_page import LabPage
from tvmlab.measure.timing import duration


def compile_package() -> None:
    """Leave the bytecode of the package behind, as whoever installs it does.

    Where the environment forbids Python to write bytecode, every kernel would compile some 600
    modules before its first lab, which costs more than to run them.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(tvmlab.__file__).parent, quiet=1)


@contextmanager
def desk() -> Iterator[Desk]:
    """A page of a JupyterLab that serves an empty folder, both ended afterwards."""
    compile_package()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder) / "notebooks"
        root.mkdir()
        running = server.start(Path(folder), root)
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            page = browser.new_page(viewport=VIEWPORT)
            yield Desk(LabPage(page, running))
            browser.close()
        finally:
            running.end_sessions()
            running.stop()


def told(waits: Waits) -> str:
    """A row of the table."""
    p50, p95 = waits.percentile(50), waits.percentile(95)
    if waits.unit == "s":
        figures = [duration(value) for value in (p50, p95, waits.budget)]
    else:
        figures = [f"{value:,.0f} {waits.unit}" for value in (p50, p95, waits.budget)]
    verdict = "" if p95 <= waits.budget else "  MISSED"
    columns = " ".join(f"{figure:>10}" for figure in figures)
    return f"{waits.name:44} {columns} {len(waits.values):>4}{verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a user of the lab waits.")
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all by default")
    parser.add_argument("--samples", type=int, default=50, help="of every action")
    parser.add_argument("--json", type=Path, help="also write all waits to this file")
    args = parser.parse_args()
    unknown = [row for row in args.rows if row not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]}; choose of {', '.join(ROWS)}")
    found: list[Waits] = []
    print(f"{'':44} {'p50':>10} {'p95':>10} {'budget':>10} {'n':>4}")
    with desk() as opened:
        for row in args.rows or ROWS:
            for waits in ROWS[row](opened, args.samples):
                print(told(waits), flush=True)
                found.append(waits)
    if args.json:
        args.json.write_text(json.dumps([vars(waits) for waits in found], indent=1))


if __name__ == "__main__":
    main()
