"""Pointing at lines, and steps: taken, taken back, gone to, refused, foretold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from benchmarks.waits.desk import Desk, Waits, told_seconds
from benchmarks.waits.lines import tiles
from tests.browser.lab_pane import HEADLINE, SLOW_MS, LabPane


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
    # Two loops may be refused in the same words: the box says beside them what was asked.
    shown = "() => tv.one('.tv-trace .tv-refusal:not([hidden])')?.title === line"
    waits = [desk.wait("tv.type(line)", shown, line=line) for line in islice(cycle(wrong), count)]
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
