"""A picture of one access: the threads of a block on the elements of a buffer, at one moment."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from tvmlab.analysis.kernel_accesses import KernelAccess
from tvmlab.analysis.launch import Triple
from tvmlab.analysis.thread_mapping import Touched, block_box, own_loops, touched_at
from tvmlab.ir.buffer import Buffer
from tvmlab.measure.figures import figure
from tvmlab.view.heat_maps import Grid
from tvmlab.view.schema import LoopValue, MappingView

MOST_ROWS = 48
MOST_COLUMNS = 64
"""Cells shown along each side: more could not be told apart."""

MOST_BOXES = 256
"""Blocks whose part of the buffer is drawn; of larger grids only the chosen one's is."""


def moments_of(what: KernelAccess) -> int:
    """How many moments an access has: iterations of the loops that a thread goes through."""
    return prod(each["extent"] for each in loops_at(what, 0))


def loops_at(what: KernelAccess, moment: int) -> list[LoopValue]:
    """The loops of a thread at a moment, outermost first."""
    found: list[LoopValue] = []
    for loop in reversed(own_loops(what)):
        extent = int(loop.extent)  # type: ignore[arg-type]
        found.insert(0, {"name": loop.var.name, "value": moment % extent, "extent": extent})
        moment //= extent
    return found


def moved(what: KernelAccess, moment: int, loop: str, by: int) -> int:
    """The moment at which `loop` has gone `by` iterations on and the others not."""
    step, found = 1, moment
    for each in reversed(loops_at(what, moment)):
        if each["name"] == loop:
            value = min(max(each["value"] + by, 0), each["extent"] - 1)
            found = moment + (value - each["value"]) * step
        step *= each["extent"]
    return found


def picture(number: int, what: KernelAccess, block: Triple, moment: int) -> MappingView:
    """Access `number`, made by `block` at `moment`, as plain data."""
    buffer, loops = what.access.buffer, loops_at(what, moment)
    at = {o.var: each["value"] for o, each in zip(own_loops(what), loops, strict=True)}
    touched = touched_at(what, block, at)
    grid = Grid.of(buffer, 0)
    cells, thread = _cells(touched, buffer, grid.columns)
    rows, columns = _shown(cells[:, 0], MOST_ROWS), _shown(cells[:, 1], MOST_COLUMNS)
    threads, counts = _drawn(cells, thread, rows, columns)
    return {
        "access": number,
        "buffer": buffer.name,
        "facts": f"{buffer.dtype} {'×'.join(map(str, buffer.extents))}",
        "grid": list(what.launch.grid),
        "block": list(block),
        "moment": moment,
        "moments": moments_of(what),
        "loops": loops,
        "rows": rows,
        "columns": columns,
        "threads": threads,
        "counts": counts,
        "all_rows": grid.rows,
        "all_columns": grid.columns,
        "boxes": _boxes(what, grid.columns),
        "box": _box(what, block, grid.columns),
        "words": _words(what, cells, thread, rows, columns),
    }


def _strides(buffer: Buffer) -> list[int]:
    return [s for s in buffer.strides() if isinstance(s, int)]


def _cells(touched: Touched, buffer: Buffer, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) row and column of each element touched, and (n,) the thread that touches it."""
    strides = np.array(_strides(buffer), np.int64)
    flat = (touched.indices @ strides)[touched.is_active]
    thread = np.nonzero(touched.is_active)[0]
    return np.stack([flat // columns, flat % columns], axis=-1), thread


def _shown(met: np.ndarray, most: int) -> list[int]:
    """The rows or columns shown: all from the first to the last met, those met where that is too
    many, and no more than there is room for."""
    distinct = np.unique(met)
    if len(distinct) and distinct[-1] - distinct[0] < most:
        distinct = np.arange(distinct[0], distinct[-1] + 1)
    return [int(n) for n in distinct[:most]]


def _drawn(
    cells: np.ndarray, thread: np.ndarray, rows: list[int], columns: list[int]
) -> tuple[list[int], list[int]]:
    """The least thread at each cell shown, and how many there are."""
    shape = (len(rows), len(columns))
    least, counts = np.full(shape, -1, np.int64), np.zeros(shape, np.int64)
    is_shown = np.isin(cells[:, 0], rows) & np.isin(cells[:, 1], columns)
    row, column = (
        np.searchsorted(known, cells[is_shown, n]) for n, known in ((0, rows), (1, columns))
    )
    least[row[::-1], column[::-1]] = thread[is_shown][::-1]  # of several the last one stays
    np.add.at(counts, (row, column), 1)
    return least.reshape(-1).tolist(), counts.reshape(-1).tolist()


def _boxes(what: KernelAccess, columns: int) -> list[list[int]]:
    if what.launch.blocks > MOST_BOXES:
        return []
    x, y, z = what.launch.grid
    blocks = product(range(z), range(y), range(x))
    every = (_box(what, (bx, by, bz), columns) for bz, by, bx in blocks)
    return [list(box) for box in dict.fromkeys(map(tuple, every))]


def _box(what: KernelAccess, block: Triple, columns: int) -> list[int]:
    """First row and column of what a block touches, and how many of each."""
    strides = _strides(what.access.buffer)
    box = block_box(what, block)
    first = sum(low * stride for (low, _), stride in zip(box, strides, strict=True))
    last = sum(high * stride for (_, high), stride in zip(box, strides, strict=True))
    if strides and what.access.buffer.extents[-1] == columns:
        low, high = box[-1]
    else:
        low, high = (0, columns - 1) if last // columns > first // columns else (
            first % columns, last % columns
        )  # fmt: skip
    return [first // columns, low, last // columns - first // columns + 1, high - low + 1]


def _words(
    what: KernelAccess, cells: np.ndarray, thread: np.ndarray, rows: list[int], columns: list[int]
) -> str:
    if not len(thread):
        return "No thread of this block takes part at this moment."
    elements, threads = len(np.unique(cells, axis=0)), len(np.unique(thread))
    words = f"{_count(threads, 'thread')} {what.name.split()[0]} {_count(elements, 'element')}"
    if threads == 1:
        words = words.replace(" load ", " loads ").replace(" store ", " stores ")
    if elements < len(cells):
        words += f", each {figure(len(cells) / elements)} times on average"
    met = [len(np.unique(cells[:, n])) for n in (0, 1)]
    cut = [
        f"{len(known)} of {count} {name}"
        for known, count, name in zip((rows, columns), met, ("rows", "columns"), strict=True)
        if len(known) < count
    ]
    gaps = any(known and known[-1] - known[0] >= len(known) for known in (rows, columns))
    left = "; untouched rows and columns between them are left out" if gaps else ""
    shown = f"; shown are {' and '.join(cut)}" if cut else ""
    return f"{words}{left}{shown}."


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"
