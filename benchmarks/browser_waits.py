"""The actions in a lab that have a budget, done in a browser and timed there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, product
from pathlib import Path
from statistics import quantiles

from nbconvert import HTMLExporter
from playwright.sync_api import WebSocket

from tests.browser.lab_page import LabPage
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane, forget_saved_steps

SMALL = HEADLINE.replace("1024", "256")

LONG = """import tvmlab as t
A = t.placeholder((64, 64), name="A")
def after(source, n):
    return t.compute((64, 64), lambda y, x: source[y, x] * 2.0 + 1.0, name=f"B{n}")
last, ends = A, []
for n in range(2000):
    last = after(last, n)
    if n % 20 == 19:
        ends.append(last)
        last = A
start = t.create_schedule(ends)"""
"""A program of 10,000 lines: a hundred chains of twenty blocks."""

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


def tiles(count: int) -> Iterator[str]:
    """Lines that tile a product, all different up to 64."""
    sizes = (2, 4, 8, 16, 32, 64, 128, 256)
    for rows, columns in islice(cycle(product(sizes, sizes[::-1])), count):
        yield f'yo, xo, yi, xi = s["C"].tile("y", "x", {rows}, {columns})'


def told_seconds(name: str, budget_s: float, waits: Sequence[Sequence[float]], at: int) -> Waits:
    """The waits for the mark in place `at`."""
    return Waits(name, budget_s, [each[at] for each in waits])


def pointing(desk: Desk, count: int) -> Iterator[Waits]:
    """Lines pointed at and loops selected, which the browser does itself, and the kernel's list."""
    pane = desk.open(HEADLINE)
    desk.wait("tv.type(line)", "() => tv.has('yi')", line=next(tiles(1)))
    pane.pane("code").locator(".tv-listing .tv-row").first.wait_for(timeout=SLOW_MS)
    desk.page.wait_for_timeout(500)
    hover = """const rows = tv.all('.tv-program .tv-row');
      const over = new MouseEvent('mouseover', { bubbles: true });
      rows[1 + n % (rows.length - 1)].dispatchEvent(over)"""
    lit = "() => tv.all('.tv-code .tv-lit').length > 0"
    hovers, lights = [], 0
    for n in range(count):
        hovers.append(desk.wait(hover, "() => true", n=n))
        lights += desk.page.evaluate(lit)
    assert lights > 0, "no line of code was ever lit"
    yield told_seconds("hover -> linked lines lit", 0.05, hovers, 0)
    click = "tv.one(`.tv-program .tv-loop[data-loop='${loop}']`).click()"
    marked = "() => tv.one(`.tv-loop[data-loop='${loop}']`)?.ariaSelected === 'true'"
    selects = [
        desk.wait(click, marked, "() => tv.target() === loop", loop=loop)
        for loop in islice(cycle(("k", "yo", "xi", "xo", "yi")), count)
    ]
    yield told_seconds("select -> loop marked", 0.05, selects, 0)
    yield told_seconds("select -> its moves listed", 0.1, selects, 1)


def stepping(desk: Desk, count: int) -> Iterator[Waits]:
    """Steps taken, taken back, gone to, and refused."""
    desk.open(HEADLINE)
    yield from applied_and_undone(desk, count, "", 0.1, 0.05)
    for line in tiles(2):
        desk.wait("tv.type(line)", "() => tv.has('yi')", line=line)
        desk.wait("tv.press('trace', 'Undo')", "() => tv.has('y')")
    desk.wait("tv.type(line)", "() => tv.has('ko')", line='ko, ki = s["C"].split("k", 8)')
    go = "tv.all('.tv-trace .tv-go').at(end).click()"
    replays = [
        desk.wait(go, "() => tv.has('ki') === (end < 0)", end=end)
        for end in islice(cycle((0, -1)), count)
    ]
    yield told_seconds("go to a step -> program", 0.05, replays, 0)
    LabPane(desk.lab).tab("Branches")
    switch = "tv.all('.tv-branches .tv-branch:not(.tv-branch-current) .tv-branch-name')[0].click()"
    before = "tv.one('.tv-program').dataset.before = tv.one('.tv-trace ol').textContent"
    other = "() => tv.one('.tv-trace ol').textContent !== tv.one('.tv-program').dataset.before"
    switches = []
    for _ in range(count):
        desk.page.evaluate(before)
        switches.append(desk.wait(switch, other))
    yield told_seconds("another branch -> program", 0.05, switches, 0)
    yield refused(desk, count)


def refused(desk: Desk, count: int) -> Waits:
    """Illegal steps of different kinds."""
    desk.open(HEADLINE)
    wrong = (
        's["C"].vectorize("k")',
        's["C"].parallel("k")',
        's["C"].reorder("y", "y")',
        's["C"].split("nowhere", 4)',
        's["C"].compute_at("C", "y")',
        's["C"].reverse_compute_at("C", "y")',
    )
    shown = "() => tv.one('.tv-trace .tv-refusal:not([hidden])')?.textContent.includes(asked)"
    asked = [line.split('"].')[1].replace('"', "") for line in wrong]
    waits = []
    for line, words in islice(cycle(zip(wrong, asked, strict=True)), count):
        mark = shown.replace("includes(asked)", "replaceAll('\"', '').includes(asked)")
        waits.append(desk.wait("tv.type(line)", mark, line=line, asked=words.split("(")[0]))
    return told_seconds("illegal step -> reason", 0.1, waits, 0)


