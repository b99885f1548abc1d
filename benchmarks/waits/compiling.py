"""Steps whose code is made and whose kernels are measured."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.waits.desk import Desk, Waits, told_seconds
from benchmarks.waits.lines import SMALL, UNROLL, prepared, variants
from tests.browser.lab_pane import SLOW_MS, LabPane


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
