"""A page that labs are opened on, with a clock in it: from a press to the painted frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import LabPane, forget_saved_steps

# `wait` does something and tells the milliseconds until each of `marks` held in a painted frame.
SCRIPT = """() => {
  const one = (what) => document.querySelector('.tvmlab-lab:not(.tv-kept-lab) ' + what);
  const all = (what) => [...document.querySelectorAll('.tvmlab-lab:not(.tv-kept-lab) ' + what)];
  const painted = (then) => requestAnimationFrame(() => setTimeout(then));
  const wait = (act, ...marks) => new Promise((resolve, reject) => {
    const found = marks.map(() => null);
    const late = setTimeout(() => reject(new Error('nothing in 60 s')), 60000);
    const look = () => marks.forEach((mark, at) => {
      if (found[at] !== null || !mark()) return;
      found[at] = -1;
      painted(() => {
        found[at] = performance.now() - began;
        if (found.some((value) => value === null || value < 0)) return;
        observer.disconnect();
        clearTimeout(late);
        resolve(found);
      });
    });
    const observer = new MutationObserver(look);
    const what = { childList: true, subtree: true, attributes: true, characterData: true };
    observer.observe(document.body, what);
    const began = performance.now();
    act();
    look();
  });
  const type = (line) => {
    const lane = one('.tv-trace .tv-lane input');
    lane.value = line;
    lane.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  };
  const press = (pane, label) =>
    all(`.tv-${pane} button`).find((node) => node.textContent === label && !node.disabled).click();
  const has = (loop) => one(`.tv-program .tv-loop[data-loop="${loop}"]`) !== null;
  const target = () => one('.tv-moves .tv-bar b')?.textContent;
  const open = (row) => /^(…|)$/.test(row.querySelector('td.tv-told')?.textContent ?? '?');
  const told = (isAll) => {
    const rows = all('.tv-moves-table tbody tr:not(.tv-not-legal)');
    const { top, bottom } = one('.tv-offers').getBoundingClientRect();
    const inSight = (row) => {
      const box = row.getBoundingClientRect();
      return box.bottom > top && box.top < bottom;
    };
    return rows.length > 0 && !rows.some((row) => open(row) && (isAll || inSight(row)));
  };
  const timed = () => all('td.tv-timed').filter((cell) => cell.textContent).length;
  const anew = () => {
    let was = false;
    return () => {
      const stale = one('.tv-code .tv-listing').classList.contains('tv-stale');
      was ||= stale;
      return was && !stale;
    };
  };
  window.tv = { one, all, wait, type, press, has, target, told, timed, anew };
}"""


@dataclass(frozen=True)
class Waits:
    """What one action took again and again, in `unit`, and the most that it may take."""

    name: str
    budget: float
    values: Sequence[float]
    unit: str = "s"

    def percentile(self, share: int) -> float:
        """The value that `share` percent do not exceed."""
        if len(self.values) == 1:
            return self.values[0]
        return quantiles(self.values, n=100, method="inclusive")[share - 1]


class Desk:
    """A page that labs are opened on."""

    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        self.page = lab.page

    def open(self, *cells: str) -> LabPane:
        """A fresh lab, shown by the last of `cells`, with the page to itself."""
        forget_saved_steps(self.lab)
        self.lab.server.end_sessions()
        self.lab.open(self.lab.write_notebook(f"waits-{time.time_ns()}.ipynb", *cells))
        self.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        self.lab.run_all()
        self.page.evaluate(SCRIPT)
        pane = LabPane(self.lab, len(cells) - 1)
        pane.pane("program").locator(".tv-row").first.wait_for()
        pane.show()
        return pane

    def wait(self, act: str, *marks: str, **values: object) -> list[float]:
        """Seconds from `act` to each of `marks`, all JavaScript that may use `values`."""
        names = ", ".join(values)
        calls = ", ".join([f"() => {{ {act} }}", *marks])
        told = self.page.evaluate(f"({{ {names} }}) => tv.wait({calls})", values)
        return [value / 1000 for value in told]


def told_seconds(name: str, budget_s: float, waits: Sequence[Sequence[float]], at: int) -> Waits:
    """The waits for the mark in place `at`."""
    return Waits(name, budget_s, [each[at] for each in waits])