def applied_and_undone(
    desk: Desk, count: int, when: str, apply_s: float, undo_s: float
) -> Iterator[Waits]:
    """Steps taken by typing and taken back by the button."""
    applied, undone = [], []
    for line in tiles(count):
        applied.append(desk.wait("tv.type(line)", "() => tv.has('yi')", line=line))
        desk.page.wait_for_timeout(50)
        undone.append(desk.wait("tv.press('trace', 'Undo')", "() => tv.has('y')"))
        desk.page.wait_for_timeout(50)
    yield told_seconds(f"apply -> program{when}", apply_s, applied, 0)
    yield told_seconds(f"undo -> program{when}", undo_s, undone, 0)


def predicting(desk: Desk, count: int) -> Iterator[Waits]:
    """What the moves at a loop are told to bring."""
    desk.open(HEADLINE)
    waits = []
    for line in tiles(count):
        desk.wait("tv.type(line)", "() => tv.has('yi')", line=line)
        other = "tv.one(`.tv-program .tv-loop[data-loop='yo']`).click()"
        desk.wait(other, "() => tv.target() === 'yo' && tv.told(true)")
        click = "tv.one(`.tv-program .tv-loop[data-loop='k']`).click()"
        is_k = "() => tv.target() === 'k' && tv.told"
        waits.append(desk.wait(click, f"{is_k}(false)", f"{is_k}(true)"))
        desk.wait("tv.press('trace', 'Undo')", "() => tv.has('y')")
    yield told_seconds("select -> visible moves predicted", 0.25, waits, 0)
    yield told_seconds("select -> all moves predicted", 0.5, waits, 1)


def prepared(desk: Desk, line: str) -> None:
    """Tile, reorder and vectorise a product, from its beginning."""
    desk.page.evaluate("tv.all('.tv-trace .tv-go')[0].click()")
    desk.page.wait_for_function("tv.has('y')")
    done = ("tv.has('yi')", "true", "/vectorized/.test(tv.one('.tv-program').textContent)")
    lines = (line, 's["C"].reorder("yo", "xo", "k", "yi", "xi")', 's["C"].vectorize("xi")')
    for each, mark in zip(lines, done, strict=True):
        depth = "tv.all('.tv-trace .tv-step').length"
        count = desk.page.evaluate(depth)
        desk.wait("tv.type(line)", f"() => {mark} && {depth} !== 0", line=each)
        desk.page.wait_for_timeout(80 if count else 0)


def variants(count: int) -> Iterator[str]:
    """Tiles that make kernels of ordinary speed, different all of them."""
    shapes = product((2, 3, 4, 5, 6, 8, 10, 12), (16, 32, 64, 8, 48, 24, 40))
    for rows, columns in islice(cycle(shapes), count):
        yield f'yo, xo, yi, xi = s["C"].tile("y", "x", {rows}, {columns})'


UNROLL = 'tv.type(\'s["C"].unroll("yi")\')'


def coding(desk: Desk, count: int) -> Iterator[Waits]:
    """A step, then its code; the code stands beside the program."""
    pane = desk.open(SMALL)
    pane.pane("code").locator(".tv-listing .tv-row").first.wait_for(timeout=SLOW_MS)
    waits = []
    for line in variants(count):
        prepared(desk, line)
        desk.page.wait_for_function("!tv.one('.tv-listing').classList.contains('tv-stale')")
        desk.page.wait_for_timeout(150)
        waits.append(desk.wait(UNROLL, "tv.anew()"))
    yield told_seconds("apply -> LLVM IR, 256^3", 0.4, waits, 0)


def timing(desk: Desk, count: int) -> Iterator[Waits]:
    """A step, then its first quick time; the first of all finds no worker and no inputs ready."""
    LabPane.tab(desk.open(SMALL), "Measure")
    rows = "tv.all('.tv-measure .tv-history tbody tr').length"
    waits = []
    for line in variants(count + 1):
        prepared(desk, line)
        before = desk.page.evaluate(rows)
        act = f"{UNROLL}; tv.press('measure', 'Measure')"
        waits.append(desk.wait(act, f"() => {rows} > before", before=before))
    yield told_seconds("first measurement of a notebook, 256^3", 1.0, waits[:1], 0)
    yield told_seconds("apply -> first quick time, 256^3", 1.0, waits[1:], 0)


