"""The lab in a notebook, as a test wants to drive it: by what a user sees and presses."""

from __future__ import annotations

import shutil
import time

from playwright.sync_api import Locator, expect

from tests.browser.lab_page import SLOW_MS as SLOW_MS
from tests.browser.lab_page import LabPage
from tvmlab.schedule import STEPS

HEADLINE = """import tvmlab as t
A = t.placeholder((1024, 1024), name="A")
B = t.placeholder((1024, 1024), name="B")
k = t.reduce_axis((0, 1024), name="k")
C = t.compute((1024, 1024), lambda y, x: t.sum(A[k, y] * B[k, x], axis=k), name="C")
lab = t.Lab(C)
lab"""


def forget_saved_steps(lab: LabPage) -> None:
    """Remove what earlier tests left to be restored."""
    shutil.rmtree(lab.server.root / ".tvmlab", ignore_errors=True)


def open_lab(lab: LabPage, name: str, *sources: str) -> LabPane:
    """A new notebook of the cells `sources`, the first of which shows a lab: run, at its top, with
    the page to itself and nothing restored."""
    forget_saved_steps(lab)
    lab.open(lab.write_notebook(f"{name}-{time.time_ns()}.ipynb", *sources))
    lab.hide_files()
    lab.run_cell(0)
    pane = LabPane(lab)
    expect(pane.loop("y")).to_be_visible()
    pane.show()
    return pane


class LabPane:
    """The lab that the output of cell `index` shows."""

    def __init__(self, lab: LabPage, index: int = 0) -> None:
        self.page = lab.page
        self.root = lab.output(index).locator(".tvmlab-lab:not(.tv-kept-lab)")

    def pane(self, name: str) -> Locator:
        """A pane by its stem: program, moves, trace, code, measure, tuner."""
        return self.root.locator(f".tv-{name}")

    def loop(self, name: str) -> Locator:
        """The header of a loop in the program."""
        return self.pane("program").locator(f'.tv-loop[data-loop="{name}"]')

    def select(self, name: str) -> None:
        """Click a loop's header and wait for what can be done with it."""
        self.loop(name).click()
        expect(self.pane("moves").locator(".tv-bar b")).to_have_text(name)

    def button(self, pane: str, label: str) -> Locator:
        """A button of a pane by its label."""
        return self.pane(pane).get_by_role("button", name=label, exact=True)

    def choose(self, step: str, **fields: str) -> None:
        """Pick a step for the selected loop and fill its fields in."""
        self.pane("moves").locator(f'[data-group="{STEPS[step].group}"]').click()
        self.pane("moves").locator(f'[data-step="{step}"]').click()
        for name, value in fields.items():
            self.pane("moves").locator(f'input[name="{name}"]').fill(value)

    def apply(self, step: str, **fields: str) -> None:
        """Pick a step and press Apply; the trace must grow by one line."""
        before = self.steps.count()
        self.choose(step, **fields)
        self.button("moves", "Apply").click()
        expect(self.steps).to_have_count(before + 1)

    def type_line(self, line: str) -> None:
        """Type a line of Python below the trace."""
        lane = self.pane("trace").locator(".tv-lane input")
        lane.fill(line)
        lane.press("Enter")

    @property
    def steps(self) -> Locator:
        """The lines of the trace, the beginning included."""
        return self.pane("trace").locator(".tv-step")

    @property
    def program(self) -> list[str]:
        """The program's lines as shown, removed ones left out."""
        rows = self.pane("program").locator(".tv-row:not(.tv-gone)").all_inner_texts()
        return [row.lstrip("+").strip().lstrip("0123456789").strip() for row in rows]

    def tab(self, name: str) -> None:
        """Bring a tab of the lower half to the front."""
        self.root.locator(".lm-TabBar-tab", has_text=name).click()

    def show(self) -> None:
        """Scroll the page so that the lab begins at its top."""
        self.root.evaluate("node => node.scrollIntoView()")
