"""What is typed into a lab and shown by one: cells, and lines of a schedule that differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice, product

from benchmarks.waits.desk import Desk
from tests.browser.lab_pane import HEADLINE

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


def tiles(count: int) -> Iterator[str]:
    """Lines that tile a product, all different up to 64."""
    sizes = (2, 4, 8, 16, 32, 64, 128, 256)
    for rows, columns in islice(cycle(product(sizes, sizes[::-1])), count):
        yield f'yo, xo, yi, xi = s["C"].tile("y", "x", {rows}, {columns})'


def variants(count: int) -> Iterator[str]:
    """Tiles that make kernels of ordinary speed, different all of them."""
    shapes = product((2, 3, 4, 5, 6, 8, 10, 12), (16, 32, 64, 8, 48, 24, 40))
    for rows, columns in islice(cycle(shapes), count):
        yield f'yo, xo, yi, xi = s["C"].tile("y", "x", {rows}, {columns})'


UNROLL = 'tv.type(\'s["C"].unroll("yi")\')'


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