def measuring_moves(desk: Desk, count: int) -> Iterator[Waits]:
    """The measured column, twenty moves of a product that is tiled."""
    desk.open(SMALL)
    firsts, alls = [], []
    ended = "() => tv.timed() > 0 && tv.one('.tv-moves .tv-stage').hidden"
    for number, line in enumerate(variants(count)):
        prepared(desk, line)
        click = "tv.one(`.tv-program .tv-loop[data-loop='yi']`).click()"
        desk.wait(click, "() => tv.target() === 'yi' && tv.told(true)")
        act = "tv.press('moves', 'Measure')"
        if number < max(1, count // 5):
            first, every = desk.wait(act, "() => tv.timed() > 0", ended)
            alls.append(every)
        else:
            (first,) = desk.wait(act, "() => tv.timed() > 0")
            desk.wait("tv.press('moves', 'Stop')", "() => tv.one('.tv-moves .tv-stage').hidden")
        firsts.append(first)
    yield Waits("measured column -> cold first move", 0.5, firsts[:1])
    yield Waits("measured column -> first move", 0.5, firsts[1:] or firsts)
    yield Waits("measured column -> 20 moves", 5.0, alls)


def tuning(desk: Desk, count: int) -> Iterator[Waits]:
    """Steps taken while a tuner works, and what its points weigh on their way."""
    frames: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda p: frames.append(p if isinstance(p, bytes) else b""))

    desk.page.on("websocket", listen)
    pane = desk.open(SMALL)
    pane.tab("Tune")
    tuner = pane.pane("tuner")
    tuner.get_by_label("Number of trials").fill("5000")
    pane.button("tuner", "Tune").click()
    tuner.locator(".tv-leader").first.wait_for(timeout=SLOW_MS)
    yield from applied_and_undone(desk, count, " while tuning", 0.1, 0.1)
    pane.button("tuner", "Stop").click()
    sizes = [size for frame in frames for size in point_bytes(frame)]
    yield Waits("bytes of a point of the frontier", 100, sizes, "B")


def point_bytes(frame: bytes) -> list[float]:
    """Bytes that each point takes in a frame of Jupyter's protocol; none where it brings none."""
    if b'"points"' not in frame:
        return []
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]
    content = json.loads(frame[offsets[4] : offsets[5]]).get("data", {}).get("content", {})
    return [float(len(json.dumps(point))) for point in content.get("points", [])]


def painting(desk: Desk, count: int) -> Iterator[Waits]:
    """The cell that shows a lab, run again and again; the first time it imports all there is."""
    act = "jupyterapp.commands.execute('notebook:run-cell')"
    old = "tv.all('.tv-program').forEach((node) => { node.dataset.old = '1' })"
    mark = "() => tv.one('.tv-program:not([data-old]) .tv-row') !== null"
    cold, warm = [], []
    for _ in range(2):
        desk.lab.open(desk.lab.write_notebook(f"paint-{time.time_ns()}.ipynb", HEADLINE))
        desk.page.evaluate(SCRIPT)
        cold.append(desk.wait(act, mark))
        desk.lab.wait_idle()
    for _ in range(count):
        desk.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")
        desk.page.evaluate(old)
        warm.append(desk.wait(act, mark))
        desk.lab.wait_idle()
    yield told_seconds("first lab of a kernel -> painted, imports too", 1.0, cold, 0)
    yield told_seconds("lab -> first paint", 1.0, warm, 0)


def opening(desk: Desk, count: int) -> Iterator[Waits]:
    """A lab of ten thousand lines, shown by a cell of its own."""
    desk.open(LONG, "t.Lab(start, restore=False)")
    desk.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    act = "jupyterapp.commands.execute('notebook:run-cell')"
    old = "tv.all('.tv-program').forEach((node) => { node.dataset.old = '1' })"
    mark = "() => tv.one('.tv-program:not([data-old]) .tv-row') !== null"
    waits = []
    for _ in range(count):
        desk.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
        desk.page.evaluate(old)
        waits.append(desk.wait(act, mark))
        desk.lab.wait_idle()
    yield told_seconds("lab of 10,000 lines -> first paint", 1.15, waits, 0)


def exporting(desk: Desk, count: int) -> Iterator[Waits]:
    """A notebook with a lab of five steps, as HTML that fetches nothing."""
    pane = desk.open(HEADLINE)
    for line in (
        next(variants(1)),
        's["C"].reorder("yo", "xo", "k", "yi", "xi")',
        's["C"].vectorize("xi")',
        's["C"].unroll("yi")',
        's["C"].parallel("yo")',
    ):
        steps = pane.steps.count()
        pane.type_line(line)
        desk.page.wait_for_function(f"tv.all('.tv-trace .tv-step').length > {steps}")
    desk.page.wait_for_timeout(1500)
    desk.lab.save()
    path = desk.page.evaluate("jupyterapp.shell.currentWidget.context.path")
    html, _ = HTMLExporter().from_filename(str(Path(desk.lab.server.root) / path))
    yield Waits("static export", 1e6, [float(len(html.encode()))], "B")


ROWS: dict[str, Callable[[Desk, int], Iterator[Waits]]] = {
    "pointing": pointing,
    "stepping": stepping,
    "predicting": predicting,
    "coding": coding,
    "timing": timing,
    "moves": measuring_moves,
    "tuning": tuning,
    "painting": painting,
    "long": opening,
    "export": exporting,
}
"""What is timed, by name; each opens a lab of its own."""
